#include "capture.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "confine.h"
#include "frame.h"
#include "interfaces.h"
#include "linktype.h"
#include "moments.h"
#include "output.h"
#include "ring.h"

/*
 * How interfaces that come back are watched again without any right left: a pool of packet sockets, one of
 * either kind for every slot, is opened before the rights are given up. A socket that is not bound sees
 * nothing and costs next to nothing. Rings and bindings are made later, when an interface is there; neither
 * needs a right.
 */

#define TICK_MS 100u
/* As long as no packet comes: nobody is woken ten times a second to hear that time passes. */
#define QUIET_TICK_MS 250u
/*
 * Where none came for so long, once a second: then as a second has passed for the reader as well, which counts its time in
 * whole ones, so that it hears of it no later than by ticks that come more often.
 */
#define CALM_MS 10000u
#define SECOND_MS 1000u
/* Two ticks are not closer, and a wake-up may come so much early. */
#define TICK_SLACK_MS 20u
#define STATISTICS_MS 1000u
static_assert(TICK_LAG_MS > 2 * BLOCK_TIMEOUT_MS, "a tick is never ahead of a block that is still being filled");

/*
 * Where packets wait until sense is scheduled: unswappable kernel memory that is held all the time. An upload over a fast
 * link fills 8 MiB in milliseconds, which is too soon on a busy machine; 16 are enough, as sense empties them at once. What
 * the reader has not taken yet waits in a backlog, in memory that is held only as long. The first FULL_RINGS interfaces
 * get the larger ring, any more the smaller one: a host with many interfaces has few that are busy.
 */
#define FULL_RINGS 4u
#define SMALL_RING_DIVISOR 2u
/* A reader that is late is so for tenths of seconds; the limit is for rings that are large already. */
#define BACKLOG_RINGS 8u
#define BACKLOG_MEBIBYTES 256u

/* sense needs next to no time, but where it does not get that at once packets are lost. */
#define NICENESS (-10)

struct slot {
  bool in_use;
  char name[IFNAMSIZ];
  /* The pool: one of them watches, or none. */
  struct ring with_header;
  struct ring without_header;
  struct ring *ring;
  int bound_index;
  uint32_t link_type;
  /* What was said last in an interface record; details are constants. */
  enum interface_state state;
  const char *detail;
  uint64_t packets;
  uint64_t bytes;
  uint64_t dropped;
  uint64_t freezes;
  /* The list of interfaces in which it was seen last. */
  uint32_t listed;
};

struct capture {
  const struct arguments *arguments;
  unsigned slots;
  unsigned rings;
  bool slots_exhausted;
  int netlink;
  uint32_t list;
  /* Packets of all slots, ever. */
  uint64_t packets;
  struct slot slot[MAX_SLOTS];
  struct output output;
};

static void complain(const char *what, int error) {
  char line[256];
  int length = snprintf(line, sizeof line, "sense: %s: %s\n", what, strerror(error));
  if (length > 0) (void)!write(STDERR_FILENO, line, (size_t)length < sizeof line ? (size_t)length : sizeof line - 1);
}

static void write_interface(struct capture *capture, unsigned slot_number, const char *name, int index,
                            uint32_t link_type, enum interface_state state, int error, const char *detail) {
  size_t detail_bytes = strnlen(detail, DETAIL_BYTES);
  struct interface_record *record =
      output_record(&capture->output, RECORD_INTERFACE, slot_number, sizeof *record + detail_bytes);
  record->interface_index = (uint32_t)index;
  record->link_type = link_type;
  record->state = (uint16_t)state;
  record->error = (uint16_t)error;
  record->detail_bytes = (uint32_t)detail_bytes;
  memset(record->name, 0, sizeof record->name);
  memcpy(record->name, name, strnlen(name, sizeof record->name));
  memcpy(record + 1, detail, detail_bytes);
}

/* Says how the slot's interface is, if that is news. `detail` is a constant. */
static void say(struct capture *capture, struct slot *slot, enum interface_state state, int error,
                const char *detail) {
  if (slot->state == state && slot->detail == detail) return;
  slot->state = state;
  slot->detail = detail;
  unsigned number = (unsigned)(slot - capture->slot);
  write_interface(capture, number, slot->name, slot->bound_index, slot->link_type, state, error, detail);
}

