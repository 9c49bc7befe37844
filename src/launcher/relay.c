/*
 * Copies what a block writes while sidecar sleeps: from a pipe into a file, and to
 * sidecar's own stream beside it. One thread a pipe; it waits as the block itself would,
 * so a slow reader slows the block, and nobody else.
 *
 * A file may have a limit. It then keeps the beginning of what came and the end of it.
 * Until the run is over its end lies as a ring behind the beginning, so that it is on
 * disk whatever happens to sidecar; then it is put in order.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

typedef unsigned long u64;
typedef long i64;

enum {
  BUFFER = 128 << 10, /* bytes that a relay has in hand at most */
  STACK = 64 << 10,   /* of its thread, besides what libc wants */
  PATIENCE = 2,       /* seconds that a file may take for one buffer, at the very end */
  TAIL = 4 << 20,     /* bytes of the end that a file keeps at most */
  MARK = 64,          /* at least what is needed for the line between the two parts */
};
static const u64 UNKNOWN = ~0UL;

/* Where one or two relays write to. src/system/posix/relaying.ts reads the first three,
   by their numbers. */
struct file {
  u64 error;    /* 0: the number of what ended the writing, or 0 */
  u64 taken;    /* 1: bytes that came here */
  u64 left_out; /* 2: bytes of them that are not in the file; known at the end */
  int descriptor, regular, users, settled;
  u64 base;       /* bytes that were there before */
  u64 limit;      /* bytes for this run; 0 for no limit */
  u64 head, ring; /* the limit's two parts */
  char *tail;     /* a copy of the ring */
  pthread_mutex_t lock;
};

/* Likewise. */
struct relay {
  _Atomic u64 done;    /* 0: whether the thread has ended */
  u64 bytes;           /* 1: that came */
  u64 console_error;   /* 2 */
  u64 console_written; /* 3 */
  u64 notice;          /* 4: a descriptor that is ready for reading once it is done */
  int source, console, control, abandoned;
  _Atomic int finishing;
  struct file *file;
  char *buffer;
};

/* Waits for a descriptor that somebody made non-blocking. */
static void wait_until(int descriptor, short event) {
  struct pollfd entry = {.fd = descriptor, .events = event};
  poll(&entry, 1, -1);
}

/* Writes all; `*at` is where in the file (NULL: where its descriptor is).
   Returns 0 or an error number; counts in `*written`. */
static int write_all(int descriptor, const char *bytes, u64 size, const u64 *at,
                     u64 *written) {
  for (u64 done = 0; done < size;) {
    i64 count = at ? pwrite(descriptor, bytes + done, size - done, (off_t)(*at + done))
                   : write(descriptor, bytes + done, size - done);
    if (count >= 0) {
      done += (u64)count;
      *written += (u64)count;
    } else if (errno == EAGAIN) wait_until(descriptor, POLLOUT);
    else if (errno != EINTR) return errno;
  }
  return 0;
}

/* Where the byte number `taken` of this run is, counted from the ring's beginning. */
static u64 ring_offset(const struct file *file, u64 taken) {
  return (taken - file->head) % file->ring;
}

static void put_limited(struct file *file, const char *bytes, u64 size) {
  while (size > 0 && file->error == 0) {
    u64 taken = file->taken, span = size, at = file->base + taken;
    if (taken < file->head) {
      if (span > file->head - taken) span = file->head - taken;
    } else {
      /* Of what is longer than the ring only the end would stay. */
      u64 skipped = size > file->ring ? size - file->ring : 0;
      file->taken = taken += skipped;
      bytes += skipped, size -= skipped;
      u64 offset = ring_offset(file, taken);
      span = size < file->ring - offset ? size : file->ring - offset;
      at = file->base + file->head + offset;
      memcpy(file->tail + offset, bytes, span);
    }
    file->error = write_all(file->descriptor, bytes, span, &at, &file->taken);
    bytes += span, size -= span;
  }
}

/* Under the file's lock, as are the two that follow. */
static void put(struct file *file, const char *bytes, u64 size) {
  if (file->error || file->settled) return;
  if (file->limit) put_limited(file, bytes, size);
  else file->error = write_all(file->descriptor, bytes, size, NULL, &file->taken);
}

/* Puts the file in order: its beginning, a line that says so, its end. */
static void settle(struct file *file) {
  if (file->settled) return;
  file->settled = 1;
  if (file->limit == 0 || file->taken <= file->limit) return;
  u64 kept = file->ring - MARK, start = ring_offset(file, file->taken - kept);
  u64 first = kept < file->ring - start ? kept : file->ring - start, ignored = 0;
  file->left_out = file->taken - file->head - kept;
  char line[MARK];
  u64 length = (u64)snprintf(line, sizeof line, "\n[sidecar: %lu bytes left out here]\n",
                             file->left_out);
  const struct {
    const char *bytes;
    u64 size;
  } parts[] = {{line, length}, {file->tail + start, first}, {file->tail, kept - first}};
  u64 at = file->base + file->head;
  for (int n = 0; n < 3; n++) {
    int error = write_all(file->descriptor, parts[n].bytes, parts[n].size, &at, &ignored);
    if (error && !file->error) file->error = (u64)error;
    at += parts[n].size;
  }
  /* An error here leaves some bytes of the ring at the end. */
  if (ftruncate(file->descriptor, (off_t)at) != 0) return;
}

