/*
 * A file that relays write to. It may have a limit, and then keeps the beginning of
 * what came and the end of it. Until the run is over the end lies as a ring behind the
 * beginning, so that it is on disk whatever happens to sidecar; then it is put in
 * order.
 */
#define _GNU_SOURCE
#include "relay-file.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
  TAIL = 4 << 20, /* bytes of the end that a file keeps at most */
  MARK = 64,      /* at least what is needed for one of the two lines below */
};
/* Between the two parts, at the end; and where the ring has its end until then. */
#define GAP "\n[sidecar: %lu bytes left out here]\n"
static const char seam[] = "\n[sidecar: the end so far; what follows is older]\n";
_Static_assert(sizeof GAP + 20 <= MARK && sizeof seam <= MARK, "MARK is large enough");

/* Waits for a descriptor that somebody made non-blocking. */
static void wait_until(int descriptor, short event) {
  struct pollfd entry = {.fd = descriptor, .events = event};
  poll(&entry, 1, -1);
}

int sidecar_write_all(int descriptor, const char *bytes, u64 size, const u64 *at,
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
    }
    file->error = sidecar_write_all(file->descriptor, bytes, span, &at, &file->taken);
    if (taken >= file->head)
      memcpy(file->tail + ring_offset(file, taken), bytes, file->taken - taken);
    bytes += span, size -= span;
  }
}

/* Shows where the end is, should sidecar be killed. It takes the place of bytes that
   are not kept: of the ring, MARK bytes are more than the end that is. */
static void mark_seam(struct file *file) {
  if (file->error || file->taken <= file->limit) return;
  u64 offset = ring_offset(file, file->taken), size = sizeof seam - 1, ignored = 0;
  u64 first = size < file->ring - offset ? size : file->ring - offset;
  u64 at = file->base + file->head + offset, start = file->base + file->head;
  file->error = sidecar_write_all(file->descriptor, seam, first, &at, &ignored);
  if (first == size || file->error) return;
  file->error =
      sidecar_write_all(file->descriptor, seam + first, size - first, &start, &ignored);
}

void sidecar_file_put(struct file *file, const char *bytes, u64 size) {
  pthread_mutex_lock(&file->lock);
  if (file->error == 0 && file->limit) {
    put_limited(file, bytes, size);
    mark_seam(file);
  } else if (file->error == 0)
    file->error = sidecar_write_all(file->descriptor, bytes, size, NULL, &file->taken);
  pthread_mutex_unlock(&file->lock);
}

/* Puts the file in order: its beginning, a line that says so, its end. */
static void settle(struct file *file) {
  if (file->limit == 0 || file->taken <= file->limit) return;
  u64 kept = file->ring - MARK, start = ring_offset(file, file->taken - kept);
  u64 first = kept < file->ring - start ? kept : file->ring - start, ignored = 0;
  file->left_out = file->taken - file->head - kept;
  char line[MARK];
  int length = snprintf(line, sizeof line, GAP, file->left_out);
  const struct {
    const char *bytes;
    u64 size;
  } parts[] = {{line, (u64)length},
               {file->tail + start, first},
               {file->tail, kept - first}};
  u64 at = file->base + file->head;
  for (int n = 0; n < 3; n++) {
    const u64 size = parts[n].size;
    int error =
        sidecar_write_all(file->descriptor, parts[n].bytes, size, &at, &ignored);
    if (error && !file->error) file->error = (u64)error;
    at += size;
  }
  /* An error here leaves some bytes of the ring at the end. */
  if (ftruncate(file->descriptor, (off_t)at) != 0) return;
}

void sidecar_file_join(struct file *file) {
  pthread_mutex_lock(&file->lock);
  file->users++;
  pthread_mutex_unlock(&file->lock);
}

void sidecar_file_leave(struct file *file) {
  pthread_mutex_lock(&file->lock);
  if (--file->users == 0) settle(file);
  pthread_mutex_unlock(&file->lock);
}

void *sidecar_pages(u64 size) {
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
  void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

/*
 * A file to relay into. `base`: bytes that it holds; `limit`: bytes that this run may
 * add, at least 4096, or 0. Returns NULL where there is no memory, or where a limit
 * cannot be kept because the file takes bytes at its end only (chattr +a); errno tells.
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
  int flags = fcntl(descriptor, F_GETFL) & ~O_APPEND;
  if (fcntl(descriptor, F_SETFL, flags) == 0 &&
      (file->tail = sidecar_pages(file->ring)))
    return file;
  free(file);
  return NULL;
}

