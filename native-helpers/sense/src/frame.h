/* From a packet in the kernel's ring to a packet record. */
#ifndef SENSE_FRAME_H
#define SENSE_FRAME_H

#include <linux/if_packet.h>
#include <stdbool.h>

#include "linktype.h"
#include "output.h"

/*
 * Writes the packet at `packet` (a TPACKET_V3 header, its address and its bytes) as one record. `room` is how
 * many bytes there are from `packet` to the end of its block. An 802.1Q tag that the network card or the
 * kernel took off is put back. False, and nothing is written: a packet without IP on a raw IP link (PPP's own
 * control packets), or one that does not lie within `room`.
 */
bool frame_write(struct output *output, unsigned slot, uint32_t link_type, const struct tpacket3_hdr *packet,
                 size_t room, uint32_t *wire_bytes);

#endif
