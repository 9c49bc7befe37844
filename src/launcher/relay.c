/*
 * Copies what a block writes while sidecar sleeps: from a pipe into a file, and to
 * sidecar's own stream beside it. One thread a pipe; it waits as the block itself
 * would, so a slow reader slows the block, and nobody else.
 */
#define _GNU_SOURCE
#include "relay-file.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum {
  BUFFER = 128 << 10, /* bytes that a relay has in hand at most */
  STACK = 64 << 10,   /* of its thread, besides what libc wants */
  PATIENCE = 2,       /* seconds that a file may take for one buffer, at the very end */
};
static const u64 UNKNOWN = ~0UL;

/* src/system/posix/relaying.ts reads the first five fields, by their numbers. */
struct relay {
  _Atomic u64 done;    /* 0: whether the thread has ended */
  u64 bytes;           /* 1: that came */
  u64 console_error;   /* 2 */
  u64 console_written; /* 3 */
  u64 notice;          /* 4: a descriptor that is ready for reading once it is done */
  int source, console;
  int file_done; /* the file has all that it gets */
  _Atomic int finishing;
  struct file *file;
  char *buffer;
  pthread_t thread;
  pthread_mutex_t turn; /* held from reading until the file has what was read */
};

/* Gets a thread out of read(2); nobody else uses it. */
#define WAKE SIGRTMAX

/* Reads at most `most` bytes, and puts them into the file. Waits for them until the
   block has ended. Returns their number, 0 at the end, -1 where there are none. */
static i64 take(struct relay *relay, char *buffer, u64 most) {
  i64 size = read(relay->source, buffer, most);
  if (size < 0) return errno == EINTR || errno == EAGAIN ? -1 : 0;
  if (size == 0) return 0;
  relay->bytes += (u64)size;
  sidecar_file_put(relay->file, buffer, (u64)size);
  return size;
}

/* What is in the pipe at this moment. */
static u64 content(const struct relay *relay) {
  int size = 0;
  return ioctl(relay->source, FIONREAD, &size) == 0 && size > 0 ? (u64)size : 0;
}

/* Once, whoever comes first: the thread, or who abandons it. */
static void leave_file(struct relay *relay) {
  if (!relay->file_done) sidecar_file_leave(relay->file);
  relay->file_done = 1;
}

static void *copy(void *argument) {
  struct relay *relay = argument;
  u64 left = UNKNOWN;
  for (;;) {
    pthread_mutex_lock(&relay->turn);
    if (left == UNKNOWN && atomic_load(&relay->finishing)) left = content(relay);
    i64 size = relay->file_done || left == 0
                   ? 0
                   : take(relay, relay->buffer, left < BUFFER ? left : BUFFER);
    if (size < 0 && left != UNKNOWN) size = 0;
    if (size == 0) leave_file(relay);
    pthread_mutex_unlock(&relay->turn);
    if (size == 0) break;
    if (size < 0) continue;
    if (left != UNKNOWN) left -= (u64)size;
    if (relay->console < 0 || relay->console_error) continue;
    relay->console_error =
        (u64)sidecar_write_all(relay->console, relay->buffer, (u64)size, NULL,
                               &relay->console_written);
  }
  /* Whoever still writes into the pipe learns that nobody listens. Before it was told
     to finish, the source is not the thread's alone; then nobody is left who writes. */
  if (atomic_load(&relay->finishing)) close(relay->source);
  atomic_store(&relay->done, 1);
  eventfd_write((int)relay->notice, 1);
  return NULL;
}

static void on_wake(int signal) { (void)signal; }

static int begin_thread(struct relay *relay) {
  pthread_attr_t attributes;
  sigset_t most, mask;
  struct sigaction action = {.sa_handler = on_wake};
  sigaction(WAKE, &action, NULL);
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, STACK + (u64)sysconf(_SC_THREAD_STACK_MIN));
  /* No other signal concerns it; not even SIGPIPE and SIGXFSZ. */
  sigfillset(&most);
  sigdelset(&most, WAKE);
  pthread_sigmask(SIG_SETMASK, &most, &mask);
  int error = pthread_create(&relay->thread, &attributes, copy, relay);
  pthread_sigmask(SIG_SETMASK, &mask, NULL);
  pthread_attr_destroy(&attributes);
  return error;
}

/*
 * Begins to copy from `source`, the reading end of a pipe, to `file` and, unless it is
 * negative, `console`. The source is the relay's from now on, if there is one: NULL
 * means that there can be no further thread, descriptor or memory.
 */
struct relay *sidecar_relay_begin(int source, struct file *file, int console) {
  struct relay *relay = calloc(1, sizeof *relay);
  char *buffer = sidecar_pages(BUFFER);
  int notice = eventfd(0, EFD_CLOEXEC);
  if (relay && buffer && notice >= 0) {
    *relay = (struct relay){.notice = (u64)notice, .source = source, .console = console,
                            .file = file, .buffer = buffer,
                            .turn = PTHREAD_MUTEX_INITIALIZER};
    sidecar_file_join(file);
    if (begin_thread(relay) == 0) return relay;
    sidecar_file_leave(file);
  }
  if (notice >= 0) close(notice);
  if (buffer) munmap(buffer, BUFFER);
  free(relay);
  return NULL;
}

/* The block has ended: what is in the pipe now is still its own, what comes later is
   not. The relay ends when that is written. A thread that waits in read(2) is
   interrupted; one that is about to read must not wait any more. */
void sidecar_relay_finish(struct relay *relay) {
  fcntl(relay->source, F_SETFL, fcntl(relay->source, F_GETFL) | O_NONBLOCK);
  atomic_store(&relay->finishing, 1);
  pthread_kill(relay->thread, WAKE); /* it was not joined: this is safe at any time */
}

/* The console is waited for no longer; the block has ended, and the relay was told so.
   The file gets what is in the pipe all the same, where it is one that makes nobody
   wait. */
void sidecar_relay_abandon(struct relay *relay) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += PATIENCE;
  if (atomic_load(&relay->done) || !relay->file->regular) return;
  char *buffer = sidecar_pages(BUFFER);
  if (buffer == NULL || pthread_mutex_timedlock(&relay->turn, &until) != 0) return;
  if (!relay->file_done) {
    for (u64 left = content(relay); left > 0;) {
      i64 size = take(relay, buffer, left < BUFFER ? left : BUFFER);
      if (size <= 0) break;
      left -= (u64)size;
    }
    leave_file(relay);
  }
  pthread_mutex_unlock(&relay->turn);
}
