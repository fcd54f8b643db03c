#include "processes.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "audit.h"
#include "complain.h"
#include "confine.h"
#include "connector.h"
#include "moments.h"
#include "output.h"
#include "paths.h"
#include "process_queue.h"
#include "process_records.h"
#include "procfs.h"
#include "pulse.h"
#include "tracing.h"

/* For a reader that pauses: memory that is taken only then, where the kernel's ring is held all the time. */
#define BACKLOG_BYTES (16u * 1024u * 1024u)
/*
 * After the first record of the ring it waits so long for more: programs start others, and a wake-up for each would cost
 * more than the record. Short against the second within which an alert is due.
 */
#define GATHER_MS 5u
/* Records of one turn: then statistics and signals have theirs. */
#define MAX_RECORDS_A_TURN 8192u
/* /proc is to be read before the process ends: ahead of ordinary programs, behind the desktop's sound. */
#define READING_PRIORITY (-10)
#define DETAIL_TEXT_BYTES 384u
#define STEP_TEXT_BYTES 96u
/* What the audit system takes to tell what the connector told already; under load its thread waits for its turn. */
#define AUDIT_DELAY_MS 500u
/* The same where its rules leave programs out, and /proc has said what there is to know: hardly ever worth waiting for. */
#define SHORT_DELAY_MS 50u
/* auditctl(8) changes rules one by one: when it has done with it, it is seen anew what they tell. */
#define SETTLE_MS 3000u

struct watch {
  struct output output;
  enum process_method method;
  struct tracing tracing;
  int connector; /* -1: none */
  uint64_t lost_by_connector;
  struct audit audit; /* its reader is -1: not in use */
  struct process_queue queue;
  uint64_t audit_changed_ms; /* 0: its rules are as they were */
  struct process_statistics_record counts;
  struct process_statistics_record told; /* the counts that were written last */
  struct pulse pulse;
  /* What to add to the clock since the start and to the monotonic one for the time since the epoch. */
  uint64_t boot_offset_ns;
  uint64_t monotonic_offset_ns;
  char texts[MAX_TEXT_BYTES + TEXTS];
};

/* Again and again: the clock may be set, and a machine may sleep. */
static void look_at_clocks(struct watch *watch) {
  const uint64_t now = nanoseconds(CLOCK_REALTIME);
  watch->boot_offset_ns = now - nanoseconds(CLOCK_BOOTTIME);
  watch->monotonic_offset_ns = now - nanoseconds(CLOCK_MONOTONIC);
}

static void count(struct watch *watch, const struct process_record *record) {
  switch (record->header.type) {
    case RECORD_PROCESS_FORK: watch->counts.forks++; break;
    case RECORD_PROCESS_EXEC: watch->counts.execs++; break;
    case RECORD_PROCESS_EXIT: watch->counts.exits++; break;
    case RECORD_PROCESS_CREDENTIALS: watch->counts.credentials++; break;
    default: break;
  }
  if (record->flags & FLAG_INCOMPLETE) watch->counts.incomplete++;
}

/* Writes a record; its header's type is set, its texts are of the lengths that it says. */
static void write_record(struct watch *watch, const struct process_record *record, const char *texts) {
  size_t text_bytes = 0;
  for (unsigned i = 0; i < TEXTS; i++) text_bytes += record->text_bytes[i];
  unsigned char *bytes = output_record(&watch->output, (enum record_type)record->header.type, 0,
                                       sizeof *record + text_bytes);
  memcpy(bytes + sizeof record->header, (const unsigned char *)record + sizeof record->header,
         sizeof *record - sizeof record->header);
  if (text_bytes > 0) memcpy(bytes + sizeof *record, texts, text_bytes);
  count(watch, record);
}

/*
 * Of an execution that the audit system did not tell of (by a process that began before auditing was switched on, or one
 * of another architecture) there is what /proc says by now.
 */
