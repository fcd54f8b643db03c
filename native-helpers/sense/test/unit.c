/* Unit tests of everything in sense that needs no rights. Run under the sanitizers: make test. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arguments.h"
#include "backlog.h"
#include "check.h"
#include "frame.h"
#include "interfaces.h"
#include "linktype.h"
#include "output.h"
#include "paths.h"
#include "procfs.h"

static volatile sig_atomic_t stopping;
static struct output output;

/* Records go to a buffer that nobody empties: no test writes a batch. */
static const unsigned char *fresh_output(void) {
  output_open(&output, -1, &stopping);
  return output.bytes;
}

/* ---- arguments ---- */

#define MAX_WORDS 48

static bool parse(struct arguments *arguments, const char *line, char *problem, size_t problem_bytes) {
  static char copy[1024];
  char *words[MAX_WORDS];
  int count = 0;
  snprintf(copy, sizeof copy, "%s", line);
  for (char *word = strtok(copy, " "); word != NULL && count < MAX_WORDS; word = strtok(NULL, " ")) {
    words[count++] = word;
  }
  return arguments_parse(arguments, count, words, problem, problem_bytes);
}

static void test_arguments(void) {
  struct arguments arguments;
  char problem[160];
  CHECK(parse(&arguments, "sense capture --interface eth0 --interface wlan0 --interface eth0", problem, sizeof problem));
  CHECK(arguments.command == COMMAND_CAPTURE && arguments.selection == SELECT_NAMED && arguments.names == 2);
  CHECK(strcmp(arguments.name[1], "wlan0") == 0);
  CHECK(arguments.snap_bytes == 65535 && arguments.ring_mebibytes == 16 && !arguments.promiscuous);
  CHECK(arguments.user == 65534);
  CHECK(parse(&arguments, "sense capture --all --snap 96 --ring-mib 8 --promiscuous --user 1000", problem,
              sizeof problem));
  CHECK(arguments.selection == SELECT_ALL && arguments.snap_bytes == 96 && arguments.ring_mebibytes == 8);
  CHECK(arguments.promiscuous && arguments.user == 1000);
  CHECK(parse(&arguments, "sense capture --auto", problem, sizeof problem));
  CHECK(arguments.selection == SELECT_AUTOMATIC);
  CHECK(parse(&arguments, "sense fifo /tmp/x", problem, sizeof problem) && arguments.command == COMMAND_FIFO);
  CHECK(parse(&arguments, "sense check", problem, sizeof problem) && arguments.command == COMMAND_CHECK);

  CHECK(parse(&arguments, "sense processes", problem, sizeof problem));
  CHECK(arguments.command == COMMAND_PROCESSES && arguments.method == WISH_BEST);
  CHECK(parse(&arguments, "sense processes --method connector --user 7", problem, sizeof problem));
  CHECK(arguments.method == WISH_CONNECTOR && arguments.user == 7);

  const char *const wrong[] = {
      "sense",
      "sense processes --method",
      "sense processes --method magic",
      "sense processes --user 0",
      "sense processes ebpf",
      "sense capture",
      "sense capture --interface",
      "sense capture --interface ..",
      "sense capture --interface a/b",
      "sense capture --interface sixteen-letters-",
      "sense capture --all --auto",
      "sense capture --all --interface eth0",
      "sense capture --all --snap",
      "sense capture --all --snap 63",
      "sense capture --all --snap 65536",
      "sense capture --all --snap 96x",
      "sense capture --all --snap -96",
      "sense capture --all --snap 99999999999999999999999",
      "sense capture --all --ring-mib 0",
      "sense capture --all --user 0",
      "sense capture --all --unknown",
      "sense fifo",
      "sense dance",
  };
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    problem[0] = '\0';
    CHECK(!parse(&arguments, wrong[i], problem, sizeof problem));
    CHECK(problem[0] != '\0');
  }

  char many[1024] = "sense capture";
  for (unsigned i = 0; i <= MAX_SLOTS; i++) {
    size_t used = strlen(many);
    snprintf(many + used, sizeof many - used, " --interface e%u", i);
  }
  CHECK(!parse(&arguments, many, problem, sizeof problem));
}

/* ---- records ---- */

