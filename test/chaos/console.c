/* Sidecar's own streams (console.h). */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "console.h"

enum { GONE_AFTER = 2000 };

void must(int result, const char *what) {
  if (result >= 0) return;
  printf("broken %s: %s\n", what, strerror(errno));
  exit(1);
}

void set_stream(struct stream *stream, char *value) {
  stream->how = value[0];
  stream->path = strchr(value, ':') + 1;
}

void open_stream(struct stream *stream) {
  int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_APPEND;
  must(stream->file = open(stream->path, flags, 0666), stream->path);
  stream->reader = -1;
  stream->writer = stream->file;
  if (stream->how == 'f') return;
  int ends[2];
  must(pipe2(ends, O_CLOEXEC), "pipe");
  stream->reader = ends[0];
  stream->writer = ends[1];
  must(fcntl(stream->reader, F_SETFL, O_NONBLOCK), "fcntl");
}

void read_stream(struct stream *stream) {
  static char bytes[65536];
  while (stream->reader >= 0) {
    size_t wanted = stream->how == 'g' ? 1000 : sizeof bytes;
    ssize_t length = read(stream->reader, bytes, wanted);
    if (length < 0 && errno == EINTR) continue;
    if (length < 0 && errno == EAGAIN) return;
    if (length > 0) must((int)write(stream->file, bytes, (size_t)length), "write");
    stream->bytes += length > 0 ? length : 0;
    if (length <= 0 || (stream->how == 'g' && stream->bytes >= GONE_AFTER)) {
      close(stream->reader);
      stream->reader = -1;
    }
  }
}
