#include "process_parent.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "procfs.h"

#define STAT_BYTES 1024u

static_assert(sizeof(struct pidfd_facts) == 64, "the kernel's layout");

static uint32_t parent_by_proc(uint32_t process) {
  char text[STAT_BYTES];
  snprintf(text, sizeof text, "/proc/%" PRIu32 "/stat", process);
  const int file = open(text, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  const ssize_t count = read(file, text, sizeof text - 1);
  close(file);
  if (count <= 0) return 0;
  text[count] = '\0';
  struct process_record record = {0};
  return procfs_parse_stat(text, 1, &record) ? record.parent : 0;
}

uint32_t process_parent(uint32_t process) {
  /* A tenth of what /proc costs, which adds up all that a process has used to say it. */
  static bool is_kernel_older;
  if (is_kernel_older) return parent_by_proc(process);
  const int descriptor = (int)syscall(SYS_pidfd_open, (pid_t)process, 0);
  if (descriptor < 0) return errno == ESRCH || errno == EINVAL ? 0 : parent_by_proc(process);
  struct pidfd_facts facts = {.mask = PIDFD_FACTS_PROCESS};
  const bool is_told = ioctl(descriptor, PIDFD_GET_FACTS, &facts) == 0;
  if (!is_told) is_kernel_older = errno == ENOTTY || errno == EINVAL;
  close(descriptor);
  if (is_told && (facts.mask & PIDFD_FACTS_PROCESS) != 0) return facts.parent;
  return parent_by_proc(process);
}
