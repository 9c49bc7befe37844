/* What a process of the tree can do; actions.c does it, tree.c reads the script. */
#include <signal.h>
#include <sys/types.h>
#include "board.h"

extern struct board *board;
/* Which node this process is, and how many records it has written to either stream. */
extern int node, written[2];
/* What ends it is caught; then so many microseconds, and this exit code. */
extern int catches, catch_pause, catch_code;
extern volatile sig_atomic_t seen[65];

void note(int kind, int a, int b);
void pause_for(long microseconds);
void end(int code) __attribute__((noreturn));
void forever(void) __attribute__((noreturn));
void handle(int signal, void (*handler)(int));
void listen_to_users(void);
void set_mask(int how, int signal);
void arm(int how);
void guard(void);
pid_t branch(void);
void make_pattern(void);
void seed_random(unsigned seed);
void write_record(int stream, int size);
void burst(int count);
void await_reaping(void);
void hop(int count, int microseconds);
void breed(int limit);
void storm(int count, int microseconds);
