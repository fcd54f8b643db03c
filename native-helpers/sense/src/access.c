#include "access.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "complain.h"
#include "confine.h"
#include "moments.h"
#include "output.h"
#include "paths.h"
#include "pulse.h"
#include "tracing.h"

/* After the first record of the ring it waits so long for more: a wake-up for each would cost more than the record. */
#define GATHER_MS 5u
/* Records of one turn: then statistics and signals have theirs. */
#define MAX_RECORDS_A_TURN 1024u
/*
 * Before 6.14 the kernel writes down the path of the control group whenever it tells of a lock, and before 6.4 every page
 * fault takes one: all programs would pay for it.
 */
#define LOCKS_MAJOR 6u
#define LOCKS_MINOR 14u

struct watch {
  struct output output;
  struct tracing tracing;
  struct access_statistics_record counts;
  struct access_statistics_record told; /* the counts that were written last */
  struct pulse pulse;
  /* What to add to the clock since the start for the time since the epoch. */
  uint64_t boot_offset_ns;
  char texts[ACCESS_TEXT_BYTES + ACCESS_TEXTS];
};

static void count(struct watch *watch, uint16_t type) {
  switch (type) {
    case RECORD_ACCESS_TRACE: watch->counts.traces++; break;
    case RECORD_ACCESS_READ: watch->counts.reads++; break;
    case RECORD_ACCESS_WRITE: watch->counts.writes++; break;
    case RECORD_ACCESS_SIGNAL: watch->counts.signals++; break;
    case RECORD_ACCESS_MODULE_LOAD: watch->counts.loads++; break;
    case RECORD_ACCESS_MODULE_UNLOAD: watch->counts.unloads++; break;
    default: break;
  }
}

bool access_translate(const unsigned char *bytes, size_t length, struct access_record *record, char *texts) {
  if (length < sizeof *record) return false;
  memcpy(record, bytes, sizeof *record);
  const char *from = (const char *)bytes + sizeof *record;
  size_t left = length - sizeof *record;
  size_t used = 0;
  for (unsigned i = 0; i < ACCESS_TEXTS; i++) {
    const size_t present = record->text_bytes[i];
    if (present > left || present > ACCESS_PATH_BYTES) return false;
    const size_t made = present == 0 ? 0 : path_join(texts + used, from, present);
    record->text_bytes[i] = (uint16_t)made;
    used += made;
    from += present;
    left -= present;
  }
  return true;
}

bool access_knows_locks(const char *release) {
  char *end = NULL;
  const unsigned long major = strtoul(release, &end, 10);
  if (end == release || *end != '.') return false;
  const unsigned long minor = strtoul(end + 1, NULL, 10);
  return major > LOCKS_MAJOR || (major == LOCKS_MAJOR && minor >= LOCKS_MINOR);
}

static void take_traced(void *context, const unsigned char *bytes, size_t length) {
  struct watch *watch = context;
  struct access_record record;
  if (!access_translate(bytes, length, &record, watch->texts)) return;
  record.time_ns += watch->boot_offset_ns;
  size_t text_bytes = 0;
  for (unsigned i = 0; i < ACCESS_TEXTS; i++) text_bytes += record.text_bytes[i];
  unsigned char *written =
      output_record(&watch->output, (enum record_type)record.header.type, 0, sizeof record + text_bytes);
  memcpy(written + sizeof record.header, (const unsigned char *)&record + sizeof record.header,
         sizeof record - sizeof record.header);
  if (text_bytes > 0) memcpy(written + sizeof record, watch->texts, text_bytes);
  count(watch, record.header.type);
}

static void write_hello(struct watch *watch, const char *detail) {
  const size_t bytes = strlen(detail);
  struct access_hello_record hello = {
      .magic = ACCESS_MAGIC,
      .version = ACCESS_FORMAT_VERSION,
      .parts = watch->tracing.parts,
      .detail_bytes = (uint32_t)bytes,
      .boot_time_ns = watch->boot_offset_ns,
  };
  unsigned char *record =
      output_record(&watch->output, (enum record_type)RECORD_ACCESS_HELLO, 0, sizeof hello + bytes);
  memcpy(&hello.header, record, sizeof hello.header);
  memcpy(record, &hello, sizeof hello);
  if (bytes > 0) memcpy(record + sizeof hello, detail, bytes);
}