static void collect_drops(struct slot *slot) {
  uint32_t dropped;
  uint32_t freezes;
  if (slot->ring == NULL || !ring_statistics(slot->ring, &dropped, &freezes)) return;
  slot->dropped += dropped;
  slot->freezes += freezes;
}

static void write_statistics(struct capture *capture) {
  for (unsigned i = 0; i < capture->slots; i++) {
    struct slot *slot = &capture->slot[i];
    if (!slot->in_use) continue;
    collect_drops(slot);
    struct statistics_record *record = output_record(&capture->output, RECORD_STATISTICS, i, sizeof *record);
    record->packets = slot->packets;
    record->bytes = slot->bytes;
    record->dropped = slot->dropped;
    record->freezes = slot->freezes;
  }
}

/* Until the tick after which the reader is in its next second. */
static uint64_t until_next_second_ms(void) {
  const uint64_t now_ms = nanoseconds(CLOCK_REALTIME) / 1000000u;
  const uint64_t wait_ms = SECOND_MS - (now_ms - TICK_LAG_MS) % SECOND_MS;
  return wait_ms < TICK_SLACK_MS ? wait_ms + SECOND_MS : wait_ms;
}

static void write_tick(struct capture *capture) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  long nanoseconds = now.tv_nsec - (long)TICK_LAG_MS * 1000000L;
  struct tick_record *record = output_record(&capture->output, RECORD_TICK, 0, sizeof *record);
  record->seconds = (uint32_t)(nanoseconds < 0 ? now.tv_sec - 1 : now.tv_sec);
  record->nanoseconds = (uint32_t)(nanoseconds < 0 ? nanoseconds + 1000000000L : nanoseconds);
}

/* Writes the packets of one block of the slot's ring. False when there is none. */
static bool drain_slot(struct capture *capture, struct slot *slot) {
  struct tpacket_block_desc *block = slot->ring != NULL ? ring_block(slot->ring) : NULL;
  if (block == NULL) return false;
  const unsigned number = (unsigned)(slot - capture->slot);
  const unsigned char *bytes = (const unsigned char *)block;
  size_t offset = block->hdr.bh1.offset_to_first_pkt;
  for (uint32_t left = block->hdr.bh1.num_pkts; left > 0 && offset < BLOCK_BYTES; left--) {
    const struct tpacket3_hdr *packet = (const struct tpacket3_hdr *)(const void *)(bytes + offset);
    uint32_t wire_bytes;
    if (frame_write(&capture->output, number, slot->link_type, packet, BLOCK_BYTES - offset, &wire_bytes)) {
      slot->packets++;
      capture->packets++;
      slot->bytes += wire_bytes;
    }
    offset += packet->tp_next_offset;
  }
  ring_return(slot->ring, block);
  return true;
}

/* Stops watching, writes what the ring holds and gives its memory back. */
static void detach(struct capture *capture, struct slot *slot) {
  if (slot->ring == NULL) return;
  if (slot->bound_index != 0) ring_unbind(slot->ring, slot->bound_index);
  while (drain_slot(capture, slot)) {
  }
  collect_drops(slot);
  ring_release(slot->ring);
  slot->ring = NULL;
  slot->bound_index = 0;
  capture->rings--;
}

static void fail(struct capture *capture, struct slot *slot, int error, const char *detail) {
  detach(capture, slot);
  say(capture, slot, INTERFACE_FAILED, error, detail);
}

