#include "sockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "complain.h"
#include "confine.h"
#include "diag.h"
#include "known.h"
#include "moments.h"
#include "output.h"
#include "paths.h"
#include "pulse.h"
#include "socket_records.h"
#include "tracing.h"

/* For a reader that pauses: memory that is taken only then, where the kernel's ring is held all the time. */
#define BACKLOG_BYTES (16u * 1024u * 1024u)
/* After the first record of the ring it waits so long for more: a wake-up for each would cost more than the record. */
#define GATHER_MS 5u
/* Records of one turn: then lists, statistics and signals have theirs. */
#define MAX_RECORDS_A_TURN 8192u
/* Between lists: of everything where there is nothing better; else of UDP, whose bind(2) no trace point tells of. */
#define LIST_MS 250u
#define LIST_UDP_MS 1000u
#define DETAIL_TEXT_BYTES 160u
/* Listening sockets whose port is chosen only after the kernel told of them: until the list that is made at once. */
#define MAX_PORTLESS 16u

struct watch {
  struct output output;
  enum socket_method method;
  struct tracing tracing;
  int diag;
  struct port_range given;
  struct known known;
  uint32_t network;
  bool is_first_list;
  unsigned portless;
  struct socket_record portless_records[MAX_PORTLESS];
  size_t portless_images[MAX_PORTLESS];
  char portless_texts[MAX_PORTLESS][SOCKET_TEXT_BYTES + 1u];
  struct socket_statistics_record counts;
  struct socket_statistics_record told; /* the counts that were written last */
  struct pulse pulse;
  /* What to add to the clock since the start for the time since the epoch. */
  uint64_t boot_offset_ns;
};

static void count(struct watch *watch, uint16_t type) {
  switch (type) {
    case RECORD_SOCKET_CONNECT: watch->counts.connects++; break;
    case RECORD_SOCKET_ACCEPT: watch->counts.accepts++; break;
    case RECORD_SOCKET_SEND: watch->counts.sends++; break;
    case RECORD_SOCKET_LISTEN: watch->counts.listens++; break;
    case RECORD_SOCKET_UNLISTEN: watch->counts.unlistens++; break;
    case RECORD_SOCKET_FOUND:
    case RECORD_SOCKET_FOUND_LISTENER: watch->counts.found++; break;
    default: break;
  }
}

static void write_record(struct watch *watch, struct socket_record *record, const char *image, size_t image_bytes) {
  record->image_bytes = (uint16_t)image_bytes;
  unsigned char *bytes =
      output_record(&watch->output, (enum record_type)record->header.type, 0, sizeof *record + image_bytes);
  memcpy(bytes + sizeof record->header, (const unsigned char *)record + sizeof record->header,
         sizeof *record - sizeof record->header);
  if (image_bytes > 0) memcpy(bytes + sizeof *record, image, image_bytes);
  count(watch, record->header.type);
}

/* From the eBPF program's record to one of the stream: its path comes as names. */
static void take_traced(void *context, const unsigned char *bytes, size_t length) {
  static char path[SOCKET_TEXT_BYTES + 1u];
  struct watch *watch = context;
  struct socket_record record;
  if (length < sizeof record) return;
  memcpy(&record, bytes, sizeof record);
  if (record.image_bytes > length - sizeof record || record.image_bytes > SOCKET_TEXT_BYTES) return;
  record.time_ns += watch->boot_offset_ns;
  const size_t made = record.image_bytes == 0
                          ? 0
                          : path_join(path, (const char *)bytes + sizeof record, record.image_bytes);
  if (record.header.type == RECORD_SOCKET_LISTEN && record.local_port == 0 && watch->portless < MAX_PORTLESS) {
    const unsigned at = watch->portless++;
    watch->portless_records[at] = record;
    watch->portless_images[at] = made;
    memcpy(watch->portless_texts[at], path, made);
    return;
  }
  write_record(watch, &record, path, made);
}

/* A socket of a list that waits for connections: who opened it may be known already, all but its port. */
static bool complete_portless(struct watch *watch, const struct socket_record *listed) {
  for (unsigned i = 0; i < watch->portless; i++) {
    struct socket_record *record = &watch->portless_records[i];
    if (record->inode != listed->inode || record->protocol != listed->protocol || record->local_port != 0) continue;
    record->local_port = listed->local_port;
    write_record(watch, record, watch->portless_texts[i], watch->portless_images[i]);
    return true;
  }
  return false;
}