static uint64_t statistics_due_ms(struct watch *watch) {
  watch->counts.dropped = *watch->tracing.dropped;
  return pulse_due_ms(&watch->pulse, memcmp(&watch->counts, &watch->told, sizeof watch->told) != 0);
}

static void write_statistics(struct watch *watch) {
  unsigned char *record = output_record(&watch->output, (enum record_type)RECORD_ACCESS_STATISTICS, 0,
                                        sizeof watch->counts);
  watch->counts.dropped = *watch->tracing.dropped;
  memcpy(&watch->counts.header, record, sizeof watch->counts.header);
  memcpy(record, &watch->counts, sizeof watch->counts);
  watch->told = watch->counts;
  watch->pulse.told_ms = monotonic_ms();
}

/* Takes in what there is. True when there may be more. */
static bool drain(struct watch *watch) {
  /* Again and again: the clock may be set, and a machine may sleep. */
  watch->boot_offset_ns = nanoseconds(CLOCK_REALTIME) - nanoseconds(CLOCK_BOOTTIME);
  return tracing_drain(&watch->tracing, MAX_RECORDS_A_TURN, take_traced, watch) == MAX_RECORDS_A_TURN;
}

/* Sleeps until there is news, a signal, or the time is over. False when the reader is gone. */
static bool wait_for_news(const struct watch *watch, uint64_t timeout_ms) {
  struct pollfd watched[2] = {{.fd = watch->output.descriptor}, {.fd = watch->tracing.ring, .events = POLLIN}};
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
  while (!*stopping && !watch->output.closed) {
    const bool more = drain(watch);
    const uint64_t now = monotonic_ms();
    if (now >= statistics_due_ms(watch)) write_statistics(watch);
    output_flush(&watch->output);
    const uint64_t due = statistics_due_ms(watch);
    if (!more && !wait_for_news(watch, due > now ? due - now : 0)) return EXIT_OUTPUT_ERROR;
  }
  return EXIT_STOPPED;
}

static const char *detail_of(uint32_t parts, bool knows_locks) {
  if ((parts & PART_MEMORY) != 0) return "";
  return knows_locks ? "this kernel has no trace point for locks of memory"
                     : "before Linux 6.14 that would slow down every program";
}

enum exit_code access_run(const struct arguments *arguments, const volatile sig_atomic_t *stopping) {
  static struct watch watch;
  struct utsname machine;
  const bool knows_locks = uname(&machine) == 0 && access_knows_locks(machine.release);
  watch.tracing.parts = PART_SIGNALS | PART_MODULES | (knows_locks ? PART_MEMORY : 0u);
  const char *step = "";
  if (!tracing_open(&watch.tracing, TRACED_ACCESS, &step)) {
    const int error = errno;
    complain(step, error);
    return error == EPERM || error == EACCES ? EXIT_NO_RIGHTS : EXIT_SYSTEM_ERROR;
  }
  *watch.tracing.own = arguments->own;
  output_open(&watch.output, STDOUT_FILENO, stopping);
  if (!confine(arguments->user, -1, &step)) {
    complain(step, errno);
    return EXIT_SYSTEM_ERROR;
  }
  watch.boot_offset_ns = nanoseconds(CLOCK_REALTIME) - nanoseconds(CLOCK_BOOTTIME);
  write_hello(&watch, detail_of(watch.tracing.parts, knows_locks));
  enum exit_code code = loop(&watch, stopping);
  (void)drain(&watch);
  write_statistics(&watch);
  output_flush(&watch.output);
  if (watch.output.closed && !*stopping && watch.output.error != EPIPE) complain("write", watch.output.error);
  return watch.output.closed && code == EXIT_STOPPED ? EXIT_OUTPUT_ERROR : code;
}
