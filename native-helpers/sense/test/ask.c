/*
 * ask COUNT: starts a program, then asks a question of 128 bytes on standard output and waits for the answer of 16 bytes on
 * standard input; COUNT times. Prints on standard error the median of how long the answers took, in microseconds: what a
 * question costs that somebody else answers without a thought.
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

#define MAX_COUNT 10000ul
#define QUESTION_BYTES 128u
#define ANSWER_BYTES 16u
/* Whoever answers has to begin first. */
#define BEGIN_SECONDS 1u

static double elapsed_us(const struct timespec *begun) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)(now.tv_sec - begun->tv_sec) * 1e6 + (double)(now.tv_nsec - begun->tv_nsec) / 1e3;
}

static int compare(const void *first, const void *second) {
  const double a = *(const double *)first;
  const double b = *(const double *)second;
  return (a > b) - (a < b);
}

static int run_program(void) {
  char program[] = "/bin/true";
  char *arguments[] = {program, NULL};
  pid_t process;
  if (posix_spawn(&process, program, NULL, NULL, arguments, environ) != 0) return -1;
  return waitpid(process, NULL, 0) == process ? 0 : -1;
}

int main(int count, char **values) {
  static double times[MAX_COUNT];
  char question[QUESTION_BYTES] = {0};
  char answer[ANSWER_BYTES];
  const unsigned long wanted = count > 1 ? strtoul(values[1], NULL, 10) : 0;
  if (wanted == 0 || wanted > MAX_COUNT) return 64;
  sleep(BEGIN_SECONDS);
  for (unsigned long i = 0; i < wanted; i++) {
    if (run_program() != 0) return 71;
    struct timespec begun;
    clock_gettime(CLOCK_MONOTONIC, &begun);
    if (write(STDOUT_FILENO, question, sizeof question) != (ssize_t)sizeof question) return 74;
    if (read(STDIN_FILENO, answer, sizeof answer) != (ssize_t)sizeof answer) return 74;
    times[i] = elapsed_us(&begun);
  }
  qsort(times, wanted, sizeof times[0], compare);
  fprintf(stderr, "%.1f\n", times[wanted / 2]);
  return 0;
}
