/*
 * What the processes of a scenario leave for the oracle: a file that all of them have
 * mapped. It needs no descriptor, so that a process which has closed all of its own can
 * still testify, and what was noted stays, however suddenly the process is killed.
 * test/chaos/board.ts reads it.
 */
#include <stdatomic.h>
#include <stdint.h>

enum {
  NOTE_START = 1,  /* a: descriptors that are open, as bits; b: parent */
  NOTE_ARMED,      /* a: signals that end: 1 ignored, 2 masked, 3 caught;
                      4: SIGUSR1 … caught */
  NOTE_SIGNAL,     /* a: its number */
  NOTE_WRITE,      /* a: stream << 24 | number; b: bytes; about to be written */
  NOTE_WRITTEN,    /* a: as above; b: bytes that write(2) took, or an error, negative */
  NOTE_EXIT,       /* a: code */
  NOTE_DIE,        /* a: the signal that the process sends itself */
  NOTE_ALARM,      /* it should have been dead long ago */
  NOTE_ZOMBIES,    /* a: how many orphans nobody has reaped */
  NOTE_REFUSED,    /* a: errno of fork, or 0 where the scenario's own limit was met */
  NOTE_STEP,       /* a: an action's letter */
};

enum { NOTES = 20000, ORPHANS = 512, BOARD_HEADER = 4096 };

struct note {
  uint64_t time; /* CLOCK_MONOTONIC, nanoseconds */
  uint32_t process;
  uint16_t node;
  _Atomic uint16_t kind; /* written last: 0 where its writer was killed meanwhile */
  int32_t a, b;
};

struct board {
  _Atomic uint32_t next;    /* note */
  _Atomic uint32_t forks;   /* all processes that were ever made */
  _Atomic uint32_t armed;   /* the block is ready for signals */
  _Atomic uint32_t orphans; /* how many of the following */
  uint32_t orphan[ORPHANS];
  char reserved[BOARD_HEADER - 16 - 4 * ORPHANS];
  struct note notes[NOTES];
};
