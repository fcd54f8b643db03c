/* Which interfaces there are, and how that changes: rtnetlink (rtnetlink(7)). */
#ifndef SENSE_INTERFACES_H
#define SENSE_INTERFACES_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KIND_BYTES 16u

struct interface {
  int index;
  uint16_t hardware_type; /* ARPHRD_* */
  bool loopback;
  bool switched_on; /* IFF_UP */
  bool linked;      /* cable or radio is connected */
  bool enslaved;    /* a port of a bridge or bond */
  bool peer_elsewhere; /* what it stands on (veth's other end, a VLAN's carrier) is in another namespace */
  char name[IFNAMSIZ];
  char kind[KIND_BYTES]; /* "veth", "tun", ...; empty for hardware */
};

/*
 * Whether the interface carries traffic that is seen nowhere else: hardware, tunnels that end here, and the
 * links of a container or namespace to its outside. Bridges, bonds and VLANs are left out because their
 * packets pass a port as well, loopback because its packets never leave the machine.
 */
bool interface_is_automatic(const struct interface *interface);

/*
 * Reads one netlink message of `bytes` bytes. False: it is not about an interface, or damaged. `removed` is
 * set when the interface is gone.
 */
bool interface_parse(const void *message, size_t bytes, struct interface *interface, bool *removed);

/* A socket that reports changes. -1 with errno. Needs no rights. */
int interfaces_open(void);
/* Asks for the list of all interfaces. False with errno. */
bool interfaces_request(int descriptor);

enum interfaces_progress {
  INTERFACES_WAIT,     /* nothing more for now */
  INTERFACES_LISTED,   /* a list that was asked for is complete */
  INTERFACES_OVERFLOW, /* changes were lost: ask for the list again */
  INTERFACES_FAILED,   /* errno */
};

typedef void interface_handler(void *context, const struct interface *interface, bool removed);

/* Hands on what has come, until one of the above is to be said. Never waits. */
enum interfaces_progress interfaces_read(int descriptor, interface_handler *handler, void *context);

#endif
