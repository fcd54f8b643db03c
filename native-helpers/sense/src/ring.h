/* One AF_PACKET socket with a TPACKET_V3 ring (Documentation/networking/packet_mmap.rst). */
#ifndef SENSE_RING_H
#define SENSE_RING_H

#include <linux/if_packet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How long the kernel keeps packets in a block that is not full. An alert is late by at most this much; at
 * 64 ms a busy link fills its blocks first and a quiet one wakes sense fewer than 16 times a second.
 */
#define BLOCK_TIMEOUT_MS 64u
/* Takes the largest packet four times over, and an 8 MiB ring of them rides out 2 s of a quiet link. */
#define BLOCK_BYTES (256u * 1024u)

struct ring {
  int socket;
  unsigned char *memory; /* NULL without a ring */
  uint32_t blocks;
  uint32_t next; /* the block that the kernel hands over next */
};

/*
 * Opens a socket that sees nothing yet: the only step that needs CAP_NET_RAW. `with_header` as in link_form.
 * Packets are cut to `snap_bytes` by the kernel. False with errno.
 */
bool ring_open(struct ring *ring, bool with_header, uint32_t snap_bytes);

/*
 * Gives the socket its ring, at most `mebibytes` large, less where memory is short. Needs no rights.
 * False with errno.
 */
bool ring_allocate(struct ring *ring, uint32_t mebibytes);
void ring_release(struct ring *ring);

/*
 * Watches the interface from now on, instead of the one before. Needs no rights. The kernel stops by itself
 * when the interface goes down or vanishes and goes on when it comes up, but a new interface of the old name
 * needs a new call. False with errno.
 */
bool ring_bind(struct ring *ring, int interface_index, bool loopback, bool promiscuous);

/* Watches nothing from now on. */
void ring_unbind(struct ring *ring, int interface_index);

/* The next block that is full or timed out, NULL if there is none. To be given back with ring_return. */
struct tpacket_block_desc *ring_block(const struct ring *ring);
void ring_return(struct ring *ring, struct tpacket_block_desc *block);

/* Counts since the last call. False with errno. */
bool ring_statistics(const struct ring *ring, uint32_t *dropped, uint32_t *freezes);

/* Takes the error off the socket (ENETDOWN when its interface went away), so that poll does not spin on it. */
int ring_take_error(const struct ring *ring);

#endif
