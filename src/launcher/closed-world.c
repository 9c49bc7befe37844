/*
 * dlopen(3) and its relatives in a program that loads nothing.
 *
 * Nothing of the image's libraries may ever be opened: they may be broken, of another
 * libc, or hostile. libc's own names lead to the functions that this executable has
 * (symbols.ts makes the table); every other name is an error that says so. Bun looks up
 * some newer functions of libc in this way, and sidecar calls C through it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct symbol {
  const char *name;
  void *address;
};
/* Sorted by name. */
extern const struct symbol sidecar_symbols[], sidecar_symbols_end[];

static __thread const char *failure;
static __thread char failure_text[256];

static const char *const ours[] = {"libc.so.6",     "libc.so",      "libm.so.6",
                                   "libpthread.so.0", "libdl.so.2", "librt.so.1",
                                   "ld-linux-x86-64.so.2"};

static void *fail(const char *format, const char *name) {
  snprintf(failure_text, sizeof failure_text, format, name);
  failure = failure_text;
  return NULL;
}

void *sidecar_dlopen(const char *file, int flags) {
  (void)flags;
  if (file == NULL) return (void *)sidecar_symbols;
  for (size_t n = 0; n < sizeof ours / sizeof *ours; n++)
    if (strcmp(file, ours[n]) == 0) return (void *)sidecar_symbols;
  return fail("%s: this executable loads no libraries", file);
}

void *sidecar_dlsym(void *handle, const char *name) {
  (void)handle;
  size_t low = 0, high = (size_t)(sidecar_symbols_end - sidecar_symbols);
  while (low < high) {
    size_t middle = (low + high) / 2;
    int order = strcmp(name, sidecar_symbols[middle].name);
    if (order == 0 && sidecar_symbols[middle].address)
      return sidecar_symbols[middle].address;
    if (order <= 0) high = middle;
    else low = middle + 1;
  }
  return fail("undefined symbol: %s", name);
}

void *sidecar_dlvsym(void *handle, const char *name, const char *version) {
  (void)version;
  return sidecar_dlsym(handle, name);
}

int sidecar_dlclose(void *handle) {
  (void)handle;
  return 0;
}

char *sidecar_dlerror(void) {
  const char *text = failure;
  failure = NULL;
  return (char *)text;
}

/* No name is known for an address. */
int sidecar_dladdr(const void *address, Dl_info *information) {
  (void)address;
  memset(information, 0, sizeof *information);
  return 0;
}

/* What libc itself would load: modules of nsswitch.conf and of iconv. Without them it
   has files and dns, and the character sets that are built in. */
void *__libc_dlopen_mode(const char *name, int mode) {
  (void)name, (void)mode;
  return NULL;
}
void *__libc_dlsym(void *handle, const char *name) {
  (void)handle, (void)name;
  return NULL;
}
void *__libc_dlvsym(void *handle, const char *name, const char *version) {
  (void)handle, (void)name, (void)version;
  return NULL;
}
int __libc_dlclose(void *handle) {
  (void)handle;
  return 0;
}
