/* What relay.c and relay-file.c know of each other. */
#ifndef SIDECAR_RELAY_FILE_H
#define SIDECAR_RELAY_FILE_H

#include <pthread.h>

typedef unsigned long u64;
typedef long i64;

/* Where one or two relays write to. src/system/posix/relaying.ts reads the first three,
   by their numbers. */
struct file {
  u64 error;    /* 0: the number of what ended the writing, or 0 */
  u64 taken;    /* 1: bytes that came here */
  u64 left_out; /* 2: bytes of them that are not in the file; known at the end */
  int descriptor, regular;
  int users;      /* relays that are not at their end */
  u64 base;       /* bytes that were there before */
  u64 limit;      /* bytes for this run; 0 for no limit */
  u64 head, ring; /* the limit's two parts */
  char *tail;     /* a copy of the ring */
  pthread_mutex_t lock;
};

/* Writes all; `*at` is where in the file (NULL: where its descriptor is).
   Returns 0 or an error number; counts in `*written`. */
int sidecar_write_all(int descriptor, const char *bytes, u64 size, const u64 *at,
                      u64 *written);

/* Memory, zero; NULL where there is none. */
void *sidecar_pages(u64 size);

void sidecar_file_put(struct file *file, const char *bytes, u64 size);

/* A further relay writes to it; no more comes from one. After the last it is put in
   order. */
void sidecar_file_join(struct file *file);
void sidecar_file_leave(struct file *file);

#endif