static void test_output(void) {
  const unsigned char *bytes = fresh_output();
  memset(output.bytes, 0xaa, 64);
  struct tick_record *tick = output_record(&output, RECORD_TICK, 3, sizeof *tick);
  CHECK((const unsigned char *)tick == bytes && output.used == 16);
  CHECK(tick->header.record_bytes == 16 && tick->header.type == RECORD_TICK && tick->header.slot == 3);
  unsigned char *odd = output_record(&output, RECORD_PACKET, 0, 25);
  CHECK(output.used == 48);
  for (unsigned i = 25; i < 32; i++) CHECK(odd[i] == 0);

  /* What does not fit is written first, whole records only, and a reader that is gone is noticed. */
  int ends[2];
  if (pipe(ends) != 0) abort();
  signal(SIGPIPE, SIG_IGN);
  output_open(&output, ends[1], &stopping);
  CHECK(fcntl(ends[1], F_GETPIPE_SZ) >= 1024 * 1024 || geteuid() != 0);
  CHECK((fcntl(ends[0], F_GETFL) & O_NONBLOCK) == 0);
  const unsigned record_count = BATCH_BYTES / 1024 + 3;
  for (unsigned i = 0; i < record_count; i++) (void)output_record(&output, RECORD_PACKET, 0, 1024);
  CHECK(output.used == 3 * 1024);
  output_flush(&output);
  static unsigned char received[2 * BATCH_BYTES];
  CHECK(read(ends[0], received, sizeof received) == (ssize_t)record_count * 1024);
  /* Nobody reads, the pipe is full, and stopping is asked for: it gives up. */
  stopping = 1;
  for (unsigned i = 0; i < 32 && !output.closed; i++) {
    for (unsigned n = 0; n < BATCH_BYTES / 1024; n++) (void)output_record(&output, RECORD_PACKET, 0, 1024);
    output_flush(&output);
  }
  CHECK(output.closed && output.error == ETIMEDOUT);
  stopping = 0;
  close(ends[0]);
  output_open(&output, ends[1], &stopping);
  (void)output_record(&output, RECORD_TICK, 0, sizeof(struct tick_record));
  output_flush(&output);
  CHECK(output.closed && output.error == EPIPE);
  close(ends[1]);
}

/* What goes through a backlog in portions of any size comes out as it went in, and its memory is given back. */
static void test_backlog(void) {
  struct backlog backlog = {0};
  static unsigned char bytes[256 * 1024];
  CHECK(!backlog_put(&backlog, bytes, 1) && backlog_is_empty(&backlog));
  backlog.limit = 3 * BACKLOG_CHUNK_BYTES;
  uint64_t in = 0;
  uint64_t out = 0;
  unsigned refused = 0;
  bool same = true;
  size_t most = 0;
  for (unsigned turn = 0; turn < 2000; turn++) {
    const size_t count = 1 + random_number() % sizeof bytes;
    for (size_t i = 0; i < count; i++) bytes[i] = (unsigned char)((in + i) % 251);
    if (backlog_put(&backlog, bytes, count)) in += count;
    else refused++;
    /* Now and then the reader sleeps, and the limit is reached. */
    size_t wanted = (turn / 40) % 2 == 0 ? 0 : random_number() % (2 * sizeof bytes);
    size_t waiting;
    const unsigned char *next;
    while (wanted > 0 && (next = backlog_peek(&backlog, &waiting)) != NULL) {
      const size_t taken = waiting < wanted ? waiting : wanted;
      for (size_t i = 0; i < taken; i++) same &= next[i] == (unsigned char)((out + i) % 251);
      out += taken;
      wanted -= taken;
      backlog_drop(&backlog, taken);
    }
    if (backlog.taken > most) most = backlog.taken;
  }
  CHECK(same && refused > 0 && most == 3 * BACKLOG_CHUNK_BYTES);
  size_t waiting;
  while (backlog_peek(&backlog, &waiting) != NULL) {
    out += waiting;
    backlog_drop(&backlog, waiting);
  }
  CHECK(in == out && backlog.taken == 0 && backlog_is_empty(&backlog));
}

