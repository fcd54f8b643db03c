#include "audit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "audit_control.h"
#include "moments.h"

/* Some 10,000 programs with usual command lines. */
#define RECEIVE_BYTES (16 * 1024 * 1024)
/* In one go: the connector and the signals to stop want their turn. */
#define MAX_MESSAGES 8192u
/* What a busy machine takes to execute a program and to tell of it. */
#define PROOF_MS 3000u
#define PROOF_POLL_MS 20
#define LOCKED 2u

/* Of all records those that an executed program is told by, and what the rules become. */
static bool filter_records(int reader) {
  static const uint16_t types[] = {AUDIT_SYSCALL, AUDIT_EXECVE,    AUDIT_CWD,          AUDIT_PATH,
                                   AUDIT_EOE,     AUDIT_PROCTITLE, AUDIT_CONFIG_CHANGE};
  enum { COUNT = sizeof types / sizeof types[0] };
  struct sock_filter code[COUNT + 3] = {
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_type)),
  };
  /* Packet filters read network byte order. */
  for (unsigned i = 0; i < COUNT; i++) {
    code[1 + i] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __builtin_bswap16(types[i]),
                                               (uint8_t)(COUNT - i), 0);
  }
  code[COUNT + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
  code[COUNT + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, UINT32_MAX);
  struct sock_fprog program = {.len = COUNT + 3, .filter = code};
  return setsockopt(reader, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

static int open_reader(void) {
  int reader = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_AUDIT);
  if (reader < 0) return -1;
  const int bytes = RECEIVE_BYTES;
  /* Forcing needs CAP_NET_ADMIN; a smaller one overflows sooner, which is counted. */
  if (setsockopt(reader, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0) {
    (void)setsockopt(reader, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  }
  const struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = 1u << (AUDIT_NLGRP_READLOG - 1)};
  if (filter_records(reader) && bind(reader, (const struct sockaddr *)&address, sizeof address) == 0) return reader;
  const int error = errno;
  close(reader);
  errno = error;
  return -1;
}

/* Rules of ours come and go with other runs; of our own only that it went matters. */
static void note_change(struct audit *audit, const char *text, size_t length) {
  char key[OWN_KEY_BYTES];
  uint32_t keeper = 0;
  uint64_t start_ns = 0;
  if (audit_change_of(text, length, key, sizeof key) != CHANGE_RULES) return;
  const bool is_others = audit_key_is_own(key, &keeper, &start_ns) && audit->has_rule &&
                         (keeper != audit->guard.process || start_ns != audit->guard.start_ns);
  if (!is_others) audit->is_changed = true;
}

bool audit_read(struct audit *audit, uint64_t now_ms, audit_take *take, void *context) {
  static unsigned char bytes[MAX_AUDIT_MESSAGE_BYTES];
  for (unsigned messages = 0; messages < MAX_MESSAGES; messages++) {
    struct sockaddr_nl sender = {0};
    socklen_t sender_bytes = sizeof sender;
    const ssize_t count =
        recvfrom(audit->reader, bytes, sizeof bytes, 0, (struct sockaddr *)&sender, &sender_bytes);
    if (count < 0) {
      if (errno == EAGAIN) break;
      if (errno == EINTR) continue;
      if (errno != ENOBUFS) return false;
      audit->lost++;
      continue;
    }
    /* Users of this machine can send to the socket; only the kernel has number 0. */
    if (sender.nl_pid != 0 || (size_t)count < NLMSG_HDRLEN) continue;
    struct nlmsghdr header;
    memcpy(&header, bytes, sizeof header);
    /* The header's length is without itself on some kernels: the datagram's is what counts. */
    const char *text = (const char *)bytes + NLMSG_HDRLEN;
    const size_t length = (size_t)count - NLMSG_HDRLEN;
    if (header.nlmsg_type == AUDIT_CONFIG_CHANGE) note_change(audit, text, length);
    else audit_events_add(&audit->events, header.nlmsg_type, text, length, now_ms, take, context);
  }
  audit_events_flush(&audit->events, now_ms, take, context);
  return true;
}

static void judge(void *context, const struct audit_rule_data *rule, size_t bytes) {
  audit_judge(context, rule, bytes);
}

/* Rules are only noted while they are listed: the answers to an order would come between. */
#define MAX_LEFT 16u
struct left_behind {
  unsigned count;
  struct audit_guard guards[MAX_LEFT];
};

static void find_left_behind(void *context, const struct audit_rule_data *rule, size_t bytes) {
  struct left_behind *left = context;
  struct audit_guard guard = {.life = -1};
  if (left->count == MAX_LEFT || !audit_rule_is_own(rule, bytes, &guard.process, &guard.start_ns)) return;
  if (!audit_guard_lives(guard.process, guard.start_ns)) left->guards[left->count++] = guard;
}

static void sweep(int control) {
  struct left_behind left = {.count = 0};
  if (!audit_control_rules(control, find_left_behind, &left)) return;
  for (unsigned i = 0; i < left.count; i++) {
    union own_rule rule;
    const size_t bytes = audit_own_rule(&rule, left.guards[i].process, left.guards[i].start_ns);
    (void)audit_control_order(control, AUDIT_DEL_RULE, &rule, bytes);
  }
}

void audit_sweep(void) {
  const int control = audit_control_open();
  if (control < 0) return;
  struct audit_status status;
  if (audit_control_status(control, &status) && status.enabled != LOCKED) sweep(control);
  close(control);
}

struct proof {
  uint32_t process;
  bool is_told;
};

static void look_for_proof(void *context, const struct process_record *record, const char *texts) {
  (void)texts;
  struct proof *proof = context;
  if (record->process == proof->process && (record->flags & FLAG_INCOMPLETE) == 0) proof->is_told = true;
}

/* Executes a program that does nothing. 0 where it could not. */
static pid_t execute_something(void) {
  const pid_t child = fork();
  if (child != 0) return child < 0 ? 0 : child;
  char *const arguments[] = {(char[]){"sense"}, (char[]){"--version"}, NULL};
  char *const environment[] = {NULL};
  const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nowhere >= 0) (void)dup2(nowhere, STDOUT_FILENO);
  if (nowhere >= 0) (void)dup2(nowhere, STDERR_FILENO);
  (void)execve("/proc/self/exe", arguments, environment);
  _exit(1);
}

/* Whether what rules promise comes true: other namespaces hear nothing, and what began before auditing is not told. */
static bool prove(struct audit *audit) {
  const pid_t child = execute_something();
  struct proof proof = {.process = (uint32_t)child};
  const uint64_t end_ms = monotonic_ms() + PROOF_MS;
  bool can_read = child != 0;
  while (can_read && !proof.is_told && monotonic_ms() < end_ms) {
    struct pollfd watched = {.fd = audit->reader, .events = POLLIN};
    (void)poll(&watched, 1, PROOF_POLL_MS);
    can_read = audit_read(audit, monotonic_ms(), look_for_proof, &proof);
  }
  if (child != 0) (void)waitpid(child, NULL, 0);
  return proof.is_told;
}

/* Why no rule of our own may be added; NULL where it may. */
static const char *why_no_rule(const struct audit_status *status, const struct audit_judgement *judgement,
                               bool may_add_rule) {
  if (status->enabled == LOCKED) return "its rules are locked";
  if (judgement->is_hushed) return "its rules leave programs out";
  if (status->pid != 0) return "auditd runs and has no rule for every execve";
  if (!may_add_rule) return "it has no rule for every execve, and adding one is not allowed";
  return NULL;
}

/* Looks at what there is; adds our rule where it is needed. What can be read of executed programs. */
static enum audit_coverage prepare(struct audit *audit, int control, bool may_add_rule, uint32_t user,
                                   char detail[AUDIT_DETAIL_BYTES]) {
  struct audit_status status;
  struct audit_judgement judgement = {0};
  if (!audit_control_status(control, &status)) {
    snprintf(detail, AUDIT_DETAIL_BYTES, "it does not answer: %s", strerror(errno));
    return COVERAGE_NONE;
  }
  if (status.enabled == 0) {
    snprintf(detail, AUDIT_DETAIL_BYTES, "it is switched off");
    return COVERAGE_NONE;
  }
  if (status.enabled != LOCKED) sweep(control);
  if (!audit_control_rules(control, judge, &judgement)) {
    snprintf(detail, AUDIT_DETAIL_BYTES, "its rules cannot be read: %s", strerror(errno));
    return COVERAGE_NONE;
  }
  const enum audit_coverage coverage = audit_coverage_of(&judgement);
  if (coverage == COVERAGE_WHOLE) return coverage;
  const char *reason = why_no_rule(&status, &judgement, may_add_rule);
  if (reason != NULL) {
    snprintf(detail, AUDIT_DETAIL_BYTES, "%s", reason);
    return coverage;
  }
  if (!audit_guard_start(control, user, &audit->guard)) {
    snprintf(detail, AUDIT_DETAIL_BYTES, "a rule cannot be added: %s", strerror(errno));
    return coverage;
  }
  audit->has_rule = true;
  return COVERAGE_WHOLE;
}

/* A rule that brings nothing must not stay. */
static void give_rule_up(struct audit *audit) {
  if (audit->has_rule) close(audit->guard.life);
  audit->has_rule = false;
}

bool audit_open(struct audit *audit, bool may_add_rule, uint32_t user, char detail[AUDIT_DETAIL_BYTES]) {
  audit->reader = -1;
  const int control = audit_control_open();
  if (control < 0) {
    snprintf(detail, AUDIT_DETAIL_BYTES, "there is none: %s", strerror(errno));
    return false;
  }
  const enum audit_coverage coverage = prepare(audit, control, may_add_rule, user, detail);
  close(control);
  if (coverage == COVERAGE_NONE) return false;
  audit->reader = open_reader();
  if (audit->reader < 0) {
    snprintf(detail, AUDIT_DETAIL_BYTES, "its records cannot be read: %s", strerror(errno));
    give_rule_up(audit);
    return false;
  }
  audit->is_whole = coverage == COVERAGE_WHOLE;
  if (audit->is_whole && !prove(audit)) {
    snprintf(detail, AUDIT_DETAIL_BYTES, "it does not tell of a program that was executed to try it");
    audit->is_whole = false;
    give_rule_up(audit);
  }
  /* What was told until now were our own doings and what came before the rules were read. */
  audit->is_changed = false;
  return true;
}
