/* The proc connector: the kernel's news of processes over netlink (linux/cn_proc.h). */
#ifndef SENSE_CONNECTOR_H
#define SENSE_CONNECTOR_H

#include <linux/cn_proc.h>
#include <stdbool.h>
#include <stdint.h>

enum connector_wish {
  /* Forks, execs, exits and changes of credentials. */
  CONNECTOR_EVERYTHING,
  /* Changes of credentials; the kernel drops the rest before it costs anything here. */
  CONNECTOR_CREDENTIALS,
};

/* The socket, subscribed; non-blocking. -1 with errno; EPERM or ECONNREFUSED where it may not or cannot be had. */
int connector_open(enum connector_wish wish);

/* Takes in what there is. `lost` grows with what the socket had no room for. False with errno when it is of no use any more. */
bool connector_read(int descriptor, void (*take)(void *, const struct proc_event *), void *context, uint64_t *lost);

#endif
