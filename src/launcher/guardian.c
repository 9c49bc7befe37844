/*
 * The guardian: a process between sidecar and what sidecar starts. It is a subreaper,
 * so that everybody who descends from it stays its descendant, and it outlives a
 * sidecar that is killed by SIGKILL just long enough to kill them all.
 *
 *     sidecar ── guardian ── block ── …
 *                        └── orphans of whoever, in whatever group or session
 *
 * It reaps all of them; its own end tells sidecar that nobody is left. It sums up what
 * they used, sends signals to all of them when sidecar asks for it, and is asleep
 * otherwise.
 *
 * It shares sidecar's memory, descriptors and working directory (CLONE_VM, CLONE_FILES,
 * CLONE_FS) and makes system calls only: it costs no memory but the kernel's own for a
 * process. If somebody kills it, the kernel kills the block (PR_SET_PDEATHSIG), and the
 * orphans are sidecar's, which is a subreaper too.
 */
#include "guardian.h"
#include "record.h"

enum {
  ECHILD = 10,
  FUTEX_WAIT = 0,
  FUTEX_WAKE = 1,
  PR_SET_NAME = 15,
  PR_SET_CHILD_SUBREAPER = 36,
  P_ALL = 0,
  WALL = 0x40000000,
  WNOHANG = 1,
  WUNTRACED = 2,
  WEXITED = 4,
  WNOWAIT = 0x1000000,
};

/* SIGCONT: sidecar wants something, or it is gone. It reaches a guardian that somebody
   has stopped, too. (SIGCHLD: somebody has ended.) */
static const u64 awaited = BIT(SIGCONT) | BIT(SIGCHLD);

/* struct rusage of getrusage(2), as far as it is used. */
struct usage {
  i64 user_seconds, user_microseconds, system_seconds, system_microseconds, peak;
  i64 others[11];
};

static void account(struct tree *tree, const struct usage *usage) {
  i64 seconds = usage->user_seconds + usage->system_seconds;
  tree->processor_time += (u64)(seconds * 1000000 + usage->user_microseconds +
                                usage->system_microseconds);
  u64 peak = (u64)usage->peak * 1024;
  if (peak > tree->peak_memory) tree->peak_memory = peak;
}

/* struct siginfo of waitid(2), as far as it is used. */
struct news {
  int signal, error, code, padding, process, user, status;
  int others[25];
};

/* Tells sidecar of the first process before anybody reaps it: a guardian that is killed
   in between leaves either its word or the dead process. */
static void tell(struct tree *tree, const struct news *news) {
  enum { EXITED = 1, KILLED, DUMPED };
  switch (news->code) {
    case EXITED: tree->status = (news->status & 0xff) << 8; break;
    case KILLED: tree->status = news->status; break;
    case DUMPED: tree->status = news->status | 0x80; break;
    default:
      tree->stop_signal = news->status;
      tree->stops++;
      return;
  }
  tree->ended = 1;
}

/* Nobody is left. This end is noticed by itself. */
__attribute__((noreturn)) static void leave(const struct tree *tree, i64 sidecar) {
  if (tree->cgroup[0] && call4(CALL_getppid, 0, 0, 0, 0) != sidecar)
    call4(CALL_rmdir, (u64)tree->cgroup, 0, 0, 0);
  for (;;) call4(CALL_exit_group, 0, 0, 0, 0);
}

/* Learns of all who have ended or stopped. Returns whether sidecar should know. */
static int reap(struct tree *tree, i64 sidecar) {
  for (int told = 0;;) {
    struct news news = {0};
    i64 result = call6(CALL_waitid, P_ALL, 0, (u64)&news,
                       WEXITED | WUNTRACED | WNOHANG | WNOWAIT | WALL, 0, 0);
    if (result == -EINTR) continue;
    if (result == -ECHILD) leave(tree, sidecar);
    if (result < 0 || news.process == 0) return told;
    if (news.process == tree->process && !tree->ended) {
      tell(tree, &news);
      told = 1;
    }
    int status;
    struct usage usage;
    result = call4(CALL_wait4, (u64)news.process, (u64)&status,
                   WNOHANG | WUNTRACED | WALL, (u64)&usage);
    if (result <= 0 || (status & 0xff) == 0x7f) continue;
    account(tree, &usage);
    /* It was stopped a moment ago, and somebody has killed it since. */
    if (result == tree->process && !tree->ended) {
      tree->status = status;
      tree->ended = told = 1;
    }
  }
}

/* Writes to the kernel's own list of them: nobody can be missed, and nobody who has
   other rights is spared. */
static void kill_cgroup(const struct tree *tree) {
  char path[PATH + 16];
  u64 n = 0;
  if (!tree->cgroup[0]) return;
  for (; tree->cgroup[n]; n++) path[n] = tree->cgroup[n];
  for (const char *tail = "/cgroup.kill"; (path[n] = *tail); n++, tail++) continue;
  i64 file = call4(CALL_open, (u64)path, O_WRONLY | O_CLOEXEC, 0, 0);
  if (file < 0) return;
  call4(CALL_write, (u64)file, (u64)"1", 1, 0);
  call4(CALL_close, (u64)file, 0, 0, 0);
}

static u64 take(volatile u64 *mask) {
  return __atomic_exchange_n(mask, 0, __ATOMIC_SEQ_CST);
}

/* They were sidecar's; whoever reads them should learn that it is gone. Another
   guardian has a share in them, and may be reading /proc just now. */
static void close_descriptors(void) {
  call4(CALL_unshare, CLONE_FILES, 0, 0, 0);
  if (call4(CALL_close_range, 0, ~0U, 0, 0) < 0)
    for (u64 n = 0; n < DESCRIPTORS; n++) call4(CALL_close, n, 0, 0, 0);
}