static void attach(struct capture *capture, struct slot *slot, const struct interface *interface) {
  struct link_form form = link_form_of(interface->hardware_type);
  struct ring *ring = form.with_header ? &slot->with_header : &slot->without_header;
  /* Packets of another form may still be in the ring: they go with it. */
  if (slot->ring != NULL && (slot->ring != ring || slot->link_type != form.link_type)) detach(capture, slot);
  slot->link_type = form.link_type;
  if (slot->ring == NULL) {
    const uint32_t divisor = capture->rings < FULL_RINGS ? 1u : SMALL_RING_DIVISOR;
    const uint32_t wanted = capture->arguments->ring_mebibytes / divisor;
    if (!ring_allocate(ring, wanted > 0 ? wanted : 1)) {
      fail(capture, slot, errno, "there is no memory for its ring");
      return;
    }
    slot->ring = ring;
    capture->rings++;
  }
  if (!ring_bind(ring, interface->index, interface->loopback, capture->arguments->promiscuous)) {
    int error = errno;
    /* Gone again already: its removal is reported next. */
    if (error == ENODEV || error == ENXIO) return;
    fail(capture, slot, error, "it cannot be watched");
    return;
  }
  slot->bound_index = interface->index;
  /* Whatever was said before was about another interface. */
  slot->state = 0;
}

static bool is_selected(const struct capture *capture, const struct interface *interface) {
  switch (capture->arguments->selection) {
    case SELECT_AUTOMATIC: return interface_is_automatic(interface);
    case SELECT_ALL: return true;
    case SELECT_NAMED: break;
  }
  return false;
}

static struct slot *slot_by_name(struct capture *capture, const char *name) {
  for (unsigned i = 0; i < capture->slots; i++) {
    if (capture->slot[i].in_use && strcmp(capture->slot[i].name, name) == 0) return &capture->slot[i];
  }
  return NULL;
}

static struct slot *slot_by_index(struct capture *capture, int index) {
  for (unsigned i = 0; i < capture->slots; i++) {
    if (capture->slot[i].in_use && capture->slot[i].bound_index == index) return &capture->slot[i];
  }
  return NULL;
}

/*
 * A slot whose interface is missing, else one that was never used: names that come and go (tun0, tun1, ...) do not
 * gather rings.
 */
static struct slot *take_slot(struct capture *capture, const char *name) {
  struct slot *found = NULL;
  for (unsigned i = 0; i < capture->slots && (found == NULL || !found->in_use); i++) {
    struct slot *slot = &capture->slot[i];
    if (slot->in_use ? slot->state == INTERFACE_MISSING : found == NULL) found = slot;
  }
  if (found == NULL) return NULL;
  detach(capture, found);
  struct ring with_header = found->with_header;
  struct ring without_header = found->without_header;
  *found = (struct slot){.in_use = true, .with_header = with_header, .without_header = without_header};
  memcpy(found->name, name, sizeof found->name);
  return found;
}

static void lose(struct capture *capture, struct slot *slot, const char *detail) {
  slot->bound_index = 0;
  say(capture, slot, INTERFACE_MISSING, ENODEV, detail);
}

/* interface_handler: an interface is there, has changed, or is gone. */
static void follow(void *context, const struct interface *interface, bool removed) {
  struct capture *capture = context;
  if (removed) {
    struct slot *lost = slot_by_index(capture, interface->index);
    if (lost != NULL) lose(capture, lost, "it is gone");
    return;
  }
  struct slot *slot = slot_by_name(capture, interface->name);
  /* Renamed while it is being watched: the slot stays with the interface. */
  if (slot == NULL) {
    slot = slot_by_index(capture, interface->index);
    if (slot != NULL && capture->arguments->selection != SELECT_NAMED) {
      memcpy(slot->name, interface->name, sizeof slot->name);
      slot->state = 0;
    }
  }
  bool named = capture->arguments->selection == SELECT_NAMED;
  if (slot == NULL) {
    /* One that is switched off gets no ring before it is switched on. */
    if (named || !interface->switched_on || !is_selected(capture, interface)) return;
    slot = take_slot(capture, interface->name);
    if (slot == NULL) {
      if (!capture->slots_exhausted) {
        write_interface(capture, NO_SLOT, interface->name, interface->index, 0, INTERFACE_FAILED, 0,
                        "more interfaces than can be watched at once");
      }
      capture->slots_exhausted = true;
      return;
    }
  }
  slot->listed = capture->list;
  if (!named && !is_selected(capture, interface)) {
    /* It became the port of a bridge, say. */
    detach(capture, slot);
    lose(capture, slot, "its packets are seen elsewhere now");
    return;
  }
  if (slot->bound_index != interface->index) attach(capture, slot, interface);
  if (slot->bound_index != interface->index) return;
  if (!interface->switched_on) say(capture, slot, INTERFACE_DOWN, 0, "it is switched off");
  else if (!interface->linked) say(capture, slot, INTERFACE_DOWN, 0, "it has no link");
  else say(capture, slot, INTERFACE_UP, 0, "");
}

