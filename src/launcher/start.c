/*
 * Starts a block: from a request of src/system/posix/spawn.ts to the first
 * instruction of the block's program, by the shortest way that there is.
 *
 * The guardian (guardian.c) and the block share sidecar's memory, the block until its
 * execve (CLONE_VM), and sidecar's thread sleeps until then: nothing is copied, and a
 * child can leave the error number of a failure where sidecar finds it. They must not
 * touch anything that belongs to libc or Bun: they make system calls, and no others.
 */
#include <stdlib.h>
#include <string.h>
#include "guardian.h"
#include "record.h"

enum { STACK = 16384, GUARDIAN_STACK = 32768 };

/* Whatever Bun and libc did to signals is undone. Handlers are gone with execve, but an
   ignored signal stays ignored. */
static void restore_signals(void) {
  for (int signal = 1; signal <= SIGNALS; signal++) {
    if (signal == SIGKILL || signal == SIGSTOP) continue;
    struct action action = {0};
    if (sidecar_record.signals_ignored & BIT(signal)) action.handler = SIG_IGN;
    call4(CALL_rt_sigaction, signal, (u64)&action, 0, 8);
  }
}

static int is_moved(const struct request *request, int descriptor) {
  for (u64 n = 0; n < request->move_count; n++)
    if (request->moves[2 * n] == descriptor) return 1;
  return 0;
}

static i64 restore_descriptors(const struct request *request) {
  const u64 *inherited = sidecar_record.descriptors;
  for (u64 n = 3; n < DESCRIPTORS; n++) {
    if (inherited[n / 64] == 0) n |= 63; /* none of these 64 */
    else if (inherited[n / 64] & (1UL << (n % 64))) call4(CALL_fcntl, n, F_SETFD, 0, 0);
  }
  /* entry.c opened those of the first three that were closed. */
  for (int n = 0; n < 3; n++)
    if (!(inherited[0] & (1UL << n)) && !is_moved(request, n))
      call4(CALL_close, n, 0, 0, 0);
  for (u64 n = 0; n < request->move_count; n++) {
    int to = request->moves[2 * n], from = request->moves[2 * n + 1];
    i64 result = to == from ? call4(CALL_fcntl, to, F_SETFD, 0, 0)
                            : call4(CALL_dup2, from, to, 0, 0);
    if (result < 0) return result;
  }
  return 0;
}

__attribute__((noreturn)) static void start_block(struct request *request) {
  call4(CALL_setpgid, 0, 0, 0, 0);
  /* Before it could look: who ignores SIGTTIN is not stopped, but fails to read. All
     signals are blocked here, SIGTTOU too, so that this is allowed. */
  int group = request->block_process;
  if (request->terminal >= 0)
    call4(CALL_ioctl, (u64)request->terminal, TIOCSPGRP, (u64)&group, 0);
  /* A guardian that is killed takes its block along. If it was killed before this call,
     the kernel does not do it. */
  call4(CALL_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0);
  if (call4(CALL_getppid, 0, 0, 0, 0) != request->parent)
    call4(CALL_kill, (u64)request->block_process, SIGKILL, 0, 0);
  restore_signals();
  request->error = restore_descriptors(request);
  for (u64 n = 0; n < LIMITS; n++)
    call4(CALL_prlimit64, 0, n, (u64)&sidecar_record.limits[n], 0);
  call4(CALL_rt_sigprocmask, SIG_SETMASK, (u64)&sidecar_record.signal_mask, 0, 8);
  if (request->error == 0)
    request->error = call4(CALL_execve, (u64)request->path, (u64)request->arguments,
                           (u64)request->environment, 0);
  for (;;) call4(CALL_exit, 127, 0, 0, 0);
}

__asm__(".globl sidecar_clone\n"
        ".type sidecar_clone, @function\n"
        "sidecar_clone:\n"
        "  mov %rdi, %rax\n"
        "  mov %rsi, %rdi\n"
        "  mov %r9, %r10\n"
        "  mov %rdx, %rsi\n"
        "  mov %r9, %rdx\n"
        "  mov %rcx, %r9\n"
        "  syscall\n"
        "  test %rax, %rax\n"
        "  jz 1f\n"
        "  ret\n"
        "1:\n"
        "  xor %ebp, %ebp\n"
        "  mov %r8, %rdi\n"
        "  call *%r9\n");

/* A NULL-terminated table of the next `count` texts, one behind the other. */
static char **table_of(char **table, u64 count, const char **text) {
  for (u64 n = 0; n < count; n++) {
    table[n] = (char *)*text;
    *text += strlen(*text) + 1;
  }
  table[count] = NULL;
  return table + count + 1;
}

/*
 * Starts a process in a group of its own, with everything else (mask and dispositions
 * of signals, limits, descriptors) as sidecar itself was started, and a guardian who
 * watches over all that it starts in turn.
 *
 * `texts` holds the program's file, the arguments and the environment, each ended by
 * NUL; `moves` holds pairs of descriptors, the child's and sidecar's; `cgroup` is the
 * directory of a cgroup (version 2) for the process, or NULL for sidecar's own;
 * `terminal` a descriptor of the terminal that is to listen to its group, or -1.
 * Returns the address of a struct tree, which is never freed (the guardian may outlive
 * sidecar), or the error number of what failed, negative.
 */
i64 sidecar_start(const char *texts, u64 argument_count, u64 variable_count,
                  const int *moves, u64 move_count, const char *cgroup, i64 terminal) {
  static char stack[STACK] __attribute__((aligned(16)));
  struct guarded {
    struct tree tree;
    struct request request;
    char stack[GUARDIAN_STACK] __attribute__((aligned(16)));
  } *guarded = malloc(sizeof *guarded);
  char **tables = malloc((argument_count + variable_count + 2) * sizeof *tables);
  if (guarded == NULL || tables == NULL) return -ENOMEM;
  guarded->tree = (struct tree){0};
  struct request *request = &guarded->request;
  *request = (struct request){
      .path = texts,
      .arguments = tables,
      .moves = moves,
      .move_count = move_count,
      .cgroup = cgroup,
      .terminal = terminal,
      .tree = &guarded->tree,
      .block = start_block,
      .block_stack = stack,
      .block_stack_size = STACK,
      .sidecar = call4(CALL_getpid, 0, 0, 0, 0),
  };
  texts += strlen(texts) + 1;
  request->environment = table_of(tables, argument_count, &texts);
  table_of(request->environment, variable_count, &texts);

  /* In the children a handler would run in memory that is not their own. */
  static const u64 all = ~0UL;
  u64 mask;
  call4(CALL_rt_sigprocmask, SIG_SETMASK, (u64)&all, (u64)&mask, 8);
  i64 error = sidecar_start_guarded(request, guarded->stack + GUARDIAN_STACK);
  call4(CALL_rt_sigprocmask, SIG_SETMASK, (u64)&mask, 0, 8);
  /* Nothing is freed where it failed: a killed guardian's block may still look here. */
  if (error != 0) return error;
  free(tables);
  return (i64)&guarded->tree;
}
