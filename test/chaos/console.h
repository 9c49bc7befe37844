/* Sidecar's own standard output and error: files, or pipes that the stage reads. */
#include <sys/types.h>

struct stream {
  char how; /* f, p, g */
  const char *path;
  int file, reader, writer; /* reader: -1 where there is none, or it has gone */
  long bytes;
};

/* Ends the stage where a call has failed. */
void must(int result, const char *what);
void set_stream(struct stream *stream, char *value);
void open_stream(struct stream *stream);
/* Takes all that is there now. */
void read_stream(struct stream *stream);
