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
  const char *cgroup; /* a directory to start the block in, or NULL */
  i64 terminal;       /* a descriptor: it is to listen to the block's group; or -1 */
  struct tree *tree;
  void (*block)(struct request *); /* what the child does; it does not return */
  char *block_stack;
  u64 block_stack_size;
  i64 sidecar, parent;             /* process ids: sidecar's, and that of the parent */
  volatile int block_process;      /* the block's, written before it runs */
  volatile i64 error;              /* an error number, negative, of what failed */
};

/* clone(2) or clone3(2), by their numbers and first two arguments, with a stack of the
   child's own: on this one it would trample. `function` must not return. `word` is for
   CLONE_PARENT_SETTID and CLONE_CHILD_CLEARTID. Returns the child's process id or an
   error number, negative. */
i64 sidecar_clone(u64 number, u64 first, u64 second, void (*function)(struct request *),
                  struct request *request, volatile int *word);

/* Subtracted from an error number: it was the cgroup that could not be entered. */
enum { CGROUP_REFUSED = 4096 };

/* Starts a guardian, which starts the block. `stack_end` is of the guardian's stack.
   Returns 0, or the error number of what failed, negative. */
i64 sidecar_start_guarded(struct request *request, void *stack_end);

#endif