static bool request_list(struct capture *capture) {
  capture->list++;
  return interfaces_request(capture->netlink);
}

/* Takes in what rtnetlink says. False with errno. */
static bool follow_interfaces(struct capture *capture) {
  for (;;) {
    switch (interfaces_read(capture->netlink, follow, capture)) {
      case INTERFACES_WAIT: return true;
      case INTERFACES_FAILED: return false;
      case INTERFACES_OVERFLOW:
        if (!request_list(capture)) return false;
        break;
      case INTERFACES_LISTED:
        for (unsigned i = 0; i < capture->slots; i++) {
          struct slot *slot = &capture->slot[i];
          if (slot->in_use && slot->listed != capture->list) lose(capture, slot, "there is no such interface");
        }
        break;
    }
  }
}

/* Writes the packets of one block of every ring. False when there was none. */
static bool drain(struct capture *capture) {
  bool any = false;
  for (unsigned i = 0; i < capture->slots; i++) any |= drain_slot(capture, &capture->slot[i]);
  return any;
}

/*
 * Sleeps until there is a packet, a change of interfaces, a reader for the backlog, a signal, or the time is over.
 * False with errno.
 */
static bool wait_for_news(struct capture *capture, uint64_t timeout_ms) {
  const struct output *output = &capture->output;
  struct pollfd watched[2 + MAX_SLOTS] = {
      {.fd = capture->netlink, .events = POLLIN},
      /* poll takes no notice of a negative descriptor. */
      {.fd = output_is_behind(output) ? output->descriptor : -1, .events = POLLOUT},
  };
  const struct ring *rings[2 + MAX_SLOTS] = {NULL};
  nfds_t count = 2;
  for (unsigned i = 0; i < capture->slots; i++) {
    const struct ring *ring = capture->slot[i].ring;
    if (ring == NULL) continue;
    watched[count] = (struct pollfd){.fd = ring->socket, .events = POLLIN};
    rings[count++] = ring;
  }
  const struct timespec timeout = {.tv_sec = (time_t)(timeout_ms / 1000u), .tv_nsec = (long)(timeout_ms % 1000u) * 1000000L};
  sigset_t none;
  sigemptyset(&none);
  if (ppoll(watched, count, &timeout, &none) < 0) return errno == EINTR;
  for (nfds_t i = 2; i < count; i++) {
    /* ENETDOWN. What became of the interface, rtnetlink says. */
    if (watched[i].revents & POLLERR) (void)ring_take_error(rings[i]);
  }
  return watched[0].revents == 0 || follow_interfaces(capture);
}

static enum exit_code loop(struct capture *capture, const volatile sig_atomic_t *stopping) {
  uint64_t last_tick = 0;
  uint64_t ticked_packets = 0;
  uint64_t quiet_ms = QUIET_TICK_MS;
  uint64_t quiet_since = monotonic_ms();
  uint64_t next_statistics = quiet_since + STATISTICS_MS;
  while (!*stopping && !capture->output.closed) {
    const bool more = drain(capture);
    const uint64_t now = monotonic_ms();
    const uint64_t next_tick = last_tick + (capture->packets == ticked_packets ? quiet_ms : TICK_MS);
    if (now < next_tick && more) continue;
    if (now + TICK_SLACK_MS >= next_statistics) {
      write_statistics(capture);
      next_statistics = now + STATISTICS_MS;
    }
    uint64_t wait = next_tick > now ? next_tick - now : 0;
    if (wait == 0) {
      /*
       * With packets still in the rings a tick would be ahead of them; they move the reader's clock as well. One that
       * is behind needs no waking.
       */
      if (!more && !output_is_behind(&capture->output)) write_tick(capture);
      last_tick = now;
      if (capture->packets != ticked_packets) quiet_since = now;
      ticked_packets = capture->packets;
      quiet_ms = now - quiet_since < CALM_MS ? QUIET_TICK_MS : until_next_second_ms();
      wait = quiet_ms;
    }
    output_flush(&capture->output);
    if (!wait_for_news(capture, more ? 0 : wait)) {
      complain("cannot follow the interfaces", errno);
      return EXIT_SYSTEM_ERROR;
    }
  }
  return EXIT_STOPPED;
}