static void write_queued(void *context, const struct process_record *record, const char *texts) {
  struct watch *watch = context;
  const bool is_untold = record->header.type == RECORD_PROCESS_EXEC && record->text_bytes[TEXT_IMAGE] == 0;
  if (!is_untold) {
    write_record(watch, record, texts);
    return;
  }
  struct process_record read = *record;
  read.flags &= ~(uint32_t)FLAG_INCOMPLETE;
  /* Another one may have the number by now. */
  const bool is_read = procfs_read(record->process, &read, watch->texts);
  const bool is_same = is_read && (record->start_ns == 0 || record->start_ns == read.start_ns);
  write_record(watch, is_same ? &read : record, is_same ? watch->texts : texts);
}

/* From the eBPF program's record to one of the stream: its paths come as names. */
static void take_traced(void *context, const unsigned char *bytes, size_t length) {
  struct watch *watch = context;
  struct process_record record;
  if (length < sizeof record) return;
  memcpy(&record, bytes, sizeof record);
  record.time_ns += watch->boot_offset_ns;
  const char *from = (const char *)bytes + sizeof record;
  size_t left = length - sizeof record;
  size_t used = 0;
  for (unsigned i = 0; i < TEXTS; i++) {
    const size_t present = record.text_bytes[i];
    if (present > left) return;
    size_t made = present;
    if (record.header.type != RECORD_PROCESS_EXEC) {
      made = 0;
    } else if (i == TEXT_IMAGE || i == TEXT_DIRECTORY || i == TEXT_CGROUP) {
      made = path_join(watch->texts + used, from, present);
    } else {
      memcpy(watch->texts + used, from, present);
      if (i == TEXT_FILE_NAME && made > 0 && from[made - 1] == '\0') made--;
    }
    record.text_bytes[i] = (uint32_t)made;
    used += made;
    from += present;
    left -= present;
  }
  write_record(watch, &record, watch->texts);
}

/* From the connector's news to a record. */
static void take_news(void *context, const struct proc_event *event) {
  struct watch *watch = context;
  struct process_record record = {
      .time_ns = event->timestamp_ns + watch->monotonic_offset_ns,
      .login_user = UNSET_ID,
      .session = UNSET_ID,
  };
  /* Threads are told of as well. */
  switch (event->what) {
    case PROC_EVENT_FORK:
      if (event->event_data.fork.child_pid != event->event_data.fork.child_tgid) return;
      record.header.type = RECORD_PROCESS_FORK;
      record.process = (uint32_t)event->event_data.fork.child_tgid;
      record.parent = (uint32_t)event->event_data.fork.parent_tgid;
      break;
    case PROC_EVENT_EXEC:
      record.header.type = RECORD_PROCESS_EXEC;
      record.process = (uint32_t)event->event_data.exec.process_tgid;
      if (watch->audit.reader >= 0 && watch->audit.is_whole) {
        (void)procfs_read_standing(record.process, &record, watch->texts);
      } else {
        (void)procfs_read(record.process, &record, watch->texts);
      }
      break;
    case PROC_EVENT_EXIT:
      if (event->event_data.exit.process_pid != event->event_data.exit.process_tgid) return;
      record.header.type = RECORD_PROCESS_EXIT;
      record.process = (uint32_t)event->event_data.exit.process_tgid;
      record.exit_status = event->event_data.exit.exit_code;
      break;
    case PROC_EVENT_UID:
      record.header.type = RECORD_PROCESS_CREDENTIALS;
      record.process = (uint32_t)event->event_data.id.process_tgid;
      record.user = event->event_data.id.r.ruid;
      record.effective_user = event->event_data.id.e.euid;
      record.flags = FLAG_HAS_USERS;
      break;
    case PROC_EVENT_GID:
      record.header.type = RECORD_PROCESS_CREDENTIALS;
      record.process = (uint32_t)event->event_data.id.process_tgid;
      record.group = event->event_data.id.r.rgid;
      record.effective_group = event->event_data.id.e.egid;
      record.flags = FLAG_HAS_GROUPS;
      break;
    default: return;
  }
  if (watch->audit.reader < 0) {
    write_record(watch, &record, watch->texts);
    return;
  }
  const bool is_known = !watch->audit.is_whole && (record.flags & FLAG_INCOMPLETE) == 0;
  const uint64_t delay_ms = is_known ? SHORT_DELAY_MS : AUDIT_DELAY_MS;
  const uint64_t until_ms = record.header.type == RECORD_PROCESS_EXEC ? monotonic_ms() + delay_ms : 0;
  const struct queue_writer writer = {write_queued, watch};
  queue_hold(&watch->queue, &record, watch->texts, until_ms, &writer);
}