__attribute__((noreturn)) static void watch(struct tree *tree, i64 sidecar) {
  u64 always = 0;
  for (int alone = 0;;) {
    int news = reap(tree, sidecar);
    if (!alone && call4(CALL_getppid, 0, 0, 0, 0) != sidecar) {
      alone = 1;
      always = BIT(SIGKILL);
      close_descriptors();
    }
    if (news && !alone) call4(CALL_kill, (u64)sidecar, SIGCHLD, 0, 0);
    u64 outsiders = take(&tree->for_outsiders);
    u64 everybody = take(&tree->for_everybody) | always;
    always |= everybody & BIT(SIGKILL);
    if (outsiders) sidecar_signal_descendants(outsiders, tree->process, 1);
    if (everybody & BIT(SIGKILL)) kill_cgroup(tree);
    if (everybody) sidecar_signal_descendants(everybody, tree->process, 0);
    call4(CALL_rt_sigtimedwait, (u64)&awaited, 0, 0, 8);
  }
}

/* clone3(2): its arguments, as of Linux 5.7. */
struct clone_arguments {
  u64 flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
      set_tid_size, cgroup;
};

static i64 start_block(struct request *request) {
  enum { CLONE_INTO_CGROUP_HIGH = 2 };
  const u64 flags = CLONE_VM | CLONE_VFORK | CLONE_PARENT_SETTID;
  const u64 stack = (u64)request->block_stack;
  if (!request->cgroup)
    return sidecar_clone(CALL_clone, flags | SIGCHLD, stack + request->block_stack_size,
                         request->block, request, &request->block_process);
  const u64 open_flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  i64 cgroup = call4(CALL_open, (u64)request->cgroup, open_flags, 0, 0);
  if (cgroup < 0) return cgroup - CGROUP_REFUSED;
  struct clone_arguments arguments = {
      .flags = flags | (u64)CLONE_INTO_CGROUP_HIGH << 32,
      .parent_tid = (u64)&request->block_process,
      .exit_signal = SIGCHLD,
      .stack = stack,
      .stack_size = request->block_stack_size,
      .cgroup = (u64)cgroup,
  };
  i64 process = sidecar_clone(CALL_clone3, (u64)&arguments, sizeof arguments,
                              request->block, request, 0);
  call4(CALL_close, (u64)cgroup, 0, 0, 0);
  return process < 0 ? process - CGROUP_REFUSED : process;
}

/* In the child of sidecar, with all signals blocked. */
__attribute__((noreturn)) static void guard(struct request *request) {
  struct tree *tree = request->tree;
  const i64 sidecar = request->sidecar;
  /* Not sidecar's group: a SIGKILL for that one (a shell's kill %1) must not hit it.
     But its session, or the block's group would be an orphaned one, which cannot be
     stopped from its terminal. */
  call4(CALL_setpgid, 0, 0, 0, 0);
  call4(CALL_prctl, PR_SET_NAME, (u64)"block-guardian", 0, 0);
  call4(CALL_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0);
  call4(CALL_prctl, PR_SET_PDEATHSIG, SIGCONT, 0, 0);
  struct action ordinary = {0};
  call4(CALL_rt_sigaction, SIGCHLD, (u64)&ordinary, 0, 8);
  request->parent = call4(CALL_getpid, 0, 0, 0, 0);
  i64 process = start_block(request);
  if (process < 0) request->error = process;
  i64 failed = request->error;
  tree->process = (int)process;
  tree->starting = 0;
  /* From here on `request` may be gone. */
  call4(CALL_futex, (u64)&tree->starting, FUTEX_WAKE, 1, 0);
  if (failed) {
    while (call4(CALL_wait4, -1UL, 0, WALL, 0) == -EINTR) continue;
    for (;;) call4(CALL_exit_group, 0, 0, 0, 0);
  }
  watch(tree, sidecar);
}

/* Called by sidecar. */
void sidecar_ask(struct tree *tree, u64 signal, u64 outside) {
  volatile u64 *mask = outside ? &tree->for_outsiders : &tree->for_everybody;
  __atomic_fetch_or(mask, BIT(signal), __ATOMIC_SEQ_CST);
  call4(CALL_kill, (u64)tree->guardian, SIGCONT, 0, 0);
}

i64 sidecar_start_guarded(struct request *request, void *stack_end) {
  struct tree *tree = request->tree;
  u64 n = 0;
  for (const char *path = request->cgroup; path && path[n]; n++) {
    if (n + 1 == PATH) return -ENAMETOOLONG;
    tree->cgroup[n] = path[n];
  }
  tree->starting = 1;
  u64 flags = CLONE_VM | CLONE_FILES | CLONE_FS | CLONE_CHILD_CLEARTID | SIGCHLD;
  i64 guardian = sidecar_clone(CALL_clone, flags, (u64)stack_end, guard, request,
                               &tree->starting);
  if (guardian < 0) return guardian;
  tree->guardian = (int)guardian;
  while (tree->starting) call4(CALL_futex, (u64)&tree->starting, FUTEX_WAIT, 1, 0);
  /* Somebody killed the guardian, and the kernel therefore the block. */
  if (!tree->process && !request->error) request->error = -ECHILD;
  if (request->error == -ECHILD && request->block_process) {
    tree->process = request->block_process;
    return 0;
  }
  if (request->error == 0) return 0;
  while (call4(CALL_wait4, (u64)guardian, 0, WALL, 0) == -EINTR) continue;
  /* The guardian has reaped it, or was killed before it could. */
  while (request->block_process &&
         call4(CALL_wait4, (u64)request->block_process, 0, WALL, 0) == -EINTR)
    continue;
  return request->error;
}
