/*
 * The first instructions of sidecar, before Bun's.
 *
 * link.ts adds this code to the executable that `bun build --compile` made and lets
 * the program start here. It needs no C library, calls the kernel directly, and goes
 * on to Bun's own entry point with the stack and registers as they were. It
 *
 *   - blocks the signals that sidecar handles. A process 1 that has no handler yet
 *     loses them for good, any other process would die of them; blocked they wait
 *     until sidecar reads them (src/system/posix/signals.ts);
 *   - notes what Bun is about to change: the limit of open files, which signals are
 *     ignored, which descriptors were inherited (it would mark them all as its own);
 *   - notes where the bytes of the arguments and the environment are, and hides the
 *     environment from Bun, all of it: no variable of an image (BUN_OPTIONS,
 *     NODE_OPTIONS, …) can change what sidecar does;
 *   - with `--internal-environment DESCRIPTOR STATUS` writes the environment that it
 *     was given to a descriptor and ends. An activation's shell execs this as its last
 *     act: no other program is needed in the image to learn, byte for byte, what the
 *     activation did.
 */
typedef unsigned long u64;
typedef long i64;

/* Read by src/system/posix/start.ts: sixteen bytes of name, then numbered fields. */
struct sidecar_record {
  char name[16];
  u64 bun_entry;         /* 0: written by link.ts */
  u64 strings;           /* 1: address of the first argument's first byte */
  u64 strings_length;    /* 2: bytes of all arguments and variables, NULs included */
  u64 argument_count;    /* 3 */
  u64 descriptor_soft;   /* 4: RLIMIT_NOFILE */
  u64 descriptor_hard;   /* 5 */
  u64 signal_mask;       /* 6: bit n-1 for signal n */
  u64 signals_ignored;   /* 7 */
  u64 descriptors[16];   /* 8…23: bit n of them where descriptor n was inherited */
};

/* The first thing in the data segment, so that its address is known: see link.ts. */
__attribute__((section(".record"), used)) struct sidecar_record record = {
    .name = "sidecar-record1"};

/* System call numbers and constants of Linux on x86-64. */
enum {
  CALL_write = 1,
  CALL_poll = 7,
  CALL_rt_sigaction = 13,
  CALL_rt_sigprocmask = 14,
  CALL_fcntl = 72,
  CALL_getcwd = 79,
  CALL_exit_group = 231,
  CALL_prlimit64 = 302,
  SIG_BLOCK = 0,
  SIG_IGN = 1,
  F_GETFD = 1,
  ENOENT = 2,
  STDERR = 2,
  RLIMIT_NOFILE = 7,
  POLLNVAL = 0x20,
};

/* Keep in step with blockedSignals in src/system/posix/signals.ts: HUP INT QUIT USR1
   USR2 TERM CHLD CONT TSTP TTOU WINCH. */
#define BIT(signal) (1UL << ((signal) - 1))
static const u64 handled = BIT(1) | BIT(2) | BIT(3) | BIT(10) | BIT(12) | BIT(15) |
                           BIT(17) | BIT(18) | BIT(20) | BIT(22) | BIT(28);

static i64 call4(i64 number, u64 a, u64 b, u64 c, u64 d) {
  i64 result;
  register u64 r10 __asm__("r10") = d;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
                   : "rcx", "r11", "memory");
  return result;
}

static u64 length(const char *text) {
  u64 n = 0;
  while (text[n]) n++;
  return n;
}

static int same(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return *a == *b;
}

static u64 number(const char *digits) {
  u64 n = 0;
  while (*digits >= '0' && *digits <= '9') n = n * 10 + (u64)(*digits++ - '0');
  return n;
}

static void write_all(u64 descriptor, const char *bytes, u64 count) {
  while (count) {
    i64 taken = call4(CALL_write, descriptor, (u64)bytes, count, 0);
    if (taken == -4 /* EINTR */) continue;
    if (taken <= 0) call4(CALL_exit_group, 125, 0, 0, 0);
    bytes += taken;
    count -= (u64)taken;
  }
}