/* A reader that pauses is not waited for while the backlog has room; afterwards it gets all, in order. */
static void test_output_behind(void) {
  int ends[2];
  if (pipe(ends) != 0) abort();
  output_open(&output, ends[1], &stopping);
  output_allow_backlog(&output, 8 * BACKLOG_CHUNK_BYTES);
  if (fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) abort();
  const unsigned record_count = 5 * BACKLOG_CHUNK_BYTES / 1024;
  for (unsigned i = 0; i < record_count; i++) {
    uint32_t *record = output_record(&output, RECORD_PACKET, 0, 1024);
    record[2] = i;
  }
  output_flush(&output);
  CHECK(!output.closed && output_is_behind(&output) && output.backlog.taken > 0);
  static uint32_t received[5 * BACKLOG_CHUNK_BYTES / 4];
  size_t got = 0;
  for (unsigned turn = 0; turn < 100 && got < sizeof received; turn++) {
    ssize_t count;
    while ((count = read(ends[0], (unsigned char *)received + got, sizeof received - got)) > 0) got += (size_t)count;
    output_flush(&output);
  }
  bool in_order = got == sizeof received;
  for (unsigned i = 0; i < record_count; i++) in_order &= received[256 * i + 2] == i;
  CHECK(in_order && !output_is_behind(&output) && output.backlog.taken == 0);
  /* A reader that goes away leaves nothing behind. */
  for (unsigned i = 0; i < record_count; i++) (void)output_record(&output, RECORD_PACKET, 0, 1024);
  CHECK(output_is_behind(&output));
  close(ends[0]);
  output_flush(&output);
  CHECK(output.closed && output.error == EPIPE && output.backlog.taken == 0);
  close(ends[1]);
}

/* ---- packets ---- */

#define PACKET_OFFSET 96u
#define ROOM 512u

static _Alignas(struct tpacket3_hdr) unsigned char ring_bytes[ROOM];

static struct tpacket3_hdr *make_packet(uint32_t captured, uint16_t protocol) {
  memset(ring_bytes, 0, sizeof ring_bytes);
  for (unsigned i = PACKET_OFFSET; i < ROOM; i++) ring_bytes[i] = (unsigned char)(i - PACKET_OFFSET);
  struct tpacket3_hdr *packet = (struct tpacket3_hdr *)(void *)ring_bytes;
  packet->tp_sec = 1700000000;
  packet->tp_nsec = 999999999;
  packet->tp_snaplen = captured;
  packet->tp_len = captured + 100;
  packet->tp_mac = PACKET_OFFSET;
  struct sockaddr_ll address = {
      .sll_family = AF_PACKET,
      .sll_protocol = htons(protocol),
      .sll_hatype = ARPHRD_INFINIBAND,
      .sll_pkttype = PACKET_OUTGOING,
      .sll_halen = 8,
      .sll_addr = {1, 2, 3, 4, 5, 6, 7, 8},
  };
  memcpy(ring_bytes + 48, &address, sizeof address);
  return packet;
}

