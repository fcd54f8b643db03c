/* Unit tests of how lists of sockets are read and compared. Run under the sanitizers: make test. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "arguments.h"
#include "check.h"
#include "diag.h"
#include "known.h"

#define MAX_TAKEN 64
static struct diag_socket taken[MAX_TAKEN];
static unsigned count;

static void take(void *context, const struct diag_socket *socket) {
  (void)context;
  if (count < MAX_TAKEN) taken[count] = *socket;
  count++;
}

static const struct port_range given = {.first = 32768, .last = 60999};

struct answer {
  struct nlmsghdr header;
  struct inet_diag_msg told;
};

static struct answer answer_about(int protocol, int family, int state, uint16_t local, uint16_t remote) {
  struct answer answer = {
      .header = {.nlmsg_len = sizeof answer, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_seq = (uint32_t)protocol},
      .told = {.idiag_family = (uint8_t)family, .idiag_state = (uint8_t)state, .idiag_uid = 1000, .idiag_inode = 77},
  };
  answer.told.id.idiag_sport = htons(local);
  answer.told.id.idiag_dport = htons(remote);
  answer.told.id.idiag_src[0] = htonl(0x7f000001);
  answer.told.id.idiag_cookie[0] = 5;
  answer.told.id.idiag_cookie[1] = 1;
  return answer;
}

static void test_answers(void) {
  static const struct {
    int protocol;
    int family;
    int state;
    uint16_t local;
    uint16_t remote;
    int type; /* 0: not told of */
  } rows[] = {
      {IPPROTO_TCP, AF_INET, TCP_LISTEN, 40000, 0, RECORD_SOCKET_FOUND_LISTENER},
      {IPPROTO_TCP, AF_INET6, TCP_ESTABLISHED, 22, 50000, RECORD_SOCKET_FOUND},
      {IPPROTO_UDP, AF_INET, TCP_CLOSE, 53, 0, RECORD_SOCKET_FOUND_LISTENER},
      {IPPROTO_UDP, AF_INET, TCP_CLOSE, 61000, 0, RECORD_SOCKET_FOUND_LISTENER},
      {IPPROTO_UDP, AF_INET, TCP_CLOSE, 40000, 0, 0},
      {IPPROTO_UDP, AF_INET, TCP_CLOSE, 0, 0, 0},
      {IPPROTO_UDP, AF_INET, TCP_ESTABLISHED, 40000, 53, RECORD_SOCKET_FOUND},
      {IPPROTO_TCP, AF_UNIX, TCP_ESTABLISHED, 1, 1, 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const struct answer answer =
        answer_about(rows[i].protocol, rows[i].family, rows[i].state, rows[i].local, rows[i].remote);
    bool is_done = false;
    count = 0;
    CHECK(diag_read((const unsigned char *)&answer, sizeof answer, given, &is_done, take, NULL) && !is_done);
    CHECK(count == (rows[i].type == 0 ? 0u : 1u));
    if (rows[i].type == 0) continue;
    const struct socket_record *record = &taken[0].record;
    CHECK(record->header.type == rows[i].type && record->protocol == rows[i].protocol);
    CHECK(record->local_port == rows[i].local && record->remote_port == rows[i].remote);
    CHECK(record->inode == 77 && record->user == 1000 && taken[0].cookie == 0x100000005u);
    CHECK(record->local[10] == (rows[i].family == AF_INET ? 0xff : 0));
  }
}

static void test_ends(void) {
  struct nlmsghdr done = {.nlmsg_len = sizeof done, .nlmsg_type = NLMSG_DONE};
  bool is_done = false;
  CHECK(diag_read((const unsigned char *)&done, sizeof done, given, &is_done, take, NULL) && is_done);
  struct {
    struct nlmsghdr header;
    struct nlmsgerr refusal;
  } error = {.header = {.nlmsg_len = sizeof error, .nlmsg_type = NLMSG_ERROR}, .refusal = {.error = -ENOENT}};
  CHECK(!diag_read((const unsigned char *)&error, sizeof error, given, &is_done, take, NULL) && errno == ENOENT);
  error.refusal.error = 5;
  CHECK(!diag_read((const unsigned char *)&error, sizeof error, given, &is_done, take, NULL) && errno == EPROTO);
  done.nlmsg_len = 4;
  CHECK(!diag_read((const unsigned char *)&done, sizeof done, given, &is_done, take, NULL) && errno == EPROTO);
  done.nlmsg_len = sizeof done + 1;
  CHECK(!diag_read((const unsigned char *)&done, sizeof done, given, &is_done, take, NULL) && errno == EPROTO);
}

