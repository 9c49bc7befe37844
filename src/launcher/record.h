/* What sidecar was started with, before anything changed it. */
#ifndef SIDECAR_RECORD_H
#define SIDECAR_RECORD_H

#include "system-calls.h"

enum { LIMITS = 16 /* RLIM_NLIMITS */, DESCRIPTORS = 1024 };

struct limit {
  u64 soft, hard;
};

/* Read by start.c, and by src/system/posix/start.ts, which knows these fields by their
   numbers. runtime.ld gives it an address that never changes. */
struct sidecar_record {
  u64 strings;                       /* 0: address of the first argument's first byte */
  u64 strings_length;                /* 1: bytes of all arguments and variables */
  u64 argument_count;                /* 2 */
  u64 signal_mask;                   /* 3: bit n-1 for signal n */
  u64 signals_ignored;               /* 4: likewise */
  u64 descriptors[DESCRIPTORS / 64]; /* 5…20: bit n where descriptor n was inherited */
  struct limit limits[LIMITS];       /* 21…52: by the numbers of getrlimit(2) */
};

extern struct sidecar_record sidecar_record;

#endif
