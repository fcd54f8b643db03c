#include "diag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What the kernel fills in one go for whoever has room: NLMSG_GOODSIZE's bound. */
#define ANSWER_BYTES 32768u
/* Answers to one question: some 300,000 sockets. More is no answer that ends. */
#define MAX_ANSWERS 4096u

/* TIME_WAIT and SYN_RECV have no process, CLOSE has no conversation. */
#define LISTED_TCP_STATES \
  (1u << TCP_ESTABLISHED | 1u << TCP_SYN_SENT | 1u << TCP_FIN_WAIT1 | 1u << TCP_FIN_WAIT2 | 1u << TCP_CLOSE_WAIT | \
   1u << TCP_LAST_ACK | 1u << TCP_LISTEN | 1u << TCP_CLOSING)
/* Connected and not. */
#define LISTED_UDP_STATES (1u << TCP_ESTABLISHED | 1u << TCP_CLOSE)

int diag_open(void) {
  return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
}

struct port_range diag_given_ports(void) {
  /* Documentation/networking/ip-sysctl.rst */
  struct port_range range = {.first = 32768, .last = 60999};
  FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
  if (file == NULL) return range;
  unsigned first = 0;
  unsigned last = 0;
  if (fscanf(file, "%u %u", &first, &last) == 2 && first <= last && last <= UINT16_MAX) {
    range = (struct port_range){.first = (uint16_t)first, .last = (uint16_t)last};
  }
  fclose(file);
  return range;
}

static void copy_address(uint8_t address[SOCKET_ADDRESS_BYTES], const __be32 words[4], unsigned family) {
  if (family == AF_INET6) {
    memcpy(address, words, SOCKET_ADDRESS_BYTES);
    return;
  }
  memset(address, 0, SOCKET_ADDRESS_BYTES);
  address[10] = 0xff;
  address[11] = 0xff;
  memcpy(address + 12, words, sizeof words[0]);
}

static bool is_listener(const struct inet_diag_msg *told, uint16_t protocol, struct port_range given) {
  if (protocol == IPPROTO_TCP) return told->idiag_state == TCP_LISTEN;
  const uint16_t port = ntohs(told->id.idiag_sport);
  return told->idiag_state == TCP_CLOSE && port != 0 && (port < given.first || port > given.last);
}

/* The protocol is not in the answer: it rides in the sequence number of question and answer. */
static void read_socket(const struct nlmsghdr *header, struct port_range given,
                        void (*take)(void *, const struct diag_socket *), void *context) {
  struct inet_diag_msg told;
  memcpy(&told, NLMSG_DATA(header), sizeof told);
  if (told.idiag_family != AF_INET && told.idiag_family != AF_INET6) return;
  struct diag_socket found = {
      .cookie = (uint64_t)told.id.idiag_cookie[1] << 32 | told.id.idiag_cookie[0],
      .record = {
          .inode = told.idiag_inode,
          .user = told.idiag_uid,
          .effective_user = told.idiag_uid,
          .protocol = (uint16_t)header->nlmsg_seq,
          .local_port = ntohs(told.id.idiag_sport),
          .remote_port = ntohs(told.id.idiag_dport),
      },
  };
  struct socket_record *record = &found.record;
  const bool listens = is_listener(&told, record->protocol, given);
  record->header.type = listens ? RECORD_SOCKET_FOUND_LISTENER : RECORD_SOCKET_FOUND;
  /* Neither a conversation nor waiting for one. */
  if (!listens && record->remote_port == 0) return;
  copy_address(record->local, told.id.idiag_src, told.idiag_family);
  copy_address(record->remote, told.id.idiag_dst, told.idiag_family);
  take(context, &found);
}

bool diag_read(const unsigned char *bytes, size_t length, struct port_range given, bool *is_done,
               void (*take)(void *, const struct diag_socket *), void *context) {
  size_t at = 0;
  while (length - at >= sizeof(struct nlmsghdr)) {
    _Alignas(struct nlmsghdr) unsigned char message[NLMSG_SPACE(sizeof(struct inet_diag_msg))] = {0};
    struct nlmsghdr header;
    memcpy(&header, bytes + at, sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > length - at) {
      errno = EPROTO;
      return false;
    }
    const size_t kept = header.nlmsg_len < sizeof message ? header.nlmsg_len : sizeof message;
    memcpy(message, bytes + at, kept);
    if (header.nlmsg_type == NLMSG_DONE) {
      *is_done = true;
      return true;
    }
    if (header.nlmsg_type == NLMSG_ERROR) {
      struct nlmsgerr refusal = {0};
      if (header.nlmsg_len >= NLMSG_LENGTH(sizeof refusal.error)) {
        memcpy(&refusal.error, message + NLMSG_HDRLEN, sizeof refusal.error);
      }
      errno = refusal.error < 0 && refusal.error > -4096 ? -refusal.error : EPROTO;
      return false;
    }
    if (header.nlmsg_type == SOCK_DIAG_BY_FAMILY && header.nlmsg_len >= NLMSG_LENGTH(sizeof(struct inet_diag_msg))) {
      read_socket((const struct nlmsghdr *)(const void *)message, given, take, context);
    }
    const size_t step = NLMSG_ALIGN(header.nlmsg_len);
    if (step >= length - at) break;
    at += step;
  }
  return true;
}

static bool ask(int descriptor, int family, int protocol) {
  struct {
    struct nlmsghdr header;
    struct inet_diag_req_v2 question;
  } request = {
      .header =
          {
              .nlmsg_len = sizeof request,
              .nlmsg_type = SOCK_DIAG_BY_FAMILY,
              .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
              .nlmsg_seq = (uint32_t)protocol,
          },
      .question =
          {
              .sdiag_family = (uint8_t)family,
              .sdiag_protocol = (uint8_t)protocol,
              .idiag_states = protocol == IPPROTO_TCP ? LISTED_TCP_STATES : LISTED_UDP_STATES,
          },
  };
  return send(descriptor, &request, sizeof request, 0) == (ssize_t)sizeof request;
}

bool diag_list(int descriptor, int protocol, struct port_range given,
               void (*take)(void *, const struct diag_socket *), void *context) {
  static unsigned char answer[ANSWER_BYTES];
  const int families[] = {AF_INET, AF_INET6};
  /* What is left of an answer that was given up. */
  for (unsigned left = MAX_ANSWERS; left > 0; left--) {
    if (recv(descriptor, answer, sizeof answer, MSG_DONTWAIT) < 0 && errno != ENOBUFS) break;
  }
  for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
    if (!ask(descriptor, families[i], protocol)) return false;
    bool is_done = false;
    for (unsigned answers = 0; !is_done; answers++) {
      if (answers == MAX_ANSWERS) {
        errno = EPROTO;
        return false;
      }
      const ssize_t length = recv(descriptor, answer, sizeof answer, 0);
      if (length < 0) return false;
      if (!diag_read(answer, (size_t)length, given, &is_done, take, context)) {
        /* A kernel without IPv6, or without this kind of list. */
        if (errno != ENOENT && errno != EAFNOSUPPORT) return false;
        is_done = true;
      }
    }
  }
  return true;
}
