/* What an interface's packets look like, by its hardware type. */
#ifndef SENSE_LINKTYPE_H
#define SENSE_LINKTYPE_H

#include <stdbool.h>
#include <stdint.h>

/* Numbers of tcpdump.org/linktypes.html */
#define LINKTYPE_ETHERNET 1u
#define LINKTYPE_RAW_IP 101u
#define LINKTYPE_IEEE80211 105u
#define LINKTYPE_LINUX_COOKED 113u
#define LINKTYPE_IEEE80211_RADIOTAP 127u

struct link_form {
  uint32_t link_type;
  /* The link header is in front of the packet (SOCK_RAW), or the kernel takes it off (SOCK_DGRAM). */
  bool with_header;
};

/* `hardware_type` is one of ARPHRD_*. What is not in the table is written as Linux cooked. */
struct link_form link_form_of(uint16_t hardware_type);

#endif