static enum exit_code open_pool(struct capture *capture) {
  for (unsigned i = 0; i < capture->slots; i++) {
    struct slot *slot = &capture->slot[i];
    if (!ring_open(&slot->with_header, true, capture->arguments->snap_bytes) ||
        !ring_open(&slot->without_header, false, capture->arguments->snap_bytes)) {
      int error = errno;
      complain(error == EPERM ? "cannot open a packet socket, CAP_NET_RAW is needed" : "cannot open a packet socket",
               error);
      return error == EPERM || error == EACCES ? EXIT_NO_RIGHTS : EXIT_SYSTEM_ERROR;
    }
  }
  return EXIT_STOPPED;
}

static uint32_t backlog_mebibytes(uint32_t ring) {
  const uint32_t wanted = ring * BACKLOG_RINGS;
  const uint32_t most = ring < BACKLOG_MEBIBYTES ? BACKLOG_MEBIBYTES : ring;
  return wanted < most ? wanted : most;
}

enum exit_code capture_run(const struct arguments *arguments, const volatile sig_atomic_t *stopping) {
  static struct capture capture;
  capture.arguments = arguments;
  capture.slots = arguments->selection == SELECT_NAMED ? arguments->names : MAX_SLOTS;
  enum exit_code opened = open_pool(&capture);
  if (opened != EXIT_STOPPED) return opened;
  capture.netlink = interfaces_open();
  if (capture.netlink < 0) {
    complain("cannot follow the interfaces", errno);
    return EXIT_SYSTEM_ERROR;
  }
  output_open(&capture.output, STDOUT_FILENO, stopping);
  output_allow_backlog(&capture.output, (size_t)backlog_mebibytes(arguments->ring_mebibytes) * 1024u * 1024u);
  /* Needs a right that is given up next; without it packets are lost sooner on a busy machine. */
  (void)setpriority(PRIO_PROCESS, 0, NICENESS);
  const char *step = "";
  if (!confine(arguments->user, capture.netlink, &step)) {
    int error = errno;
    char what[96];
    snprintf(what, sizeof what, "cannot %s", step);
    complain(what, error);
    return EXIT_SYSTEM_ERROR;
  }

  struct hello_record *hello = output_record(&capture.output, RECORD_HELLO, 0, sizeof *hello);
  hello->magic = SENSE_MAGIC;
  hello->version = SENSE_FORMAT_VERSION;
  hello->snap_bytes = arguments->snap_bytes;
  hello->slots = capture.slots;
  for (unsigned i = 0; i < arguments->names; i++) {
    capture.slot[i].in_use = true;
    memcpy(capture.slot[i].name, arguments->name[i], IFNAMSIZ);
  }
  if (!request_list(&capture)) {
    complain("cannot list the interfaces", errno);
    return EXIT_SYSTEM_ERROR;
  }
  enum exit_code code = loop(&capture, stopping);
  /* What is in the rings by now, and no more: new packets may keep coming. */
  for (uint32_t rounds = arguments->ring_mebibytes * (1024u * 1024u / BLOCK_BYTES); rounds > 0; rounds--) {
    if (!drain(&capture)) break;
  }
  write_statistics(&capture);
  output_flush(&capture.output);
  if (capture.output.closed && !*stopping && capture.output.error != EPIPE) {
    complain("cannot write", capture.output.error);
  }
  return capture.output.closed && code == EXIT_STOPPED ? EXIT_OUTPUT_ERROR : code;
}

enum exit_code capture_check(void) {
  struct ring ring;
  if (ring_open(&ring, true, MAX_SNAP_BYTES)) {
    close(ring.socket);
    return EXIT_STOPPED;
  }
  int error = errno;
  complain("cannot open a packet socket", error);
  return error == EPERM || error == EACCES ? EXIT_NO_RIGHTS : EXIT_SYSTEM_ERROR;
}
