/*
 * The first instructions of sidecar, before Bun's and before libc's.
 *
 * The kernel starts the program here (link.ts sees to that). Nothing but the kernel can
 * be asked anything yet. This code
 *
 *   - blocks the signals that sidecar handles. A process 1 that has no handler yet
 *     loses them for good, any other process would die of them; blocked they wait
 *     until sidecar reads them (src/system/posix/signals.ts);
 *   - notes what Bun is about to change: limits, which signals are ignored, which
 *     descriptors were inherited (it would mark them all as its own);
 *   - notes where the bytes of the arguments and the environment are, and hides the
 *     environment from libc and Bun, all of it: no variable of an image (BUN_OPTIONS,
 *     NODE_OPTIONS, GLIBC_TUNABLES, LOCPATH, …) can change what sidecar does;
 *   - with `--internal-environment DESCRIPTOR STATUS` writes the environment that it
 *     was given to a descriptor and ends. An activation's shell execs this as its last
 *     act: no other program is needed in the image to learn, byte for byte, what the
 *     activation did.
 *
 * Then it goes on to Bun's own entry point, with the stack as the kernel made it.
 */
#include "record.h"

__attribute__((section(".record"))) struct sidecar_record sidecar_record = {0};

/* Keep in step with blockedSignals in src/system/posix/signals.ts: HUP INT QUIT USR1
   USR2 TERM CHLD CONT TSTP TTOU WINCH. A test compares the two. */
static const u64 handled = BIT(1) | BIT(2) | BIT(3) | BIT(10) | BIT(12) | BIT(15) |
                           BIT(17) | BIT(18) | BIT(20) | BIT(22) | BIT(28);

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
    if (taken == -EINTR) continue;
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
  call4(CALL_rt_sigprocmask, SIG_BLOCK, (u64)&handled,
        (u64)&sidecar_record.signal_mask, 8);
  for (int signal = 1; signal <= SIGNALS; signal++) {
    struct action action = {0};
    i64 result = call4(CALL_rt_sigaction, signal, 0, (u64)&action, 8);
    if (result == 0 && action.handler == SIG_IGN)
      sidecar_record.signals_ignored |= BIT(signal);
  }
}

static void note_limits(void) {
  for (u64 n = 0; n < LIMITS; n++)
    call4(CALL_prlimit64, 0, n, 0, (u64)&sidecar_record.limits[n]);
}

static void refuse(const char *message) {
  write_all(STDERR, message, length(message));
  call4(CALL_exit_group, 125, 0, 0, 0);
}

/* Bun reserves addresses that it never uses. A limit of them (ulimit -v, ulimit -d) is
   meant for the block, which gets it back: here it is raised as far as can be. */
static void allow_memory(u64 resource, u64 needed, const char *message) {
  const struct limit *noted = &sidecar_record.limits[resource];
  struct limit raised = {noted->hard, noted->hard};
  if (noted->soft != noted->hard)
    call4(CALL_prlimit64, 0, resource, (u64)&raised, 0);
  if (raised.hard < needed) refuse(message);
}

/* Where one of these is missing, Bun ends with a page of words of its own. */
static void require_memory(void) {
  enum { RLIMIT_DATA = 2, RLIMIT_AS = 9, MiB = 1 << 20 };
  allow_memory(RLIMIT_AS, 450UL * MiB,
               "sidecar: error[memory-limited]: fewer than 450 MiB of addresses are"
               " allowed (ulimit -v)\n  allow sidecar more, and set the limit for the"
               " block alone: --exec sh -c 'ulimit -v …; exec …'\n");
  allow_memory(RLIMIT_DATA, 300UL * MiB,
               "sidecar: error[memory-limited]: fewer than 300 MiB of data are allowed"
               " (ulimit -d)\n  allow sidecar more, and set the limit for the block"
               " alone: --exec sh -c 'ulimit -d …; exec …'\n");
  const u64 size = 1 << 16;
  i64 memory = call6(CALL_mmap, 0, size, PROT_ALL, MAP_PRIVATE_ANONYMOUS, -1UL, 0);
  if (memory < 0)
    refuse("sidecar: error[executable-memory-forbidden]: memory that can be written and"
           " executed is forbidden here\n  allow it: SELinux' execmem, systemd's"
           " MemoryDenyWriteExecute=no, a seccomp profile like Docker's own\n");
  call4(CALL_munmap, (u64)memory, size, 0, 0);
}

