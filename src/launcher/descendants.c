/*
 * Finds and signals everybody who descends from a process, whatever group or session
 * they have made for themselves: who is whose child is in /proc/PID/stat (proc(5)).
 *
 * The calling process is the one to whom the kernel gives their orphans (prctl(2),
 * PR_SET_CHILD_SUBREAPER), so that nobody ever leaves the tree. Whoever is born behind
 * the back of a search has a parent who was just signalled; with SIGKILL that one's end
 * leads to the next search (guardian.c).
 *
 * This runs in a process that shares sidecar's memory: it makes system calls only.
 */
#include "tree.h"

enum {
  P_PID = 1,
  WEXITED = 4,
  WALL = 0x40000000,
  WNOHANG = 1,
  WNOWAIT = 0x1000000,
  PID_MAX_LIMIT = 4194304, /* proc(5), pid_max on 64-bit systems */
};

struct entry {
  int process, parent, group;
  int found;
};

struct table {
  struct entry *entries;
  u64 count, room;
};

static i64 map(u64 size) {
  return call6(CALL_mmap, 0, size, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1UL, 0);
}

static struct entry *append(struct table *table) {
  if (table->count == table->room) {
    u64 room = table->room ? 2 * table->room : 1024;
    i64 memory = map(room * sizeof(struct entry));
    if (memory < 0) return 0;
    struct entry *entries = (struct entry *)memory;
    for (u64 n = 0; n < table->count; n++) entries[n] = table->entries[n];
    if (table->room)
      call4(CALL_munmap, (u64)table->entries, table->room * sizeof(struct entry), 0, 0);
    table->entries = entries;
    table->room = room;
  }
  return &table->entries[table->count++];
}

static int number_at(const char **text) {
  int number = 0;
  while (**text >= '0' && **text <= '9') number = number * 10 + (*(*text)++ - '0');
  return number;
}

static i64 read_at(int directory, const char *path, char *text, u64 size) {
  i64 file = call4(CALL_openat, (u64)directory, (u64)path, O_CLOEXEC, 0);
  if (file < 0) return file;
  i64 length = call4(CALL_read, (u64)file, (u64)text, size - 1, 0);
  call4(CALL_close, (u64)file, 0, 0, 0);
  if (length >= 0) text[length] = 0;
  return length;
}

/* "PID (NAME) STATE PARENT GROUP …"; a name may hold anything but a NUL. */
static int read_entry(int proc, const char *name, struct entry *entry) {
  char path[32], text[512];
  u64 n = 0;
  while (name[n] && n < 16) path[n] = name[n], n++;
  for (const char *end = "/stat"; (path[n] = *end); n++, end++) continue;
  if (read_at(proc, path, text, sizeof text) <= 0) return 0;
  const char *after = 0;
  for (const char *at = text; *at; at++)
    if (*at == ')') after = at;
  if (!after || after[1] != ' ' || !after[2] || after[3] != ' ') return 0;
  const char *at = text;
  entry->process = number_at(&at);
  at = after + 4;
  entry->parent = number_at(&at);
  if (*at == ' ') at++;
  entry->group = number_at(&at);
  entry->found = 0;
  return 1;
}

static int skip(const char **text, const char *prefix) {
  const char *at = *text;
  while (*prefix && *at == *prefix) at++, prefix++;
  if (!*prefix) *text = at;
  return !*prefix;
}

/* The numbers in /proc may be those of another PID namespace, and a process by the same
   number somebody else. There /proc/self has another Pid, or more than one NSpid. */
static int has_our_numbers(int proc, int process) {
  char text[4096];
  int same = 0;
  if (read_at(proc, "self/status", text, sizeof text) <= 0) return 0;
  for (const char *at = text; *at; at++) {
    if (skip(&at, "Pid:\t")) {
      same = number_at(&at) == process;
    } else if (skip(&at, "NSpid:\t")) {
      same = same && number_at(&at) == process && *at == '\n';
    }
    while (*at && *at != '\n') at++;
    if (!*at) break;
  }
  return same;
}

static void list_processes(int proc, struct table *table) {
  struct {
    u64 inode, offset;
    unsigned short length;
    unsigned char type;
    char name[];
  } *each;
  char buffer[4096] __attribute__((aligned(8)));
  for (;;) {
    i64 length = call4(CALL_getdents64, (u64)proc, (u64)buffer, sizeof buffer, 0);
    if (length <= 0) return;
    for (i64 at = 0; at < length; at += each->length) {
      each = (void *)(buffer + at);
      if (each->name[0] < '1' || each->name[0] > '9') continue;
      struct entry *entry = append(table);
      if (!entry) return;
      if (!read_entry(proc, each->name, entry)) table->count--;
    }
  }
}

