/*
 * What the launcher needs of Linux on x86-64, without a C library: entry.c runs before
 * there is one, and the child that start.c makes shares its memory with Bun's threads,
 * so that neither may touch errno or anything else that belongs to libc.
 */
#ifndef SIDECAR_SYSTEM_CALLS_H
#define SIDECAR_SYSTEM_CALLS_H

typedef unsigned long u64;
typedef long i64;

enum {
  CALL_read = 0,
  CALL_write = 1,
  CALL_open = 2,
  CALL_close = 3,
  CALL_poll = 7,
  CALL_mmap = 9,
  CALL_munmap = 11,
  CALL_rt_sigaction = 13,
  CALL_rt_sigprocmask = 14,
  CALL_ioctl = 16,
  CALL_dup2 = 33,
  CALL_getpid = 39,
  CALL_clone = 56,
  CALL_execve = 59,
  CALL_exit = 60,
  CALL_wait4 = 61,
  CALL_kill = 62,
  CALL_fcntl = 72,
  CALL_getcwd = 79,
  CALL_rmdir = 84,
  CALL_setpgid = 109,
  CALL_getppid = 110,
  CALL_getpgid = 121,
  CALL_rt_sigtimedwait = 128,
  CALL_prctl = 157,
  CALL_futex = 202,
  CALL_getdents64 = 217,
  CALL_exit_group = 231,
  CALL_waitid = 247,
  CALL_openat = 257,
  CALL_unshare = 272,
  CALL_prlimit64 = 302,
  CALL_clone3 = 435,
  CALL_close_range = 436,
};

enum {
  SIG_BLOCK = 0,
  SIG_SETMASK = 2,
  SIG_DFL = 0,
  SIG_IGN = 1,
  SIGKILL = 9,
  SIGTERM = 15,
  SIGCHLD = 17,
  SIGCONT = 18,
  SIGSTOP = 19,
  SIGNALS = 64,
  F_GETFD = 1,
  F_SETFD = 2,
  ENOENT = 2,
  EINTR = 4,
  ENOMEM = 12,
  ENAMETOOLONG = 36,
  POLLNVAL = 0x20,
  O_DIRECTORY = 0200000,
  O_WRONLY = 1,
  O_PATH = 010000000,
  O_CLOEXEC = 02000000,
  PR_SET_PDEATHSIG = 1,
  TIOCSPGRP = 0x5410,
  CLONE_VM = 0x100,
  CLONE_FS = 0x200,
  CLONE_FILES = 0x400,
  CLONE_VFORK = 0x4000,
  CLONE_PARENT_SETTID = 0x100000,
  CLONE_CHILD_CLEARTID = 0x200000,
  STDERR = 2,
  PROT_READ_WRITE = 3,
  PROT_ALL = 7,
  MAP_PRIVATE_ANONYMOUS = 0x22,
};

/* A system call; on failure the result is the error number, negative. */
static inline i64 call6(i64 number, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f) {
  i64 result;
  register u64 r10 __asm__("r10") = d;
  register u64 r8 __asm__("r8") = e;
  register u64 r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

static inline i64 call4(i64 number, u64 a, u64 b, u64 c, u64 d) {
  return call6(number, a, b, c, d, 0, 0);
}

/* The bit of a signal in a mask as the kernel has it. */
#define BIT(signal) (1UL << ((signal) - 1))

/* The kernel's struct sigaction. */
struct action {
  u64 handler, flags, restorer, mask;
};

#endif