/* One call asks for all: poll(2) says POLLNVAL of what is not open. It takes no more
   entries than RLIMIT_NOFILE allows, and where that was lowered after a descriptor was
   opened, the rest is asked for one by one. Higher numbers than DESCRIPTORS are not
   handed down by anybody we know of. */
static void note_descriptors(void) {
  struct {
    int descriptor;
    short wanted, found;
  } entries[DESCRIPTORS];
  enum { RLIMIT_NOFILE = 7 };
  u64 limit = sidecar_record.limits[RLIMIT_NOFILE].soft;
  u64 count = limit < DESCRIPTORS ? limit : DESCRIPTORS;
  for (u64 n = 0; n < count; n++) {
    entries[n].descriptor = (int)n;
    entries[n].wanted = entries[n].found = 0;
  }
  if (call4(CALL_poll, (u64)entries, count, 0, 0) < 0) count = 0;
  for (u64 n = 0; n < DESCRIPTORS; n++)
    if ((n >= count || !(entries[n].found & POLLNVAL)) &&
        call4(CALL_fcntl, n, F_GETFD, 0, 0) == 0)
      sidecar_record.descriptors[n / 64] |= 1UL << (n % 64);
}

/* Bun would open /dev/null for each of the first three that is closed, and ends where
   there is none. It finds them open, on something that can be neither read nor written:
   to sidecar they are as good as closed. The block gets them closed (start.c). */
static void fill_standard_descriptors(void) {
  for (u64 n = 0; n < 3; n++)
    if (!(sidecar_record.descriptors[0] & (1UL << n)))
      call4(CALL_open, (u64)"/", O_PATH | O_CLOEXEC, 0, 0);
}

/* Bun opens two descriptors of its own before sidecar is asked anything, and where it
   may not, it ends with words and an exit code of its own. It raises the limit itself. */
static void require_descriptors(void) {
  enum { RLIMIT_NOFILE = 7, NEEDED = 2 };
  const u64 limit = sidecar_record.limits[RLIMIT_NOFILE].hard;
  u64 unused = limit > DESCRIPTORS ? limit - DESCRIPTORS : 0;
  for (u64 n = 3; n < limit && n < DESCRIPTORS; n++)
    if (!(sidecar_record.descriptors[n / 64] & (1UL << (n % 64)))) unused++;
  if (limit < 3 || unused < NEEDED)
    refuse("sidecar: error[open-files-limited]: sidecar may not open as many files and"
           " pipes as it needs\n  allow it 64 or more (ulimit -n, docker run --ulimit"
           " nofile=…)\n");
}

/* Bun ends, with words and an exit code of its own, in a directory that was deleted. */
static void require_directory(void) {
  char directory[4096];
  if (call4(CALL_getcwd, (u64)directory, sizeof directory, 0, 0) == -ENOENT)
    refuse("sidecar: error[directory-missing]: the directory that sidecar was started "
           "in was deleted\n  start it in a directory that exists\n");
}

/* The kernel lays argc, argv, NULL, envp, NULL on the stack, and the strings of both
   one behind the other further up (fs/binfmt_elf.c, create_elf_tables). */
__attribute__((used)) void sidecar_note(u64 *stack) {
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
  note_limits();
  require_memory();
  note_descriptors();
  require_descriptors();
  fill_standard_descriptors();

  /* Without any argument (execve allows it) the variables come first. */
  const char *first = count ? arguments[0] : *entries, *end = first;
  for (u64 i = 0; i < count; i++) end = arguments[i] + length(arguments[i]) + 1;
  for (; *entries; entries++) {
    end = *entries + length(*entries) + 1;
    *entries = "_="; /* the slot stays: what lies behind the list is found by its end */
  }
  sidecar_record.argument_count = count;
  sidecar_record.strings = (u64)first;
  sidecar_record.strings_length = (u64)(end - first);
}

/* bun_entry is where Bun's own program starts: see symbols.ts. The x86-64 ABI wants rdx
   to hold what shall be called at exit, or nothing, and rbp to mark the first frame. */
__asm__(".globl sidecar_entry\n"
        ".type sidecar_entry, @function\n"
        "sidecar_entry:\n"
        "  mov %rsp, %rbx\n"
        "  mov %rsp, %rdi\n"
        "  and $-16, %rsp\n"
        "  call sidecar_note\n"
        "  mov %rbx, %rsp\n"
        "  xor %edx, %edx\n"
        "  xor %ebp, %ebp\n"
        "  mov $bun_entry, %eax\n"
        "  jmp *%rax\n");
