/*
 * What Bun finds in place of the dynamic loader.
 *
 * Bun is linked for a machine whose loader brings libc.so.6. Here libc is part of the
 * executable, and every place in which the loader would have written an address was
 * filled in by link.ts when it was built. What is left for run time is below: to start
 * libc and Bun in the right order, and the few functions that a static libc does not
 * have, or has with another meaning.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <stdio.h>

typedef int main_function(int, char **, char **);
typedef void init_function(int, char **, char **);
typedef void exit_function(void);

/* From symbols.ts, which read them in Bun's file: what is to be called before main and
   at exit (DT_INIT, DT_INIT_ARRAY, DT_FINI_ARRAY, DT_FINI), and the variables of libc
   that Bun has copies of (R_X86_64_COPY). */
extern init_function *const bun_init, *bun_init_array[];
extern exit_function *const bun_fini, *bun_fini_array[];
extern const uint64_t bun_init_count, bun_fini_count, bun_tls_size;
struct copy {
  FILE **to, **from;
};
extern const struct copy bun_copies[], bun_copies_end[];

static main_function *bun_main;
static init_function *own_init;
static exit_function *own_fini;
static pthread_t main_thread;

static void initialise(int argc, char **argv, char **environment) {
  if (bun_init) bun_init(argc, argv, environment);
  for (uint64_t n = 0; n < bun_init_count; n++)
    bun_init_array[n](argc, argv, environment);
}

static void finish(void) {
  for (uint64_t n = bun_fini_count; n > 0; n--) bun_fini_array[n - 1]();
  if (bun_fini) bun_fini();
}

/* All that Bun gets to see of an environment. It reserves gigabytes of addresses, which
   a limit of them (ulimit -v; some batch systems set it) does not allow; a program that
   runs as long as a start takes needs none of it. */
static char *settings[] = {
    "BUN_JSC_jitMemoryReservationSize=67108864", /* bytes; else 1 GiB */
    "MIMALLOC_ARENA_RESERVE=65536",              /* KiB; else 1 GiB */
    /* A thread that makes memory ready for what will never run, and
       wakes now and then. */
    "BUN_JSC_useWarmUpMarkedBlocks=0",
    /* The last of three compilers: no command runs long enough to pay for it, and on
       two processors it takes a quarter of the time of one (bench/catalogue.ts). */
    "BUN_JSC_useFTLJIT=0",
    NULL,
};

/* libc calls this main; it is ready by now, thread-local variables and all. */
int main(int argc, char **argv, char **hidden) {
  (void)hidden;
  char **environment = environ = settings;
  main_thread = pthread_self();
  for (const struct copy *copy = bun_copies; copy < bun_copies_end; copy++)
    *copy->to = *copy->from;
  /* A program linked with glibc before 2.34 brings functions that go through its
     tables; in later ones it is the loader that does. */
  atexit(own_fini ? own_fini : finish);
  (own_init ? own_init : initialise)(argc, argv, environment);
  return bun_main(argc, argv, environment);
}

extern int __libc_start_main(main_function *, int, char **, init_function *,
                             exit_function *, exit_function *, void *);

/* Bun's entry point calls this by the name of __libc_start_main, before
   libc is ready. */
int sidecar_libc_start_main(main_function *main_of_bun, int argc, char **argv,
                            init_function *init, exit_function *fini,
                            exit_function *loader_fini, void *stack_end) {
  bun_main = main_of_bun;
  own_init = init;
  own_fini = fini;
  return __libc_start_main(main, argc, argv, NULL, NULL, loader_fini, stack_end);
}

/* What a module (there is one) and an offset in its thread-local variables mean. Bun's
   are the last before the thread pointer: see runtime.ld. */
struct tls_index {
  uint64_t module, offset;
};
void *sidecar_tls_get_addr(const struct tls_index *index) {
  char *thread_pointer;
  __asm__("mov %%fs:0, %0" : "=r"(thread_pointer));
  return thread_pointer - bun_tls_size + index->offset;
}

/* The stat family as it was exported before glibc 2.33: the first parameter tells the
   version of the struct, of which x86-64 has ever had one. */
int sidecar_xstat(int version, const char *path, struct stat *status) {
  (void)version;
  return stat(path, status);
}
int sidecar_lxstat(int version, const char *path, struct stat *status) {
  (void)version;
  return lstat(path, status);
}
int sidecar_fxstat(int version, int descriptor, struct stat *status) {
  (void)version;
  return fstat(descriptor, status);
}
int sidecar_fxstatat(int version, int directory, const char *path, struct stat *status,
                     int flags) {
  (void)version;
  return fstatat(directory, path, status, flags);
}

/*
 * Where the stack of a thread is. For the main thread glibc reads /proc/self/maps and
 * fails without it; JavaScriptCore then ends the program. What the map would say is
 * known: the kernel puts the program's file name and eight zero bytes at the very top
 * (fs/exec.c), and lets the stack grow as far down as its limit allows.
 */
int sidecar_pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes) {
  int error = pthread_getattr_np(thread, attributes);
  if (error == 0 || thread != main_thread) return error;
  const char *last = (const char *)getauxval(AT_EXECFN);
  if (last == NULL || pthread_attr_init(attributes) != 0) return error;
  const uintptr_t page = getauxval(AT_PAGESZ);
  uintptr_t top = ((uintptr_t)last + strlen(last) + 1 + 8 + page - 1) & -page;
  size_t size = 8 << 20;
  struct rlimit limit;
  if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    size = limit.rlim_cur & -page;
  return pthread_attr_setstack(attributes, (void *)(top - size), size);
}
