/*
 * reach HOW: a process reaches into another one that it did not start, as HOW says, and undoes it; for tests of
 * `sense access`. Writes the numbers of the two: first who did it, then to whom. HOW is one of attach, seize, traced-child,
 * read, write, memory-read, memory-write, environment, signal.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* At the same address in every fork. */
static volatile uint64_t secret = 42;

static int trace(pid_t target, bool seize) {
  int status = 0;
  if (ptrace(seize ? PTRACE_SEIZE : PTRACE_ATTACH, target, NULL, NULL) != 0) return 1;
  if (seize && ptrace(PTRACE_INTERRUPT, target, NULL, NULL) != 0) return 1;
  if (waitpid(target, &status, __WALL) != target) return 1;
  return ptrace(PTRACE_DETACH, target, NULL, NULL) == 0 ? 0 : 1;
}

/* What a debugger does with a program that it starts: no reaching into anybody else's. */
static int trace_child(void) {
  const pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    raise(SIGSTOP);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ptrace(PTRACE_CONT, child, NULL, NULL);
  return waitpid(child, &status, 0) == child ? 0 : 1;
}

static int copy(pid_t target, bool write_it) {
  uint64_t here = 43;
  const struct iovec mine = {.iov_base = &here, .iov_len = sizeof here};
  const struct iovec theirs = {.iov_base = (void *)(uintptr_t)&secret, .iov_len = sizeof here};
  const ssize_t count = write_it ? process_vm_writev(target, &mine, 1, &theirs, 1, 0)
                                 : process_vm_readv(target, &mine, 1, &theirs, 1, 0);
  return count == (ssize_t)sizeof here ? 0 : 1;
}

static int use_file(pid_t target, const char *name, bool write_it) {
  char path[48];
  uint64_t here = 43;
  snprintf(path, sizeof path, "/proc/%d/%s", (int)target, name);
  const int file = open(path, write_it ? O_RDWR : O_RDONLY);
  const off_t at = strcmp(name, "mem") == 0 ? (off_t)(uintptr_t)&secret : 0;
  if (file < 0) return 1;
  return (write_it ? pwrite(file, &here, sizeof here, at) : pread(file, &here, sizeof here, at)) > 0 ? 0 : 1;
}

static int reach(const char *how, pid_t target) {
  if (strcmp(how, "attach") == 0) return trace(target, false);
  if (strcmp(how, "seize") == 0) return trace(target, true);
  if (strcmp(how, "traced-child") == 0) return trace_child();
  if (strcmp(how, "read") == 0) return copy(target, false);
  if (strcmp(how, "write") == 0) return copy(target, true);
  if (strcmp(how, "memory-read") == 0) return use_file(target, "mem", false);
  if (strcmp(how, "memory-write") == 0) return use_file(target, "mem", true);
  if (strcmp(how, "environment") == 0) return use_file(target, "environ", false);
  if (strcmp(how, "signal") == 0) return kill(target, SIGTERM);
  return 1;
}

int main(int count, char **values) {
  if (count != 2) return 64;
  const pid_t target = fork();
  if (target == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) pause();
  }
  const pid_t by = fork();
  if (by == 0) _exit(reach(values[1], target));
  int status = 1;
  waitpid(by, &status, 0);
  printf("%d %d\n", (int)by, (int)target);
  kill(target, SIGKILL);
  waitpid(target, NULL, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