/* The kernel lists processes by ascending numbers. */
static struct entry *find(const struct table *table, int process) {
  u64 low = 0, high = table->count;
  while (low < high) {
    u64 middle = (low + high) / 2;
    if (table->entries[middle].process == process) return &table->entries[middle];
    if (table->entries[middle].process > process) high = middle;
    else low = middle + 1;
  }
  return 0;
}

static void find_descendants(struct table *table, int root) {
  for (int again = 1; again;) {
    again = 0;
    for (u64 n = 0; n < table->count; n++) {
      struct entry *entry = &table->entries[n], *parent;
      if (entry->found || entry->process == root) continue;
      if (entry->parent != root) {
        parent = find(table, entry->parent);
        if (!parent || !parent->found) continue;
      }
      entry->found = again = 1;
    }
  }
}

static void send(int to, u64 signals) {
  for (u64 signal = 1; signal <= SIGNALS; signal++)
    if (signals & BIT(signal)) call4(CALL_kill, (u64)to, signal, 0, 0);
}

static void signal_table(const struct table *table, u64 signals, int leader,
                         int outside) {
  int has_group = 0;
  for (u64 n = 0; n < table->count; n++)
    if (table->entries[n].found && table->entries[n].group == leader) has_group = 1;
  /* One call for all of a group: who is being born in it is not missed. */
  if (has_group && !outside) send(-leader, signals);
  /* Whoever is stopped, or about to be, has to run in order to end. */
  if (has_group && !outside && (signals & BIT(SIGTERM))) send(-leader, BIT(SIGCONT));
  for (u64 n = 0; n < table->count; n++) {
    const struct entry *entry = &table->entries[n];
    if (!entry->found || entry->group == leader) continue;
    send(entry->process, signals);
    if (signals & BIT(SIGTERM)) send(entry->process, BIT(SIGCONT));
  }
}

/* Returns whether any of these numbers is that of a child. */
static int signal_range(u64 first, u64 end, u64 signals, int leader, int outside) {
  char information[128];
  int found = 0;
  for (u64 process = first; process <= end; process++) {
    i64 result = call6(CALL_waitid, P_PID, process, (u64)information,
                       WNOHANG | WNOWAIT | WEXITED | WALL, 0, 0);
    if (result < 0) continue;
    found = 1;
    i64 group = call4(CALL_getpgid, process, 0, 0, 0);
    if (group != leader) send((int)process, signals);
    else if (!outside) send(-leader, signals), outside = 1;
  }
  return found;
}

/* Without /proc: wait(2) tells of any number whether it is that of a child. Numbers are
   given one after the other, so theirs are near; else all are tried, which takes
   seconds. */
static void signal_children(u64 own, u64 signals, int leader, int outside) {
  enum { NEAR = 50000 };
  if (!signal_range(own + 1, own + NEAR, signals, leader, outside))
    signal_range(1, PID_MAX_LIMIT, signals, leader, outside);
}

/* The quick way to one's own children, where the kernel has it (CONFIG_PROC_CHILDREN).
   Whoever forks and ends, again and again, is somewhere else by the time that all of
   /proc was read; here he is known and killed within microseconds. */
static void kill_children(int proc, int own) {
  char path[64] = "self/task/", text[4096], digits[16];
  u64 end = 10, count = 0;
  for (int rest = own; rest; rest /= 10) digits[count++] = (char)('0' + rest % 10);
  while (count) path[end++] = digits[--count];
  for (const char *tail = "/children"; (path[end] = *tail); end++, tail++) continue;
  if (read_at(proc, path, text, sizeof text) <= 0) return;
  for (const char *at = text; *at; at++) {
    int child = number_at(&at);
    /* The last one may be cut off. */
    if (*at != ' ') return;
    send(child, BIT(SIGKILL));
  }
}

void sidecar_signal_descendants(u64 signals, int leader, int outside) {
  const int root = (int)call4(CALL_getpid, 0, 0, 0, 0);
  i64 proc = call4(CALL_open, (u64)"/proc", O_DIRECTORY | O_CLOEXEC, 0, 0);
  if (proc < 0 || !has_our_numbers((int)proc, root)) {
    signal_children((u64)root, signals, leader, outside);
  } else {
    struct table table = {0};
    if ((signals & BIT(SIGKILL)) && !outside) kill_children((int)proc, root);
    list_processes((int)proc, &table);
    find_descendants(&table, root);
    signal_table(&table, signals, leader, outside);
    if (table.room)
      call4(CALL_munmap, (u64)table.entries, table.room * sizeof(struct entry), 0, 0);
  }
  if (proc >= 0) call4(CALL_close, (u64)proc, 0, 0, 0);
}
