/*
 * swarm COUNT [WORD]: starts COUNT processes one after the other as fast as it can, each of this program with the
 * arguments "one", its number and WORD, and waits for each. They end at once. Prints how long that took.
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

/* As many live at the same time. */
#define AT_ONCE 4u
#define MAX_COUNT 100000ul

int main(int count, char **values) {
  if (count > 1 && strcmp(values[1], "one") == 0) return 0;
  const unsigned long wanted = count > 1 ? strtoul(values[1], NULL, 10) : 0;
  if (wanted == 0 || wanted > MAX_COUNT) return 64;
  char number[24];
  char program[] = "/proc/self/exe";
  char one[] = "one";
  char word[64] = "";
  if (count > 2) snprintf(word, sizeof word, "%s", values[2]);
  char *arguments[] = {values[0], one, number, word, NULL};
  struct timespec begun;
  struct timespec ended;
  clock_gettime(CLOCK_MONOTONIC, &begun);
  unsigned living = 0;
  for (unsigned long i = 0; i < wanted; i++) {
    snprintf(number, sizeof number, "%lu", i);
    if (posix_spawn(NULL, program, NULL, NULL, arguments, environ) != 0) return 71;
    if (++living == AT_ONCE && wait(NULL) > 0) living--;
  }
  while (wait(NULL) > 0) continue;
  clock_gettime(CLOCK_MONOTONIC, &ended);
  printf("%lu processes in %.3f s\n", wanted,
         (double)(ended.tv_sec - begun.tv_sec) + (double)(ended.tv_nsec - begun.tv_nsec) / 1e9);
  return 0;
}