/* Those of other network namespaces are in no list: told without their port. */
static void give_up_portless(struct watch *watch) {
  for (unsigned i = 0; i < watch->portless; i++) {
    struct socket_record *record = &watch->portless_records[i];
    if (record->local_port == 0) write_record(watch, record, watch->portless_texts[i], watch->portless_images[i]);
  }
  watch->portless = 0;
}

static void take_listed(void *context, const struct diag_socket *socket) {
  struct watch *watch = context;
  struct socket_record record = socket->record;
  const bool is_listener = record.header.type == RECORD_SOCKET_FOUND_LISTENER;
  if (is_listener && watch->portless > 0 && complete_portless(watch, &record)) return;
  if (watch->method == SOCKET_METHOD_EBPF) {
    /* Everything but the listeners of UDP is told by the program, from its beginning on. */
    const bool is_followed = is_listener && record.protocol == IPPROTO_UDP;
    if (is_followed ? !known_add(&watch->known, socket) : !watch->is_first_list) return;
  } else if (!known_add(&watch->known, socket)) {
    return;
  }
  record.time_ns = nanoseconds(CLOCK_REALTIME);
  record.network = watch->network;
  write_record(watch, &record, NULL, 0);
}

static void take_gone(void *context, const struct diag_socket *socket) {
  struct watch *watch = context;
  struct socket_record record = socket->record;
  if (record.header.type != RECORD_SOCKET_FOUND_LISTENER) return;
  record.header.type = RECORD_SOCKET_UNLISTEN;
  record.time_ns = nanoseconds(CLOCK_REALTIME);
  record.network = watch->network;
  write_record(watch, &record, NULL, 0);
}

/* False when the kernel gave no complete list: nothing is taken as gone then. */
static bool list(struct watch *watch) {
  known_begin(&watch->known);
  const bool with_tcp = watch->method != SOCKET_METHOD_EBPF || watch->is_first_list || watch->portless > 0;
  bool complete = !with_tcp || diag_list(watch->diag, IPPROTO_TCP, watch->given, take_listed, watch);
  complete = complete && diag_list(watch->diag, IPPROTO_UDP, watch->given, take_listed, watch);
  give_up_portless(watch);
  if (!complete) return false;
  known_end(&watch->known, take_gone, watch);
  watch->counts.lists++;
  if (watch->is_first_list) (void)output_record(&watch->output, (enum record_type)RECORD_SOCKET_LISTED, 0, 8);
  watch->is_first_list = false;
  return true;
}

static void write_hello(struct watch *watch, const char *detail) {
  const size_t bytes = strlen(detail);
  struct socket_hello_record hello = {
      .magic = SOCKET_MAGIC,
      .version = SOCKET_FORMAT_VERSION,
      .method = watch->method,
      .detail_bytes = (uint32_t)bytes,
      .boot_time_ns = watch->boot_offset_ns,
      .network = watch->network,
  };
  unsigned char *record =
      output_record(&watch->output, (enum record_type)RECORD_SOCKET_HELLO, 0, sizeof hello + bytes);
  memcpy(&hello.header, record, sizeof hello.header);
  memcpy(record, &hello, sizeof hello);
  if (bytes > 0) memcpy(record + sizeof hello, detail, bytes);
}

static void count_lost(struct watch *watch) {
  watch->counts.dropped = watch->method == SOCKET_METHOD_EBPF ? *watch->tracing.dropped : 0;
}

static uint64_t statistics_due_ms(struct watch *watch) {
  count_lost(watch);
  /* That another list was made is no news. */
  watch->told.lists = watch->counts.lists;
  return pulse_due_ms(&watch->pulse, memcmp(&watch->counts, &watch->told, sizeof watch->told) != 0);
}

static void write_statistics(struct watch *watch) {
  unsigned char *record = output_record(&watch->output, (enum record_type)RECORD_SOCKET_STATISTICS, 0,
                                        sizeof watch->counts);
  count_lost(watch);
  memcpy(&watch->counts.header, record, sizeof watch->counts.header);
  memcpy(record, &watch->counts, sizeof watch->counts);
  watch->told = watch->counts;
  watch->pulse.told_ms = monotonic_ms();
}

/* Takes in what there is. True when there may be more. */
static bool drain(struct watch *watch) {
  if (watch->method != SOCKET_METHOD_EBPF) return false;
  /* Again and again: the clock may be set, and a machine may sleep. */
  watch->boot_offset_ns = nanoseconds(CLOCK_REALTIME) - nanoseconds(CLOCK_BOOTTIME);
  return tracing_drain(&watch->tracing, MAX_RECORDS_A_TURN, take_traced, watch) == MAX_RECORDS_A_TURN;
}

