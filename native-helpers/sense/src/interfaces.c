#include "interfaces.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel sends messages of a dump in pieces of at most 32 KiB. */
#define RECEIVE_BYTES (32u * 1024u)
/* Room for the changes of a few hundred interfaces (a container host starting up). */
#define SOCKET_BUFFER_BYTES (1024 * 1024)

/* NLA_TYPE_MASK and NLA_ALIGNTO, which mix signed and unsigned. */
#define ATTRIBUTE_TYPE_MASK 0x3fffu
#define ATTRIBUTE_ALIGNMENT 4u

enum kind_rule { UNLESS_ENSLAVED, IF_PEER_ELSEWHERE };

static const struct {
  const char *kind;
  enum kind_rule rule;
} automatic_kinds[] = {
    {"tun", UNLESS_ENSLAVED},
    {"wireguard", UNLESS_ENSLAVED},
    {"ppp", UNLESS_ENSLAVED},
    {"wwan", UNLESS_ENSLAVED},
    {"ipip", UNLESS_ENSLAVED},
    {"ip6tnl", UNLESS_ENSLAVED},
    {"sit", UNLESS_ENSLAVED},
    {"gre", UNLESS_ENSLAVED},
    {"ip6gre", UNLESS_ENSLAVED},
    {"vti", UNLESS_ENSLAVED},
    {"vti6", UNLESS_ENSLAVED},
    {"xfrm", UNLESS_ENSLAVED},
    {"veth", UNLESS_ENSLAVED},
    {"macvlan", IF_PEER_ELSEWHERE},
    {"ipvlan", IF_PEER_ELSEWHERE},
    {"vlan", IF_PEER_ELSEWHERE},
};

bool interface_is_automatic(const struct interface *interface) {
  if (interface->loopback) return false;
  /* Hardware counts even as a port of a bridge or bond, because those do not. */
  if (interface->kind[0] == '\0') return true;
  for (size_t i = 0; i < sizeof automatic_kinds / sizeof automatic_kinds[0]; i++) {
    if (strcmp(automatic_kinds[i].kind, interface->kind) != 0) continue;
    return automatic_kinds[i].rule == IF_PEER_ELSEWHERE ? interface->peer_elsewhere : !interface->enslaved;
  }
  return false;
}

/* One attribute of a list: its type and the bytes after its header. */
struct attribute {
  uint16_t type;
  const unsigned char *bytes;
  size_t length;
};

/* Takes the next attribute off the list. False at the end, or where the list is damaged. */
static bool next_attribute(const unsigned char **list, size_t *left, struct attribute *attribute) {
  struct nlattr header;
  if (*left < sizeof header) return false;
  memcpy(&header, *list, sizeof header);
  if (header.nla_len < sizeof header || header.nla_len > *left) return false;
  attribute->type = header.nla_type & ATTRIBUTE_TYPE_MASK;
  attribute->bytes = *list + sizeof header;
  attribute->length = header.nla_len - sizeof header;
  size_t step = ((size_t)header.nla_len + ATTRIBUTE_ALIGNMENT - 1u) & ~(size_t)(ATTRIBUTE_ALIGNMENT - 1u);
  if (step > *left) step = *left;
  *list += step;
  *left -= step;
  return true;
}

static void copy_text(char *target, size_t target_bytes, const struct attribute *attribute) {
  size_t length = strnlen((const char *)attribute->bytes, attribute->length);
  if (length >= target_bytes) length = target_bytes - 1;
  memcpy(target, attribute->bytes, length);
  target[length] = '\0';
}

static void parse_link_info(struct interface *interface, const unsigned char *list, size_t left) {
  struct attribute attribute;
  while (next_attribute(&list, &left, &attribute)) {
    if (attribute.type == IFLA_INFO_KIND) copy_text(interface->kind, sizeof interface->kind, &attribute);
  }
}

