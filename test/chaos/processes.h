/* What the stage asks the kernel about processes. */
#include <stdint.h>

/* CLOCK_MONOTONIC, nanoseconds. */
uint64_t now(void);
/* Prints `word` and what /proc has about a process, in a line. */
void describe_process(int process, const char *word);
void each_child(int parent, void (*what)(int));
void tell_left(int process);
int is_blocked(int sidecar, int signal);
void look_for_others(uint64_t patience);