static void test_frames(void) {
  uint32_t wire = 0;
  const struct packet_record *record = (const struct packet_record *)(const void *)fresh_output();
  const unsigned char *frame = (const unsigned char *)(record + 1);

  CHECK(frame_write(&output, 2, LINKTYPE_ETHERNET, make_packet(61, ETH_P_IP), ROOM, &wire));
  CHECK(record->header.record_bytes == 88 && record->header.type == RECORD_PACKET && record->header.slot == 2);
  CHECK(record->seconds == 1700000000 && record->nanoseconds == 999999999);
  CHECK(record->captured_bytes == 61 && record->wire_bytes == 161 && wire == 161);
  CHECK(memcmp(frame, ring_bytes + PACKET_OFFSET, 61) == 0);

  fresh_output();
  struct tpacket3_hdr *packet = make_packet(60, ETH_P_IP);
  packet->tp_status = TP_STATUS_VLAN_VALID | TP_STATUS_VLAN_TPID_VALID;
  packet->hv1.tp_vlan_tci = 0x6123;
  packet->hv1.tp_vlan_tpid = ETH_P_8021AD;
  CHECK(frame_write(&output, 0, LINKTYPE_ETHERNET, packet, ROOM, &wire));
  const unsigned char tag[] = {0x88, 0xa8, 0x61, 0x23};
  CHECK(record->captured_bytes == 64 && record->wire_bytes == 164);
  CHECK(memcmp(frame, ring_bytes + PACKET_OFFSET, 12) == 0 && memcmp(frame + 12, tag, 4) == 0);
  CHECK(memcmp(frame + 16, ring_bytes + PACKET_OFFSET + 12, 48) == 0);

  fresh_output();
  packet->tp_status = TP_STATUS_VLAN_VALID;
  CHECK(frame_write(&output, 0, LINKTYPE_ETHERNET, packet, ROOM, &wire) && frame[12] == 0x81 && frame[13] == 0);
  fresh_output();
  packet->tp_snaplen = 8; /* too short for a tag */
  CHECK(frame_write(&output, 0, LINKTYPE_ETHERNET, packet, ROOM, &wire) && record->captured_bytes == 8);

  fresh_output();
  CHECK(frame_write(&output, 0, LINKTYPE_RAW_IP, make_packet(40, ETH_P_IPV6), ROOM, &wire));
  CHECK(record->captured_bytes == 40 && frame[0] == 0);
  CHECK(!frame_write(&output, 0, LINKTYPE_RAW_IP, make_packet(40, 0xc021), ROOM, &wire));
  CHECK(output.used == 64);

  fresh_output();
  CHECK(frame_write(&output, 0, LINKTYPE_LINUX_COOKED, make_packet(40, ETH_P_IP), ROOM, &wire));
  const unsigned char cooked[] = {0, 4, 0, 32, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 8, 0};
  CHECK(record->captured_bytes == 56 && record->wire_bytes == 156 && memcmp(frame, cooked, 16) == 0);
  CHECK(memcmp(frame + 16, ring_bytes + PACKET_OFFSET, 40) == 0);

  /* Does not lie in its block. */
  fresh_output();
  CHECK(!frame_write(&output, 0, LINKTYPE_ETHERNET, make_packet(ROOM, ETH_P_IP), ROOM, &wire));
  CHECK(!frame_write(&output, 0, LINKTYPE_ETHERNET, make_packet(60, ETH_P_IP), 40, &wire));
  packet = make_packet(60, ETH_P_IP);
  packet->tp_mac = 8;
  CHECK(!frame_write(&output, 0, LINKTYPE_ETHERNET, packet, ROOM, &wire));
  CHECK(output.used == 0);

  /* Whatever stands in the header, nothing outside of the block is read. */
  const uint32_t link_types[] = {LINKTYPE_ETHERNET, LINKTYPE_RAW_IP, LINKTYPE_LINUX_COOKED, LINKTYPE_IEEE80211};
  for (unsigned i = 0; i < 20000; i++) {
    fresh_output();
    packet = make_packet(random_number() % (2 * ROOM), (uint16_t)random_number());
    packet->tp_mac = (uint16_t)(random_number() % (2 * ROOM));
    packet->tp_status = random_number();
    size_t room = random_number() % ROOM;
    unsigned char *exact = malloc(room == 0 ? 1 : room);
    if (exact == NULL) abort();
    memcpy(exact, ring_bytes, room);
    const struct tpacket3_hdr *copy = (const struct tpacket3_hdr *)(const void *)exact;
    bool written = frame_write(&output, 0, link_types[i % 4], copy, room, &wire);
    if (written && output.used != record->header.record_bytes) CHECK(false);
    free(exact);
  }
  CHECK(true);
}

static void test_link_types(void) {
  CHECK(link_form_of(ARPHRD_ETHER).link_type == LINKTYPE_ETHERNET && link_form_of(ARPHRD_ETHER).with_header);
  CHECK(link_form_of(ARPHRD_LOOPBACK).link_type == LINKTYPE_ETHERNET);
  CHECK(link_form_of(ARPHRD_NONE).link_type == LINKTYPE_RAW_IP && !link_form_of(ARPHRD_NONE).with_header);
  CHECK(link_form_of(ARPHRD_PPP).link_type == LINKTYPE_RAW_IP);
  CHECK(link_form_of(ARPHRD_IEEE80211_RADIOTAP).link_type == LINKTYPE_IEEE80211_RADIOTAP);
  CHECK(link_form_of(ARPHRD_INFINIBAND).link_type == LINKTYPE_LINUX_COOKED);
}

/* ---- interfaces ---- */

struct message {
  _Alignas(struct nlmsghdr) unsigned char bytes[512];
  size_t used;
};