bool interface_parse(const void *message, size_t bytes, struct interface *interface, bool *removed) {
  struct nlmsghdr header;
  struct ifinfomsg info;
  const size_t fixed_bytes = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof info);
  if (bytes < fixed_bytes) return false;
  memcpy(&header, message, sizeof header);
  if (header.nlmsg_type != RTM_NEWLINK && header.nlmsg_type != RTM_DELLINK) return false;
  if (header.nlmsg_len < fixed_bytes || header.nlmsg_len > bytes) return false;
  memcpy(&info, (const unsigned char *)message + NLMSG_HDRLEN, sizeof info);
  /* A bridge says in this family what is about its port, not about the interface. */
  if (info.ifi_family != AF_UNSPEC || info.ifi_index <= 0) return false;

  *removed = header.nlmsg_type == RTM_DELLINK;
  *interface = (struct interface){
      .index = info.ifi_index,
      .hardware_type = info.ifi_type,
      .loopback = (info.ifi_flags & IFF_LOOPBACK) != 0,
      .switched_on = (info.ifi_flags & IFF_UP) != 0,
      /* IFF_LOWER_UP is not in net/if.h, and linux/if.h cannot be included beside it. */
      .linked = (info.ifi_flags & (1u << 16)) != 0,
  };
  const unsigned char *list = (const unsigned char *)message + fixed_bytes;
  size_t left = header.nlmsg_len - fixed_bytes;
  struct attribute attribute;
  while (next_attribute(&list, &left, &attribute)) {
    switch (attribute.type) {
      case IFLA_IFNAME: copy_text(interface->name, sizeof interface->name, &attribute); break;
      case IFLA_LINKINFO: parse_link_info(interface, attribute.bytes, attribute.length); break;
      case IFLA_MASTER: interface->enslaved = true; break;
      case IFLA_LINK_NETNSID: interface->peer_elsewhere = true; break;
      default: break;
    }
  }
  return interface->name[0] != '\0';
}

int interfaces_open(void) {
  int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
  if (descriptor < 0) return -1;
  int buffer_bytes = SOCKET_BUFFER_BYTES;
  /* A smaller buffer is no failure: an overflow is noticed and the list asked for again. */
  (void)setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
  struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
  if (bind(descriptor, (const struct sockaddr *)(const void *)&address, sizeof address) != 0) {
    int error = errno;
    close(descriptor);
    errno = error;
    return -1;
  }
  return descriptor;
}

bool interfaces_request(int descriptor) {
  struct {
    struct nlmsghdr header;
    struct ifinfomsg info;
  } request = {
      .header = {.nlmsg_len = sizeof request, .nlmsg_type = RTM_GETLINK, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
  };
  struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
  const struct sockaddr *address = (const struct sockaddr *)(const void *)&kernel;
  return sendto(descriptor, &request, sizeof request, 0, address, sizeof kernel) == (ssize_t)sizeof request;
}

enum interfaces_progress interfaces_read(int descriptor, interface_handler *handler, void *context) {
  static _Alignas(struct nlmsghdr) unsigned char buffer[RECEIVE_BYTES];
  for (;;) {
    struct sockaddr_nl sender = {0};
    socklen_t sender_bytes = sizeof sender;
    struct sockaddr *address = (struct sockaddr *)(void *)&sender;
    ssize_t received = recvfrom(descriptor, buffer, sizeof buffer, 0, address, &sender_bytes);
    if (received < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return INTERFACES_WAIT;
      return errno == ENOBUFS ? INTERFACES_OVERFLOW : INTERFACES_FAILED;
    }
    /* Any process may send to this socket; only the kernel has port 0. */
    if (sender.nl_pid != 0) continue;
    size_t left = (size_t)received;
    const unsigned char *message = buffer;
    bool listed = false;
    while (left >= sizeof(struct nlmsghdr)) {
      struct nlmsghdr header;
      memcpy(&header, message, sizeof header);
      if (header.nlmsg_len < sizeof header || header.nlmsg_len > left) break;
      if (header.nlmsg_type == NLMSG_DONE) listed = true;
      /* A list that the kernel could not make (EBUSY: one is under way) is as good as a lost one. */
      if (header.nlmsg_type == NLMSG_ERROR) return INTERFACES_OVERFLOW;
      struct interface interface;
      bool removed;
      if (interface_parse(message, left, &interface, &removed)) handler(context, &interface, removed);
      size_t step = NLMSG_ALIGN((size_t)header.nlmsg_len);
      if (step > left) step = left;
      message += step;
      left -= step;
    }
    if (listed) return INTERFACES_LISTED;
  }
}
