#include "connector.h"

#include <errno.h>
#include <linux/connector.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Some 30,000 messages, as the kernel counts them: as long as a slow reader may take. */
#define RECEIVE_BYTES (16 * 1024 * 1024)
#define MESSAGE_BYTES 1024u
/* In one go: the ring of the eBPF program and the signals to stop want their turn. */
#define MAX_MESSAGES 4096u

#define EVENT_OFFSET (NLMSG_HDRLEN + sizeof(struct cn_msg))

static bool filter_credentials(int descriptor) {
  /* Packet filters read network byte order. */
  const uint32_t kind = (uint32_t)(EVENT_OFFSET + offsetof(struct proc_event, what));
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kind),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __builtin_bswap32(PROC_EVENT_UID), 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __builtin_bswap32(PROC_EVENT_GID), 1, 0),
      BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
  };
  struct sock_fprog program = {.len = sizeof code / sizeof code[0], .filter = code};
  return setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

/* There is no way back: the kernel ends it with the socket (since 6.6), and asking takes a right that is given up. */
static bool subscribe(int descriptor) {
  const enum proc_cn_mcast_op operation = PROC_CN_MCAST_LISTEN;
  unsigned char request[EVENT_OFFSET + sizeof operation];
  const struct nlmsghdr header = {.nlmsg_len = sizeof request, .nlmsg_type = NLMSG_DONE};
  const struct cn_msg message = {.id = {.idx = CN_IDX_PROC, .val = CN_VAL_PROC}, .len = sizeof operation};
  memcpy(request, &header, sizeof header);
  memcpy(request + NLMSG_HDRLEN, &message, sizeof message);
  memcpy(request + EVENT_OFFSET, &operation, sizeof operation);
  return send(descriptor, request, sizeof request, 0) == (ssize_t)sizeof request;
}

int connector_open(enum connector_wish wish) {
  int descriptor = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_CONNECTOR);
  if (descriptor < 0) return -1;
  const int bytes = RECEIVE_BYTES;
  /* Forcing needs CAP_NET_ADMIN; a smaller one overflows sooner, which is counted. */
  if (setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0) {
    (void)setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  }
  struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC};
  if ((wish == CONNECTOR_EVERYTHING || filter_credentials(descriptor)) &&
      bind(descriptor, (const struct sockaddr *)&address, sizeof address) == 0 &&
      subscribe(descriptor)) {
    return descriptor;
  }
  int error = errno;
  close(descriptor);
  errno = error;
  return -1;
}

bool connector_read(int descriptor, void (*take)(void *, const struct proc_event *), void *context, uint64_t *lost) {
  _Alignas(NLMSG_ALIGNTO) unsigned char bytes[MESSAGE_BYTES];
  for (unsigned messages = 0; messages < MAX_MESSAGES; messages++) {
    struct sockaddr_nl sender = {0};
    socklen_t sender_bytes = sizeof sender;
    ssize_t count = recvfrom(descriptor, bytes, sizeof bytes, 0, (struct sockaddr *)&sender, &sender_bytes);
    if (count < 0) {
      if (errno == EAGAIN) return true;
      if (errno == EINTR) continue;
      if (errno != ENOBUFS) return false;
      (*lost)++;
      continue;
    }
    /* Users of this machine can send to the socket; only the kernel has number 0. */
    if (sender.nl_pid != 0 || (size_t)count < EVENT_OFFSET + offsetof(struct proc_event, event_data)) continue;
    struct cn_msg message;
    memcpy(&message, bytes + NLMSG_HDRLEN, sizeof message);
    if (message.id.idx != CN_IDX_PROC || message.id.val != CN_VAL_PROC) continue;
    struct proc_event event = {0};
    size_t present = (size_t)count - EVENT_OFFSET;
    memcpy(&event, bytes + EVENT_OFFSET, present < sizeof event ? present : sizeof event);
    take(context, &event);
  }
  return true;
}
