/* A process that sidecar started, with all that it starts in turn. */
#ifndef SIDECAR_TREE_H
#define SIDECAR_TREE_H

#include "system-calls.h"

enum { PATH = 1024 };

/*
 * Written by the guardian (guardian.c) and read by sidecar, but for the two masks,
 * which go the other way. src/system/posix/trees.ts knows these fields by offsets.
 */
struct tree {
  int guardian;                /* 0: its process id */
  int process;                 /* 4: process id of the first process, and its group's */
  volatile int ended;          /* 8: the first process has ended, with … */
  volatile int status;         /* 12: this, in the encoding of wait(2) */
  volatile int stops;          /* 16: how often the first process was stopped, */
  volatile int stop_signal;    /* 20: and last by which signal */
  volatile u64 processor_time; /* 24: microseconds, of all who have ended */
  volatile u64 peak_memory;    /* 32: bytes, of the largest of them */
  volatile u64 for_everybody;  /* 40: signals to send to all; bit n-1 for signal n */
  volatile u64 for_outsiders;  /* 48: to all who are not in the first one's group */
  volatile int starting;       /* 56: 0 once the first process was started, or could not
                                  be, or the guardian has ended */
  char cgroup[PATH];           /* 60: the directory of a cgroup that they are all in */
};

/* Sends signals to all descendants of the calling process: to the group `leader` as a
   whole, or with `outside` not at all. See descendants.c. */
void sidecar_signal_descendants(u64 signals, int leader, int outside);

/* Asks a tree's guardian to send a signal in this way. */
void sidecar_ask(struct tree *tree, u64 signal, u64 outside);

#endif