static size_t begin_attribute(struct message *message, uint16_t type, const void *value, size_t bytes) {
  size_t at = message->used;
  struct nlattr header = {.nla_len = (uint16_t)(sizeof header + bytes), .nla_type = type};
  memcpy(message->bytes + at, &header, sizeof header);
  if (bytes > 0) memcpy(message->bytes + at + sizeof header, value, bytes);
  message->used = at + ((sizeof header + bytes + 3) & ~(size_t)3);
  return at;
}

static void end_message(struct message *message) {
  struct nlmsghdr header;
  memcpy(&header, message->bytes, sizeof header);
  header.nlmsg_len = (uint32_t)message->used;
  memcpy(message->bytes, &header, sizeof header);
}

static struct message make_message(uint16_t type, const char *name, const char *kind) {
  struct message message = {.used = NLMSG_HDRLEN + sizeof(struct ifinfomsg)};
  struct nlmsghdr header = {.nlmsg_type = type};
  struct ifinfomsg info = {.ifi_index = 7, .ifi_type = ARPHRD_ETHER, .ifi_flags = IFF_UP | (1u << 16)};
  memcpy(message.bytes, &header, sizeof header);
  memcpy(message.bytes + NLMSG_HDRLEN, &info, sizeof info);
  if (name != NULL) begin_attribute(&message, IFLA_IFNAME, name, strlen(name) + 1);
  if (kind != NULL) {
    size_t at = begin_attribute(&message, IFLA_LINKINFO, NULL, 0);
    begin_attribute(&message, IFLA_INFO_KIND, kind, strlen(kind) + 1);
    uint16_t length = (uint16_t)(message.used - at);
    memcpy(message.bytes + at, &length, sizeof length);
  }
  end_message(&message);
  return message;
}

static void test_interfaces(void) {
  struct interface interface;
  bool removed;
  struct message message = make_message(RTM_NEWLINK, "eth0", "veth");
  CHECK(interface_parse(message.bytes, message.used, &interface, &removed) && !removed);
  CHECK(interface.index == 7 && interface.switched_on && interface.linked && !interface.loopback);
  CHECK(strcmp(interface.name, "eth0") == 0 && strcmp(interface.kind, "veth") == 0 && !interface.enslaved);
  uint32_t master = 3;
  begin_attribute(&message, IFLA_MASTER, &master, sizeof master);
  end_message(&message);
  CHECK(interface_parse(message.bytes, message.used, &interface, &removed) && interface.enslaved);

  message = make_message(RTM_DELLINK, "eth0", NULL);
  CHECK(interface_parse(message.bytes, message.used, &interface, &removed) && removed);
  message = make_message(RTM_NEWADDR, "eth0", NULL);
  CHECK(!interface_parse(message.bytes, message.used, &interface, &removed));
  message = make_message(RTM_NEWLINK, NULL, NULL);
  CHECK(!interface_parse(message.bytes, message.used, &interface, &removed));
  message = make_message(RTM_NEWLINK, "a-name-that-is-too-long-for-an-interface", NULL);
  CHECK(interface_parse(message.bytes, message.used, &interface, &removed) && strlen(interface.name) == 15);

  /* Cut off anywhere and with any byte changed: nothing outside is read. */
  for (unsigned i = 0; i < 20000; i++) {
    message = make_message(RTM_NEWLINK, "wlan0", "wireguard");
    message.bytes[random_number() % message.used] = (unsigned char)random_number();
    size_t bytes = random_number() % (message.used + 1);
    unsigned char *exact = malloc(bytes == 0 ? 1 : bytes);
    if (exact == NULL) abort();
    memcpy(exact, message.bytes, bytes);
    (void)interface_parse(exact, bytes, &interface, &removed);
    free(exact);
  }

  const struct {
    struct interface interface;
    bool automatic;
  } rows[] = {
      {{.kind = ""}, true},
      {{.kind = "", .enslaved = true}, true},
      {{.kind = "", .loopback = true}, false},
      {{.kind = "wireguard"}, true},
      {{.kind = "tun"}, true},
      {{.kind = "tun", .enslaved = true}, false},
      {{.kind = "veth"}, true},
      {{.kind = "veth", .enslaved = true}, false},
      {{.kind = "vlan"}, false},
      {{.kind = "macvlan", .peer_elsewhere = true}, true},
      {{.kind = "bridge"}, false},
      {{.kind = "bond"}, false},
      {{.kind = "ifb"}, false},
      {{.kind = "dummy"}, false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    CHECK(interface_is_automatic(&rows[i].interface) == rows[i].automatic);
  }
}

static void found(void *context, const struct interface *interface, bool removed) {
  if (!removed && interface->loopback) *(bool *)context = true;
}

static void test_interface_list(void) {
  int descriptor = interfaces_open();
  bool loopback = false;
  CHECK(descriptor >= 0 && interfaces_request(descriptor));
  CHECK(interfaces_read(descriptor, found, &loopback) == INTERFACES_LISTED && loopback);
  close(descriptor);
}

/* ---- processes ---- */

static void test_paths(void) {
  static const struct {
    const char *names;
    size_t bytes;
    const char *path;
  } rows[] = {
      {"", 0, "/"},
      {"bash\0bin\0usr\0", 13, "/usr/bin/bash"},
      {"bash\0bin\0usr", 12, "/usr/bin/bash"},
      {"memfd:x\0", 8, "/memfd:x"},
      {"\0", 1, "/"},
      {"a\0\0b\0", 5, "/b//a"},
  };
  char path[32];
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    size_t length = path_join(path, rows[i].names, rows[i].bytes);
    CHECK(length == strlen(rows[i].path) && memcmp(path, rows[i].path, length) == 0);
  }
  /* Any bytes: never more than one byte longer. */
  for (unsigned round = 0; round < 2000; round++) {
    size_t bytes = random_number() % 64;
    char *names = malloc(bytes + 1);
    char *joined = malloc(bytes + 1);
    if (names == NULL || joined == NULL) abort();
    for (size_t i = 0; i < bytes; i++) names[i] = (char)(random_number() % 3 == 0 ? 0 : 'a' + (int)(random_number() % 26));
    size_t length = path_join(joined, names, bytes);
    CHECK(length >= 1 && length <= bytes + 1 && joined[0] == '/');
    free(names);
    free(joined);
  }
}