/* From the audit system's records to one of ours: it waits for the connector's, which knows its place among the others. */
static void take_audited(void *context, const struct process_record *record, const char *texts) {
  struct watch *watch = context;
  const struct queue_writer writer = {write_queued, watch};
  const uint64_t until_ms = watch->connector < 0 ? 0 : monotonic_ms() + AUDIT_DELAY_MS;
  queue_tell(&watch->queue, record, texts, until_ms, &writer);
}

static void write_hello(struct watch *watch, const char *detail) {
  const size_t bytes = strlen(detail);
  struct process_hello_record hello = {
      .magic = PROCESS_MAGIC,
      .version = PROCESS_FORMAT_VERSION,
      .method = watch->method,
      .detail_bytes = (uint32_t)bytes,
      .boot_time_ns = watch->boot_offset_ns,
  };
  unsigned char *record =
      output_record(&watch->output, (enum record_type)RECORD_PROCESS_HELLO, 0, sizeof hello + bytes);
  memcpy(&hello.header, record, sizeof hello.header);
  memcpy(record, &hello, sizeof hello);
  if (bytes > 0) memcpy(record + sizeof hello, detail, bytes);
}

static void count_lost(struct watch *watch) {
  watch->counts.dropped =
      watch->lost_by_connector + watch->audit.lost + (watch->method == METHOD_EBPF ? *watch->tracing.dropped : 0);
}

static uint64_t statistics_due_ms(struct watch *watch) {
  count_lost(watch);
  return pulse_due_ms(&watch->pulse, memcmp(&watch->counts, &watch->told, sizeof watch->told) != 0);
}

static void write_statistics(struct watch *watch) {
  unsigned char *record = output_record(&watch->output, (enum record_type)RECORD_PROCESS_STATISTICS, 0,
                                        sizeof watch->counts);
  count_lost(watch);
  memcpy(&watch->counts.header, record, sizeof watch->counts.header);
  memcpy(record, &watch->counts, sizeof watch->counts);
  watch->told = watch->counts;
  watch->pulse.told_ms = monotonic_ms();
}

/* Takes in what there is. True when there may be more; *alive is false when the connector is of no use any more. */
static bool drain(struct watch *watch, bool *alive) {
  look_at_clocks(watch);
  size_t taken = 0;
  if (watch->method == METHOD_EBPF) taken = tracing_drain(&watch->tracing, MAX_RECORDS_A_TURN, take_traced, watch);
  /* First: what the connector told of meanwhile is in its socket by then. */
  if (watch->audit.reader >= 0) *alive = audit_read(&watch->audit, monotonic_ms(), take_audited, watch);
  if (*alive && watch->connector >= 0) {
    *alive = connector_read(watch->connector, take_news, watch, &watch->lost_by_connector);
  }
  if (watch->audit.reader >= 0) {
    const struct queue_writer writer = {write_queued, watch};
    queue_release(&watch->queue, monotonic_ms(), &writer);
  }
  return taken == MAX_RECORDS_A_TURN;
}

