#include "linktype.h"

#include <linux/if_arp.h>
#include <stddef.h>

static const struct {
  uint16_t hardware_type;
  struct link_form form;
} forms[] = {
    {ARPHRD_ETHER, {LINKTYPE_ETHERNET, true}},
    {ARPHRD_LOOPBACK, {LINKTYPE_ETHERNET, true}},
    {ARPHRD_IEEE80211, {LINKTYPE_IEEE80211, true}},
    {ARPHRD_IEEE80211_RADIOTAP, {LINKTYPE_IEEE80211_RADIOTAP, true}},
    /* Point-to-point: the header in front of the packet depends on the driver and the direction, or is none. */
    {ARPHRD_NONE, {LINKTYPE_RAW_IP, false}}, /* tun, wireguard */
    {ARPHRD_RAWIP, {LINKTYPE_RAW_IP, false}}, /* mobile broadband */
    {ARPHRD_PPP, {LINKTYPE_RAW_IP, false}},
    {ARPHRD_TUNNEL, {LINKTYPE_RAW_IP, false}},
    {ARPHRD_TUNNEL6, {LINKTYPE_RAW_IP, false}},
    {ARPHRD_SIT, {LINKTYPE_RAW_IP, false}},
    {ARPHRD_IPGRE, {LINKTYPE_RAW_IP, false}},
    {ARPHRD_IP6GRE, {LINKTYPE_RAW_IP, false}},
};

struct link_form link_form_of(uint16_t hardware_type) {
  for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
    if (forms[i].hardware_type == hardware_type) return forms[i].form;
  }
  return (struct link_form){LINKTYPE_LINUX_COOKED, false};
}