/* One NUL after each entry, and one more at the end: nothing else is a whole answer. */
static void write_environment(u64 descriptor, char **entries) {
  const char *first = *entries, *end = first;
  /* They lie one behind the other: one call is enough, and wakes sidecar once. */
  for (; *entries; entries++) end = *entries + length(*entries) + 1;
  write_all(descriptor, first, (u64)(end - first));
  write_all(descriptor, "", 1);
}

static void note_signals(void) {
  call4(CALL_rt_sigprocmask, SIG_BLOCK, (u64)&handled, (u64)&record.signal_mask, 8);
  for (int signal = 1; signal <= 64; signal++) {
    u64 action[4] = {0}; /* the kernel's struct: handler, flags, restorer, mask */
    if (call4(CALL_rt_sigaction, signal, 0, (u64)action, 8) == 0 && action[0] == SIG_IGN)
      record.signals_ignored |= BIT(signal);
  }
}

/* One call asks for all: poll(2) says POLLNVAL of what is not open. Higher numbers than
   these are not handed down by anybody we know of. */
enum { DESCRIPTORS = 1024 };

static void note_descriptors(void) {
  struct { int descriptor; short wanted, found; } entries[DESCRIPTORS];
  u64 count = record.descriptor_soft < DESCRIPTORS ? record.descriptor_soft : DESCRIPTORS;
  for (u64 n = 0; n < count; n++) {
    entries[n].descriptor = (int)n;
    entries[n].wanted = entries[n].found = 0;
  }
  if (call4(CALL_poll, (u64)entries, count, 0, 0) < 0) return;
  for (u64 n = 0; n < count; n++)
    if (!(entries[n].found & POLLNVAL) && call4(CALL_fcntl, n, F_GETFD, 0, 0) == 0)
      record.descriptors[n / 64] |= 1UL << (n % 64);
}

/* Bun ends, with words and an exit code of its own, in a directory that was deleted. */
static void require_directory(void) {
  static const char message[] =
      "sidecar: error[directory-missing]: the directory that sidecar was started in was"
      " deleted\n  start it in a directory that exists\n";
  char directory[4096];
  if (call4(CALL_getcwd, (u64)directory, sizeof directory, 0, 0) != -ENOENT) return;
  write_all(STDERR, message, sizeof message - 1);
  call4(CALL_exit_group, 125, 0, 0, 0);
}

/* The kernel lays argc, argv, NULL, envp, NULL on the stack, and the strings of both
   one behind the other further up (fs/binfmt_elf.c, create_elf_tables). */
__attribute__((used)) void sidecar_start(u64 *stack) {
  u64 count = stack[0];
  char **arguments = (char **)(stack + 1);
  char **entries = arguments + count + 1;

  if (count == 4 && same(arguments[1], "--internal-environment")) {
    u64 status = number(arguments[3]);
    if (status == 0) write_environment(number(arguments[2]), entries);
    call4(CALL_exit_group, status, 0, 0, 0);
  }

  require_directory();
  note_signals();
  call4(CALL_prlimit64, 0, RLIMIT_NOFILE, 0, (u64)&record.descriptor_soft);
  note_descriptors();

  const char *end = arguments[0];
  record.argument_count = count;
  record.strings = (u64)end;
  for (u64 i = 0; i < count; i++) end = arguments[i] + length(arguments[i]) + 1;
  for (; *entries; entries++) {
    end = *entries + length(*entries) + 1;
    *entries = "_="; /* the slot stays: what lies behind the list is found by its end */
  }
  record.strings_length = (u64)end - record.strings;
}

/* rdx holds a function that the dynamic loader wants called at exit. */
__asm__(".globl sidecar_entry\n"
        "sidecar_entry:\n"
        "  mov %rsp, %rdi\n"
        "  mov %rsp, %rbx\n"
        "  mov %rdx, %r12\n"
        "  and $-16, %rsp\n"
        "  call sidecar_start\n"
        "  mov %rbx, %rsp\n"
        "  mov %r12, %rdx\n"
        "  xor %ebp, %ebp\n"
        "  jmp *record+16(%rip)\n");