/* Sleeps until there is news, a signal, or the time is over. False when the reader is gone. */
static bool wait_for_news(const struct watch *watch, uint64_t timeout_ms) {
  struct pollfd watched[4] = {
      {.fd = watch->output.descriptor, .events = output_events(&watch->output)},
      {.fd = watch->connector, .events = POLLIN},
  };
  watched[3] = (struct pollfd){.fd = watch->audit.reader, .events = POLLIN};
  watched[2] = (struct pollfd){.fd = watch->method == METHOD_EBPF ? watch->tracing.ring : -1, .events = POLLIN};
  sigset_t none;
  sigemptyset(&none);
  struct timespec timeout = {.tv_sec = (time_t)(timeout_ms / 1000u), .tv_nsec = (long)(timeout_ms % 1000u) * 1000000L};
  if (ppoll(watched, 4, &timeout, &none) <= 0) return true;
  /* The audit system's word does not end with the process: of /proc's alone there is none to lose. */
  if ((watched[2].revents & POLLIN) || (watch->audit.reader >= 0 && watch->audit.is_whole)) {
    timeout = (struct timespec){.tv_sec = 0, .tv_nsec = (long)GATHER_MS * 1000000L};
    (void)ppoll(watched, 1, &timeout, &none);
  }
  return (watched[0].revents & (POLLERR | POLLHUP)) == 0;
}

/* When to look again, whether there is news or not. */
static uint64_t next_look_ms(const struct watch *watch, uint64_t next_statistics) {
  uint64_t due = next_statistics;
  if (watch->audit.reader < 0) return due;
  const uint64_t queued = queue_due_ms(&watch->queue);
  if (queued < due) due = queued;
  if (watch->audit_changed_ms != 0 && watch->audit_changed_ms + SETTLE_MS < due) due = watch->audit_changed_ms + SETTLE_MS;
  return due;
}

/* Whether the audit system's rules changed, and are left in peace by now. Until then the connector is what counts. */
static bool is_audit_settled(struct watch *watch, uint64_t now) {
  if (watch->audit.is_changed) {
    watch->audit.is_changed = false;
    watch->audit.is_whole = false;
    watch->audit_changed_ms = now;
  }
  return watch->audit_changed_ms != 0 && now - watch->audit_changed_ms >= SETTLE_MS;
}

static enum exit_code loop(struct watch *watch, const volatile sig_atomic_t *stopping) {
  bool alive = true;
  while (!*stopping && !watch->output.closed) {
    const bool more = drain(watch, &alive);
    if (!alive) {
      complain("follow the processes", errno);
      return EXIT_SYSTEM_ERROR;
    }
    const uint64_t now = monotonic_ms();
    if (now >= statistics_due_ms(watch)) write_statistics(watch);
    output_flush(&watch->output);
    if (is_audit_settled(watch, now)) {
      /* Looking at them takes a right that is given up: the next run has it. */
      fputs("sense: the rules of the audit system were changed\n", stderr);
      return EXIT_SYSTEM_ERROR;
    }
    const uint64_t look = next_look_ms(watch, statistics_due_ms(watch));
    if (!more && !wait_for_news(watch, look > now ? look - now : 0)) return EXIT_OUTPUT_ERROR;
  }
  return EXIT_STOPPED;
}

static void add_detail(char detail[DETAIL_TEXT_BYTES], const char *what, const char *why) {
  const size_t used = strlen(detail);
  snprintf(detail + used, DETAIL_TEXT_BYTES - used, "%s%s: %s", used > 0 ? "; " : "", what, why);
}

static bool open_ebpf(struct watch *watch, char detail[DETAIL_TEXT_BYTES], const char **step) {
  if (!tracing_open(&watch->tracing, TRACED_PROCESSES, step)) {
    const int error = errno;
    char what[STEP_TEXT_BYTES];
    snprintf(what, sizeof what, "cannot %s", *step);
    add_detail(detail, what, strerror(error));
    errno = error;
    return false;
  }
  watch->method = METHOD_EBPF;
  watch->connector = connector_open(CONNECTOR_CREDENTIALS);
  if (watch->connector < 0) {
    add_detail(detail, "changes of users are seen late, the proc connector does not work", strerror(errno));
  }
  return true;
}

