/* What sidecar wants started, and who watches over it. */
#ifndef SIDECAR_GUARDIAN_H
#define SIDECAR_GUARDIAN_H

#include "tree.h"

/* Belongs to sidecar, which sleeps until the block was started. */
struct request {
  const char *path;
  char **arguments;
  char **environment;
  const int *moves; /* pairs: the descriptor in the child, the descriptor here */
  u64 move_count;
  struct tree *tree;
  void (*block)(struct request *); /* what the child does; it does not return */
  void *block_stack;               /* its end */
  i64 sidecar, parent;             /* process ids: sidecar's, and that of the parent */
  volatile i64 error;              /* an error number, negative, of what failed */
};

/* clone(2), with a stack of the child's own: on this one it would trample. `function`
   must not return. Returns the child's process id or an error number, negative. */
i64 sidecar_clone(u64 flags, void *stack_end, void (*function)(struct request *),
                  struct request *request);

/* Starts a guardian, which starts the block. `stack_end` is of the guardian's stack.
   Returns 0, or the error number of what failed, negative. */
i64 sidecar_start_guarded(struct request *request, void *stack_end);

#endif
