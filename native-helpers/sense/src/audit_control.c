#include "audit_control.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* The kernel answers at once; a thread of its own lists the rules. */
#define ANSWER_SECONDS 2
/* Answers to earlier questions are passed over. */
#define MAX_PASSED 64u

int audit_control_open(void) {
  int control = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
  if (control < 0) return -1;
  const struct timeval limit = {.tv_sec = ANSWER_SECONDS};
  struct sockaddr_nl address = {.nl_family = AF_NETLINK};
  if (setsockopt(control, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0 &&
      bind(control, (const struct sockaddr *)&address, sizeof address) == 0) {
    return control;
  }
  const int error = errno;
  close(control);
  errno = error;
  return -1;
}

bool audit_control_send(int control, uint16_t type, uint16_t flags, const void *payload, size_t bytes) {
  _Alignas(NLMSG_ALIGNTO) unsigned char message[MAX_AUDIT_MESSAGE_BYTES] = {0};
  if (bytes > sizeof message - NLMSG_HDRLEN) {
    errno = EMSGSIZE;
    return false;
  }
  const struct nlmsghdr header = {
      .nlmsg_len = (uint32_t)(NLMSG_HDRLEN + bytes),
      .nlmsg_type = type,
      .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
      .nlmsg_seq = 1,
  };
  memcpy(message, &header, sizeof header);
  if (bytes > 0) memcpy(message + NLMSG_HDRLEN, payload, bytes);
  const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
  return sendto(control, message, header.nlmsg_len, 0, (const struct sockaddr *)&kernel, sizeof kernel) ==
         (ssize_t)header.nlmsg_len;
}

struct answer {
  uint16_t type;
  size_t bytes; /* of the payload */
  _Alignas(NLMSG_ALIGNTO) unsigned char message[MAX_AUDIT_MESSAGE_BYTES];
};

/* The next message of the kernel. False with errno. */
static bool receive(int control, struct answer *answer) {
  for (;;) {
    struct sockaddr_nl sender = {0};
    socklen_t sender_bytes = sizeof sender;
    const ssize_t count = recvfrom(control, answer->message, sizeof answer->message, 0, (struct sockaddr *)&sender,
                                   &sender_bytes);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      if (errno == EAGAIN) errno = ETIMEDOUT;
      return false;
    }
    if (sender.nl_pid != 0 || (size_t)count < NLMSG_HDRLEN) continue;
    struct nlmsghdr header;
    memcpy(&header, answer->message, sizeof header);
    answer->type = header.nlmsg_type;
    answer->bytes = (size_t)count - NLMSG_HDRLEN;
    return true;
  }
}

/* What an NLMSG_ERROR says: 0 is a yes. */
static int error_of(const struct answer *answer) {
  int32_t error = -EPROTO;
  if (answer->bytes >= sizeof error) memcpy(&error, answer->message + NLMSG_HDRLEN, sizeof error);
  return -error;
}

bool audit_control_order(int control, uint16_t type, const void *payload, size_t bytes) {
  static struct answer answer;
  if (!audit_control_send(control, type, NLM_F_ACK, payload, bytes)) return false;
  for (unsigned passed = 0; passed < MAX_PASSED; passed++) {
    if (!receive(control, &answer)) return false;
    if (answer.type != NLMSG_ERROR) continue;
    errno = error_of(&answer);
    return errno == 0;
  }
  errno = EPROTO;
  return false;
}

bool audit_control_status(int control, struct audit_status *status) {
  static struct answer answer;
  *status = (struct audit_status){0};
  if (!audit_control_send(control, AUDIT_GET, 0, NULL, 0)) return false;
  for (unsigned passed = 0; passed < MAX_PASSED; passed++) {
    if (!receive(control, &answer)) return false;
    if (answer.type == NLMSG_ERROR && error_of(&answer) != 0) {
      errno = error_of(&answer);
      return false;
    }
    if (answer.type != AUDIT_GET) continue;
    /* Older kernels know less of it. */
    memcpy(status, answer.message + NLMSG_HDRLEN, answer.bytes < sizeof *status ? answer.bytes : sizeof *status);
    return true;
  }
  errno = EPROTO;
  return false;
}

bool audit_control_rules(int control, void (*take)(void *, const struct audit_rule_data *, size_t), void *context) {
  static struct answer answer;
  if (!audit_control_send(control, AUDIT_LIST_RULES, 0, NULL, 0)) return false;
  for (unsigned rules = 0; rules < MAX_AUDIT_RULES; rules++) {
    if (!receive(control, &answer)) return false;
    if (answer.type == NLMSG_DONE) return true;
    if (answer.type == NLMSG_ERROR && error_of(&answer) != 0) {
      errno = error_of(&answer);
      return false;
    }
    if (answer.type == AUDIT_LIST_RULES && answer.bytes >= sizeof(struct audit_rule_data)) {
      take(context, (const struct audit_rule_data *)(const void *)(answer.message + NLMSG_HDRLEN), answer.bytes);
    }
  }
  errno = E2BIG;
  return false;
}
