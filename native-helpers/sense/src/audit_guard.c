#include "audit_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "audit_control.h"
#include "confine.h"
#include "procfs.h"

/* sense has opened some ten. */
#define MAX_DESCRIPTORS 256

/* Closes all but the two: standard error would keep its reader waiting for the guard. */
static void keep_only(int first, int second) {
  for (int descriptor = 0; descriptor < MAX_DESCRIPTORS; descriptor++) {
    if (descriptor != first && descriptor != second) close(descriptor);
  }
}

/* Reads nothing until sense, which holds the other end, is gone. */
_Noreturn static void guard(int control, int life, uint32_t user) {
  char byte;
  const char *step = "";
  union own_rule rule;
  uint64_t start_ns = 0;
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
  /* Ending sense's process group must not end this too. */
  (void)setsid();
  (void)prctl(PR_SET_NAME, "sense-audit", 0, 0, 0);
  keep_only(control, life);
  const uint32_t own = (uint32_t)getpid();
  if (!procfs_start(own, &start_ns)) _exit(1);
  const size_t bytes = audit_own_rule(&rule, own, start_ns);
  /* Says that it stands by, or that it does not, by ending. */
  if (!confine_guard(user, control, life, &step) || write(life, "", 1) != 1) _exit(1);
  ssize_t count;
  while ((count = read(life, &byte, 1)) > 0 || (count < 0 && errno == EINTR)) continue;
  (void)audit_control_order(control, AUDIT_DEL_RULE, &rule, bytes);
  _exit(0);
}

bool audit_guard_lives(uint32_t process, uint64_t start_ns) {
  uint64_t its_start_ns = 0;
  return procfs_start(process, &its_start_ns) && its_start_ns == start_ns;
}

bool audit_guard_start(int control, uint32_t user, struct audit_guard *started) {
  int ends[2];
  char byte;
  union own_rule rule;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return false;
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    guard(control, ends[1], user);
  }
  close(ends[1]);
  *started = (struct audit_guard){.life = ends[0], .process = (uint32_t)child};
  bool is_ready = child > 0 && read(ends[0], &byte, 1) == 1 && procfs_start(started->process, &started->start_ns);
  if (is_ready) {
    const size_t bytes = audit_own_rule(&rule, started->process, started->start_ns);
    is_ready = audit_control_order(control, AUDIT_ADD_RULE, &rule, bytes);
  } else {
    errno = EPERM;
  }
  if (!is_ready) {
    const int error = errno;
    close(ends[0]);
    errno = error;
  }
  return is_ready;
}