/* Where rules tell of only some programs, what they tell makes the connector's word better, which stays the method. */
static bool open_audit(struct watch *watch, const struct arguments *arguments, char detail[DETAIL_TEXT_BYTES]) {
  char reason[AUDIT_DETAIL_BYTES] = "";
  if (!audit_open(&watch->audit, arguments->may_add_audit_rule, arguments->user, reason) || !watch->audit.is_whole) {
    add_detail(detail, "audit system", reason);
    return false;
  }
  watch->method = METHOD_AUDIT;
  if (watch->audit.has_rule) {
    add_detail(detail, "a rule was added to the audit system's and goes when this ends; its key begins with", OWN_KEY_PREFIX);
  }
  watch->connector = connector_open(CONNECTOR_EVERYTHING);
  if (watch->connector < 0) {
    add_detail(detail, "ends of processes are not seen, the proc connector does not work", strerror(errno));
  }
  return true;
}

/* Opens the best method that there is; `detail` says why it is not the best of all, or what it lacks. */
static enum exit_code open_method(struct watch *watch, const struct arguments *arguments,
                                  char detail[DETAIL_TEXT_BYTES]) {
  const enum method_wish wish = arguments->method;
  const char *step = "";
  int error = 0;
  if (wish == WISH_BEST || wish == WISH_EBPF) {
    if (open_ebpf(watch, detail, &step)) return EXIT_STOPPED;
    error = errno;
  }
  if (wish != WISH_EBPF) (void)setpriority(PRIO_PROCESS, 0, READING_PRIORITY);
  if ((wish == WISH_BEST || wish == WISH_AUDIT) && open_audit(watch, arguments, detail)) return EXIT_STOPPED;
  if (wish == WISH_AUDIT) {
    fprintf(stderr, "sense: %s\n", detail);
    return EXIT_SYSTEM_ERROR;
  }
  if (wish != WISH_EBPF) {
    watch->method = METHOD_CONNECTOR;
    watch->connector = connector_open(CONNECTOR_EVERYTHING);
    if (watch->connector >= 0) return EXIT_STOPPED;
    error = errno;
    step = "subscribe to the proc connector";
  }
  complain(step, error);
  return error == EPERM || error == EACCES ? EXIT_NO_RIGHTS : EXIT_SYSTEM_ERROR;
}

enum exit_code processes_run(const struct arguments *arguments, const volatile sig_atomic_t *stopping) {
  /* All zeros, so that its megabytes are not part of the program's file. */
  static struct watch watch;
  watch.connector = -1;
  watch.audit.reader = -1;
  char detail[DETAIL_TEXT_BYTES] = "";
  /* Whatever method it is by now: an earlier run may have been ended together with its guard. */
  audit_sweep();
  const enum exit_code opened = open_method(&watch, arguments, detail);
  if (opened != EXIT_STOPPED) return opened;
  output_open(&watch.output, STDOUT_FILENO, stopping);
  output_allow_backlog(&watch.output, BACKLOG_BYTES);
  const char *step = "";
  if (watch.method == METHOD_EBPF ? !confine(arguments->user, watch.connector, &step)
                                  : !confine_reader(arguments->user, watch.connector, watch.audit.reader, &step)) {
    complain(step, errno);
    return EXIT_SYSTEM_ERROR;
  }
  look_at_clocks(&watch);
  write_hello(&watch, detail);
  enum exit_code code = loop(&watch, stopping);
  bool alive = true;
  (void)drain(&watch, &alive);
  const struct queue_writer writer = {write_queued, &watch};
  queue_empty(&watch.queue, &writer);
  write_statistics(&watch);
  output_flush(&watch.output);
  if (watch.output.closed && !*stopping && watch.output.error != EPIPE) complain("write", watch.output.error);
  return watch.output.closed && code == EXIT_STOPPED ? EXIT_OUTPUT_ERROR : code;
}
