/* Lists of the sockets that there are, from the kernel: sock_diag(7). */
#ifndef SENSE_DIAG_H
#define SENSE_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "socket_records.h"

/* One socket of a list. Its record has type, ends, protocol, inode, user and, where it has no process, nothing else. */
struct diag_socket {
  uint64_t cookie; /* never used for another socket as long as the machine runs */
  struct socket_record record;
};

/* Ports that the kernel gives to who asks for none: a UDP socket with another one waits for others to begin. */
struct port_range {
  uint16_t first;
  uint16_t last;
};

/* -1 with errno when there is no way to ask. Needs no right. */
int diag_open(void);

/* What the kernel gives at the moment; its usual range where that cannot be read. */
struct port_range diag_given_ports(void);

/*
 * Asks for all sockets of a protocol (IPPROTO_TCP or IPPROTO_UDP), IPv4 and IPv6, and hands each to `take`. False with
 * errno when the kernel does not answer or not completely; what came until then was handed on.
 */
bool diag_list(int descriptor, int protocol, struct port_range given,
               void (*take)(void *context, const struct diag_socket *socket), void *context);

/*
 * Reads the messages of one answer. True with *is_done unset: more follow. False: errno says what the kernel objected to,
 * EPROTO for what cannot be.
 */
bool diag_read(const unsigned char *bytes, size_t length, struct port_range given, bool *is_done,
               void (*take)(void *context, const struct diag_socket *socket), void *context);

#endif