static void test_stat(void) {
  struct process_record record = {0};
  const char line[] = "42 (a) (b) c) S 7 42 42 34819 42 4194560 1 0 0 0 1 2 0 0 20 0 1 0 12345 1000 100 18446744073709551615";
  CHECK(procfs_parse_stat(line, 100, &record));
  CHECK(record.parent == 7 && record.start_ns == 123450000000u);
  CHECK(strcmp(record.name, "a) (b) c") == 0 && strcmp(record.terminal, "pts3") == 0);
  CHECK(procfs_parse_stat("1 (name of sixteen bytes and more) S 0 1 1 1025 1 1 1 0 0 0 1 2 0 0 20 0 1 0 5 1", 100, &record));
  CHECK(memcmp(record.name, "name of sixteen ", sizeof record.name) == 0 && strcmp(record.terminal, "tty1") == 0);
  CHECK(!procfs_parse_stat("", 100, &record) && !procfs_parse_stat("1 (x", 100, &record));
  CHECK(!procfs_parse_stat(") 1 (", 100, &record) && !procfs_parse_stat("1 (x) S 0", 100, &record));
}

static void test_procfs(void) {
  static char texts[MAX_TEXT_BYTES];
  struct process_record record = {0};
  CHECK(procfs_read((uint32_t)getpid(), &record, texts));
  CHECK(record.parent == (uint32_t)getppid() && record.user == getuid() && record.effective_group == getegid());
  CHECK((record.flags & FLAG_INCOMPLETE) == 0 && record.text_bytes[TEXT_IMAGE] > 1 && texts[0] == '/');
  size_t arguments = 0;
  for (unsigned i = 0; i < TEXT_ARGUMENTS; i++) arguments += record.text_bytes[i];
  CHECK(record.text_bytes[TEXT_ARGUMENTS] > 1 && texts[arguments + record.text_bytes[TEXT_ARGUMENTS] - 1] == '\0');
  struct process_record nobody = {0};
  CHECK(!procfs_read(UNSET_ID, &nobody, texts) && (nobody.flags & FLAG_INCOMPLETE) != 0);
}

int main(void) {
  test_arguments();
  test_paths();
  test_stat();
  test_procfs();
  test_output();
  test_backlog();
  test_output_behind();
  test_frames();
  test_link_types();
  test_interfaces();
  test_interface_list();
  return checks_told("sense unit tests");
}