/* Sleeps until there is news, a signal, or the time is over. False when the reader is gone. */
static bool wait_for_news(const struct watch *watch, uint64_t timeout_ms) {
  struct pollfd watched[2] = {
      {.fd = watch->output.descriptor, .events = output_events(&watch->output)},
      {.fd = -1, .events = POLLIN},
  };
  if (watch->method == SOCKET_METHOD_EBPF) watched[1].fd = watch->tracing.ring;
  sigset_t none;
  sigemptyset(&none);
  struct timespec timeout = {.tv_sec = (time_t)(timeout_ms / 1000u), .tv_nsec = (long)(timeout_ms % 1000u) * 1000000L};
  if (ppoll(watched, 2, &timeout, &none) <= 0) return true;
  if (watched[1].revents & POLLIN) {
    timeout = (struct timespec){.tv_sec = 0, .tv_nsec = (long)GATHER_MS * 1000000L};
    (void)ppoll(watched, 1, &timeout, &none);
  }
  return (watched[0].revents & (POLLERR | POLLHUP)) == 0;
}

static enum exit_code loop(struct watch *watch, const volatile sig_atomic_t *stopping) {
  const uint64_t pause_ms = watch->method == SOCKET_METHOD_EBPF ? LIST_UDP_MS : LIST_MS;
  uint64_t next_list = monotonic_ms();
  while (!*stopping && !watch->output.closed) {
    const bool more = drain(watch);
    uint64_t now = monotonic_ms();
    if (now >= next_list || watch->portless > 0) {
      if (!list(watch) && watch->method == SOCKET_METHOD_LISTS && watch->counts.lists == 0) {
        complain("list the sockets", errno);
        return EXIT_SYSTEM_ERROR;
      }
      next_list = now + pause_ms;
    }
    if (now >= statistics_due_ms(watch)) write_statistics(watch);
    output_flush(&watch->output);
    now = monotonic_ms();
    const uint64_t due = statistics_due_ms(watch);
    const uint64_t next = next_list < due ? next_list : due;
    if (!more && !wait_for_news(watch, next > now ? next - now : 0)) return EXIT_OUTPUT_ERROR;
  }
  return EXIT_STOPPED;
}

/* Opens the best method that there is; `detail` says why it is not the best of all. */
static enum exit_code open_method(struct watch *watch, enum method_wish wish, char detail[DETAIL_TEXT_BYTES]) {
  const char *step = "";
  watch->diag = diag_open();
  if (watch->diag < 0) {
    complain("ask for lists of sockets", errno);
    return EXIT_SYSTEM_ERROR;
  }
  watch->method = SOCKET_METHOD_LISTS;
  if (wish == WISH_LISTS) return EXIT_STOPPED;
  if (tracing_open(&watch->tracing, TRACED_SOCKETS, &step)) {
    watch->method = SOCKET_METHOD_EBPF;
    return EXIT_STOPPED;
  }
  const int error = errno;
  snprintf(detail, DETAIL_TEXT_BYTES, "cannot %s: %s", step, strerror(error));
  if (wish == WISH_BEST) return EXIT_STOPPED;
  complain(step, error);
  return error == EPERM || error == EACCES ? EXIT_NO_RIGHTS : EXIT_SYSTEM_ERROR;
}

enum exit_code sockets_run(const struct arguments *arguments, const volatile sig_atomic_t *stopping) {
  static struct watch watch = {.diag = -1, .is_first_list = true};
  char detail[DETAIL_TEXT_BYTES] = "";
  enum exit_code opened = open_method(&watch, arguments->method, detail);
  if (opened != EXIT_STOPPED) return opened;
  struct stat network;
  if (stat("/proc/self/ns/net", &network) == 0) watch.network = (uint32_t)network.st_ino;
  watch.given = diag_given_ports();
  output_open(&watch.output, STDOUT_FILENO, stopping);
  output_allow_backlog(&watch.output, BACKLOG_BYTES);
  const char *step = "";
  if (!confine(arguments->user, watch.diag, &step)) {
    complain(step, errno);
    return EXIT_SYSTEM_ERROR;
  }
  watch.boot_offset_ns = nanoseconds(CLOCK_REALTIME) - nanoseconds(CLOCK_BOOTTIME);
  write_hello(&watch, detail);
  enum exit_code code = loop(&watch, stopping);
  (void)drain(&watch);
  write_statistics(&watch);
  output_flush(&watch.output);
  if (watch.output.closed && !*stopping && watch.output.error != EPIPE) complain("write", watch.output.error);
  return watch.output.closed && code == EXIT_STOPPED ? EXIT_OUTPUT_ERROR : code;
}