/* Any bytes: nothing is read behind them (the sanitizers see to it), and reading ends. */
static void test_any_bytes(void) {
  unsigned ended = 0;
  for (unsigned round = 0; round < 5000; round++) {
    const size_t length = random_number() % 300;
    unsigned char *bytes = malloc(length + 1);
    if (bytes == NULL) abort();
    for (size_t i = 0; i < length; i++) bytes[i] = (unsigned char)(random_number() % 4 == 0 ? random_number() : 0);
    if (length > 6 && round % 2 == 0) {
      const struct nlmsghdr header = {.nlmsg_len = 16 + random_number() % 120, .nlmsg_type = SOCK_DIAG_BY_FAMILY};
      memcpy(bytes, &header, length < sizeof header ? length : sizeof header);
    }
    bool is_done = false;
    count = 0;
    (void)diag_read(bytes, length, given, &is_done, take, NULL);
    CHECK(count <= 300 / sizeof(struct nlmsghdr));
    ended++;
    free(bytes);
  }
  CHECK(ended == 5000);
}

static struct diag_socket numbered(uint64_t cookie) {
  struct diag_socket socket = {.cookie = cookie};
  socket.record.inode = cookie;
  return socket;
}

static void test_known(void) {
  static struct known known;
  known_begin(&known);
  for (uint64_t cookie = 1; cookie <= 10; cookie++) {
    const struct diag_socket socket = numbered(cookie);
    CHECK(known_add(&known, &socket) && !known_add(&known, &socket));
  }
  count = 0;
  known_end(&known, take, NULL);
  CHECK(count == 0);
  known_begin(&known);
  for (uint64_t cookie = 3; cookie <= 11; cookie++) {
    const struct diag_socket socket = numbered(cookie);
    CHECK(known_add(&known, &socket) == (cookie == 11));
  }
  known_end(&known, take, NULL);
  CHECK(count == 2 && taken[0].cookie + taken[1].cookie == 3);
  /* A list that was given up changes nothing. */
  known_begin(&known);
  known_begin(&known);
  const struct diag_socket eleven = numbered(11);
  CHECK(!known_add(&known, &eleven));
  count = 0;
  known_end(&known, take, NULL);
  CHECK(count == 8);
}

static void test_full(void) {
  static struct known known;
  known_begin(&known);
  size_t added = 0;
  for (uint64_t cookie = 1; cookie <= KNOWN_SLOTS + 5u; cookie++) {
    const struct diag_socket socket = numbered(cookie << 20);
    if (known_add(&known, &socket)) added++;
  }
  CHECK(added == MAX_KNOWN);
  known_end(&known, take, NULL);
}

/* Against the kernel of this machine. */
static void test_list(void) {
  const int diag = diag_open();
  const int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(diag >= 0 && listening >= 0 && listen(listening, 1) == 0);
  struct sockaddr_in address;
  socklen_t length = sizeof address;
  CHECK(getsockname(listening, (struct sockaddr *)&address, &length) == 0);
  count = 0;
  if (!diag_list(diag, IPPROTO_TCP, diag_given_ports(), take, NULL)) {
    printf("sense socket tests: no lists here: %s\n", strerror(errno));
  } else {
    bool found = count > MAX_TAKEN;
    for (unsigned i = 0; i < count && i < MAX_TAKEN; i++) {
      const struct socket_record *record = &taken[i].record;
      if (record->header.type != RECORD_SOCKET_FOUND_LISTENER) continue;
      found = found || record->local_port == ntohs(address.sin_port);
    }
    CHECK(found);
  }
  close(listening);
  close(diag);
}

static void test_arguments(void) {
  char problem[160];
  struct arguments arguments;
  char sense[] = "sense";
  char sockets[] = "sockets";
  char processes[] = "processes";
  char method[] = "--method";
  char lists[] = "lists";
  char connector[] = "connector";
  char *right[] = {sense, sockets, method, lists};
  CHECK(arguments_parse(&arguments, 4, right, problem, sizeof problem));
  CHECK(arguments.command == COMMAND_SOCKETS && arguments.method == WISH_LISTS);
  char *wrong[] = {sense, sockets, method, connector};
  CHECK(!arguments_parse(&arguments, 4, wrong, problem, sizeof problem));
  char *others[] = {sense, processes, method, lists};
  CHECK(!arguments_parse(&arguments, 4, others, problem, sizeof problem));
}

int main(void) {
  test_answers();
  test_ends();
  test_any_bytes();
  test_known();
  test_full();
  test_list();
  test_arguments();
  return checks_told("sense socket tests");
}
