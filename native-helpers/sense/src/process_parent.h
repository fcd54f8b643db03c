/* Which process started another one. */
#ifndef SENSE_PROCESS_PARENT_H
#define SENSE_PROCESS_PARENT_H

#include <linux/ioctl.h>
#include <stdint.h>

/* linux/pidfd.h since 6.13, which the headers of most distributions are older than. */
struct pidfd_facts {
  uint64_t mask; /* which of them are asked for, and answered */
  uint64_t control_group;
  uint32_t process;
  uint32_t thread_group;
  uint32_t parent;
  uint32_t users_and_groups[8];
  int32_t exit_code;
};
#define PIDFD_FACTS_PROCESS 1u
#define PIDFD_GET_FACTS _IOWR(0xFF, 11, struct pidfd_facts)

/* Its number, as in /proc; 0 when it is gone. */
uint32_t process_parent(uint32_t process);

#endif
