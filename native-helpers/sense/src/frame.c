#include "frame.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <string.h>

#define MAC_ADDRESSES_BYTES (2u * ETH_ALEN)
#define VLAN_TAG_BYTES 4u
/* tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html */
#define COOKED_HEADER_BYTES 16u
#define COOKED_ADDRESS_BYTES 8u

static_assert(VLAN_TAG_BYTES <= MAX_ADDED_BYTES && COOKED_HEADER_BYTES <= MAX_ADDED_BYTES, "records have room");

/*
 * The kernel puts the packet's link-layer address behind its header, and both before the packet: tpacket_rcv in
 * net/packet/af_packet.c. (The header's own macros mix signed and unsigned.)
 */
#define ADDRESS_OFFSET ((sizeof(struct tpacket3_hdr) + TPACKET_ALIGNMENT - 1u) & ~(size_t)(TPACKET_ALIGNMENT - 1u))
#define PACKET_OFFSET (ADDRESS_OFFSET + sizeof(struct sockaddr_ll))

static struct sockaddr_ll address_of(const struct tpacket3_hdr *packet) {
  struct sockaddr_ll address;
  memcpy(&address, (const unsigned char *)packet + ADDRESS_OFFSET, sizeof address);
  return address;
}

static void write_cooked_header(unsigned char *header, const struct sockaddr_ll *address) {
  uint16_t fields[] = {htons(address->sll_pkttype), htons(address->sll_hatype), htons(address->sll_halen)};
  memcpy(header, fields, sizeof fields);
  memcpy(header + sizeof fields, address->sll_addr, COOKED_ADDRESS_BYTES);
  memcpy(header + sizeof fields + COOKED_ADDRESS_BYTES, &address->sll_protocol, sizeof address->sll_protocol);
}

static void write_vlan_tag(unsigned char *tag, const struct tpacket3_hdr *packet) {
  uint16_t protocol = (packet->tp_status & TP_STATUS_VLAN_TPID_VALID) ? packet->hv1.tp_vlan_tpid : ETH_P_8021Q;
  uint16_t fields[] = {htons(protocol), htons((uint16_t)packet->hv1.tp_vlan_tci)};
  memcpy(tag, fields, sizeof fields);
}

bool frame_write(struct output *output, unsigned slot, uint32_t link_type, const struct tpacket3_hdr *packet,
                 size_t room, uint32_t *wire_bytes) {
  if (room < PACKET_OFFSET) return false;
  uint32_t captured = packet->tp_snaplen;
  if (captured > MAX_SNAP_BYTES) captured = MAX_SNAP_BYTES;
  if (packet->tp_mac < PACKET_OFFSET || packet->tp_mac > room || captured > room - packet->tp_mac) return false;
  const unsigned char *bytes = (const unsigned char *)packet + packet->tp_mac;

  uint32_t before = 0; /* bytes of the packet that stand before what is added */
  uint32_t added = 0;
  struct sockaddr_ll address = {0};
  if (link_type == LINKTYPE_ETHERNET) {
    if ((packet->tp_status & TP_STATUS_VLAN_VALID) && captured >= MAC_ADDRESSES_BYTES) {
      before = MAC_ADDRESSES_BYTES;
      added = VLAN_TAG_BYTES;
    }
  } else if (link_type == LINKTYPE_RAW_IP || link_type == LINKTYPE_LINUX_COOKED) {
    address = address_of(packet);
    if (link_type == LINKTYPE_LINUX_COOKED) {
      added = COOKED_HEADER_BYTES;
    } else if (address.sll_protocol != htons(ETH_P_IP) && address.sll_protocol != htons(ETH_P_IPV6)) {
      return false;
    }
  }

  size_t record_bytes = sizeof(struct packet_record) + added + captured;
  struct packet_record *record = output_record(output, RECORD_PACKET, slot, record_bytes);
  record->seconds = packet->tp_sec;
  record->nanoseconds = packet->tp_nsec;
  record->captured_bytes = captured + added;
  record->wire_bytes = packet->tp_len + added;
  unsigned char *frame = (unsigned char *)(record + 1);
  if (added == 0) {
    memcpy(frame, bytes, captured);
  } else {
    memcpy(frame, bytes, before);
    if (link_type == LINKTYPE_ETHERNET) write_vlan_tag(frame + before, packet);
    else write_cooked_header(frame, &address);
    memcpy(frame + before + added, bytes + before, captured - before);
  }
  *wire_bytes = record->wire_bytes;
  return true;
}