/* Takes what is in the pipe, at most `most` bytes, and puts it into the file.
   Returns the number of bytes, 0 at the end, -1 where there is nothing now. */
static i64 take(struct relay *relay, char *buffer, u64 most) {
  i64 size;
  do size = read(relay->source, buffer, most);
  while (size < 0 && errno == EINTR);
  if (size > 0) {
    relay->bytes += (u64)size;
    put(relay->file, buffer, (u64)size);
  }
  return size < 0 && errno != EAGAIN ? 0 : size;
}

/* What is in the pipe at this moment. */
static u64 content(const struct relay *relay) {
  int size = 0;
  return ioctl(relay->source, FIONREAD, &size) == 0 && size > 0 ? (u64)size : 0;
}

static void wait_for_more(struct relay *relay) {
  struct pollfd entries[] = {{.fd = relay->source, .events = POLLIN},
                             {.fd = relay->control, .events = POLLIN}};
  poll(entries, 2, -1);
}

static void *copy(void *argument) {
  struct relay *relay = argument;
  struct file *file = relay->file;
  for (u64 left = UNKNOWN;;) {
    if (left == UNKNOWN && atomic_load(&relay->finishing)) left = content(relay);
    pthread_mutex_lock(&file->lock);
    i64 size = relay->abandoned || left == 0
                   ? 0
                   : take(relay, relay->buffer, left < BUFFER ? left : BUFFER);
    pthread_mutex_unlock(&file->lock);
    if (size == 0 || (size < 0 && left != UNKNOWN)) break;
    if (size < 0) {
      wait_for_more(relay);
      continue;
    }
    if (left != UNKNOWN) left -= (u64)size;
    if (relay->console < 0 || relay->console_error) continue;
    relay->console_error = (u64)write_all(relay->console, relay->buffer, (u64)size, NULL,
                                          &relay->console_written);
  }
  pthread_mutex_lock(&file->lock);
  if (!relay->abandoned && --file->users == 0) settle(file);
  pthread_mutex_unlock(&file->lock);
  /* Whoever still writes into the pipe learns that nobody listens. */
  close(relay->source);
  atomic_store(&relay->done, 1);
  eventfd_write((int)relay->notice, 1);
  return NULL;
}

static void *pages(u64 size) {
  void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

/*
 * A file to relay into. `base`: bytes that it holds; `limit`: bytes that this run may
 * add, at least 4096, or 0. Returns NULL where there is no memory.
 */
struct file *sidecar_relay_file(int descriptor, int regular, u64 base, u64 limit) {
  struct file *file = calloc(1, sizeof *file);
  if (file == NULL) return NULL;
  *file = (struct file){.descriptor = descriptor, .regular = regular, .base = base,
                        .limit = limit, .lock = PTHREAD_MUTEX_INITIALIZER};
  if (limit == 0) return file;
  file->ring = (limit / 2 < TAIL ? limit / 2 : TAIL) + MARK;
  file->head = limit - file->ring;
  /* pwrite(2) would append. */
  fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_APPEND);
  if ((file->tail = pages(file->ring))) return file;
  free(file);
  return NULL;
}

static int begin_thread(struct relay *relay) {
  pthread_attr_t attributes;
  pthread_t thread;
  sigset_t all, mask;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, STACK + (u64)sysconf(_SC_THREAD_STACK_MIN));
  /* It has nothing to do with signals; not even with SIGPIPE and SIGXFSZ. */
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &mask);
  int error = pthread_create(&thread, &attributes, copy, relay);
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
  char *buffer = pages(BUFFER);
  int notice = eventfd(0, EFD_CLOEXEC), control = eventfd(0, EFD_CLOEXEC);
  if (relay && buffer && notice >= 0 && control >= 0) {
    relay->notice = (u64)notice;
    relay->source = source, relay->console = console, relay->control = control;
    relay->file = file, relay->buffer = buffer;
    fcntl(source, F_SETFL, fcntl(source, F_GETFL) | O_NONBLOCK);
    file->users++;
    if (begin_thread(relay) == 0) return relay;
    file->users--;
  }
  if (notice >= 0) close(notice);
  if (control >= 0) close(control);
  if (buffer) munmap(buffer, BUFFER);
  free(relay);
  return NULL;
}

/* The block has ended: what is in the pipe now is still its own, what comes later is
   not. The relay ends when that is written. */
void sidecar_relay_finish(struct relay *relay) {
  atomic_store(&relay->finishing, 1);
  eventfd_write(relay->control, 1);
}

/* The console is waited for no longer. The file gets what is in the pipe all the same,
   where it is one that makes nobody wait. */
void sidecar_relay_abandon(struct relay *relay) {
  struct file *file = relay->file;
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += PATIENCE;
  if (atomic_load(&relay->done) || !file->regular) return;
  if (pthread_mutex_timedlock(&file->lock, &until) != 0) return;
  char *buffer = pages(BUFFER);
  if (!relay->abandoned && buffer) {
    relay->abandoned = 1;
    for (u64 left = content(relay); left > 0;) {
      i64 size = take(relay, buffer, left < BUFFER ? left : BUFFER);
      if (size <= 0) break;
      left -= (u64)size;
    }
    if (--file->users == 0) settle(file);
  }
  pthread_mutex_unlock(&file->lock);
}
