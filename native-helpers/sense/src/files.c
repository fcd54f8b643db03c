#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "complain.h"
#include "confine.h"
#include "files_commands.h"
#include "files_events.h"
#include "files_facts.h"
#include "files_group.h"
#include "files_kernel.h"
#include "files_opens.h"
#include "files_paths.h"
#include "files_program.h"
#include "files_recent.h"
#include "files_spool.h"
#include "files_target.h"
#include "moments.h"
#include "pulse.h"

/* Of mounts the kernel gives notice; this is for what it does not: a mount that came to light when another one went. */
#define REFRESH_MS 10000u
/*
 * The first event is taken at once, while its process is still there; then it waits so long for more: the kernel joins
 * what one process does to one file, and a wake-up for each would cost more than the event. A queue of 16,384 events lasts
 * for three hundred times as long at 10,000 events a second.
 */
#define GATHER_MS 5u
/* Where it goes on for BUSY_TURNS, a copy or a build, fewer and larger pieces cost both sides less. */
#define BUSY_TURNS 16u
#define GATHER_BUSY_MS 40u
#define READ_BYTES (256u * 1024u)
/* Reads of one file system in one turn: then the others have theirs. */
#define READS_A_TURN 4u
/* Directories that are removed within one read, whose paths are found first. */
#define MAX_REMOVED 4096u
/* Files read for their entropy, at 20 µs each: two hundredths of a processor at most. */
#define SAMPLES_A_SECOND 1000u
#define SAMPLES_MS 1000u
/* In shorter files randomness cannot be told from chance: entropy of n bytes is at most log2(n). */
#define LEAST_SAMPLE_BYTES 512u
/* Thousandths of a bit for each byte; below it nobody calls content random (behaviours/ransomware.ts: 7200). */
#define RANDOM_ENTROPY 7000u
/* The queue in the kernel has an end: ahead of ordinary programs, behind the desktop's sound. */
#define READING_PRIORITY (-10)
/* After the signal to stop, how long a reader may take for what waits. The engine kills after 2 s. */
#define STOP_GRACE_MS 500u

/* A path and whether it is known. */
struct file_path {
  size_t bytes; /* 0: not known */
  char text[MAX_FILE_PATH_BYTES];
};

struct watch {
  const struct files_options *options;
  struct spool spool;
  struct file_systems systems;
  struct files_paths paths;
  struct files_states states;
  struct files_recent recent;
  struct file_programs programs;
  struct files_targets targets;
  struct files_opens opens;
  struct files_commands commands;
  struct files_statistics_record counts;
  struct files_statistics_record told; /* the counts that were written last */
  struct pulse pulse;
  uint64_t now_ns; /* since the epoch */
  uint64_t now_ms; /* of a clock that nobody sets */
  unsigned samples_left;
  uint64_t samples_since_ms; /* when there were SAMPLES_A_SECOND of them last */
  struct file_path path;
  struct file_path other;
  struct file_path held_path;
  /* Half of a rename, where the kernel tells it in two: the name before. */
  struct file_path moved_path;
  uint32_t moved_process;
  uint32_t moved_system; /* 0: none */
  bool moved_directory;
  uint32_t removed[MAX_REMOVED];
  _Alignas(8) unsigned char events[READ_BYTES];
};

static void look_at_clocks(struct watch *watch) {
  watch->now_ns = nanoseconds(CLOCK_REALTIME);
  watch->now_ms = monotonic_ms();
}

/* ---- what is written ---- */

static void write_hello(struct watch *watch, const char *detail) {
  const size_t bytes = strlen(detail);
  struct files_hello_record hello = {
      .magic = FILES_MAGIC,
      .version = FILES_FORMAT_VERSION,
      .abilities = watch->systems.abilities,
      .detail_bytes = (uint32_t)bytes,
  };
  unsigned char *record = spool_record(&watch->spool, RECORD_FILES_HELLO, sizeof hello + bytes, true);
  if (record == NULL) return;
  memcpy(&hello.header, record, sizeof hello.header);
  memcpy(record, &hello, sizeof hello);
  if (bytes > 0) memcpy(record + sizeof hello, detail, bytes);
}

static void write_file_system(void *context, const struct file_system *system) {
  struct watch *watch = context;
  struct file_system_record made = {
      .device_major = system->mount.major,
      .device_minor = system->mount.minor,
      .state = system->state,
      .error = (uint32_t)system->error,
      .path_bytes = (uint32_t)strlen(system->mount.point),
      .type_bytes = (uint32_t)strlen(system->mount.type),
  };
  unsigned char *record =
      spool_record(&watch->spool, RECORD_FILE_SYSTEM, sizeof made + made.path_bytes + made.type_bytes, true);
  if (record == NULL) return;
  memcpy(&made.header, record, sizeof made.header);
  memcpy(record, &made, sizeof made);
  memcpy(record + sizeof made, system->mount.point, made.path_bytes);
  memcpy(record + sizeof made + made.path_bytes, system->mount.type, made.type_bytes);
  /* Totals follow at once: by them the engine says anew what is watched. */
  watch->pulse.told_ms = 0;
}

static void take_counts(struct watch *watch) {
  watch->counts.dropped = watch->spool.dropped;
  watch->counts.watched = file_systems_watched(&watch->systems);
  watch->counts.opens = watch->opens.marked;
}

static uint64_t statistics_due_ms(struct watch *watch) {
  take_counts(watch);
  return pulse_due_ms(&watch->pulse, memcmp(&watch->counts, &watch->told, sizeof watch->told) != 0);
}

static void write_statistics(struct watch *watch) {
  unsigned char *record = spool_record(&watch->spool, RECORD_FILES_STATISTICS, sizeof watch->counts, true);
  watch->pulse.told_ms = watch->now_ms;
  if (record == NULL) return;
  take_counts(watch);
  memcpy(&watch->counts.header, record, sizeof watch->counts.header);
  memcpy(record, &watch->counts, sizeof watch->counts);
  watch->told = watch->counts;
}

/* The number of the program, which is described before where it is not known yet; 0: it cannot be. */
static uint32_t number_of(struct watch *watch, struct file_program *program) {
  const uint32_t number = (uint32_t)(program - watch->programs.list) + 1;
  if (program->is_told) return number;
  unsigned char *record =
      spool_record(&watch->spool, RECORD_FILE_PROGRAM, sizeof(struct file_program_record) + program->path_bytes, true);
  if (record == NULL) return 0;
  struct file_program_record made = {
      .number = number, .process = program->process, .flags = program->flags, .path_bytes = program->path_bytes};
  memcpy(&made.header, record, sizeof made.header);
  memcpy(made.name, program->name, sizeof made.name);
  memcpy(record, &made, sizeof made);
  memcpy(record + sizeof made, program->path, program->path_bytes);
  program->is_told = true;
  return number;
}

static bool is_ascii(const char *text, size_t bytes) {
  unsigned char all = 0;
  for (size_t i = 0; i < bytes; i++) all |= (unsigned char)text[i];
  return all < 0x80;
}

/* Completes a record with who did it, and writes it with its texts. */
static void write_file(struct watch *watch, struct file_record *made, const char *path, size_t path_bytes,
                       const char *other, size_t other_bytes) {
  if (made->process != 0) made->program = number_of(watch, file_programs_find(&watch->programs, made->process));
  if (is_ascii(path, path_bytes) && is_ascii(other, other_bytes)) made->flags |= FLAG_PLAIN_TEXT;
  made->time_ns = watch->now_ns;
  made->text_bytes[FILE_TEXT_PATH] = (uint16_t)path_bytes;
  made->text_bytes[FILE_TEXT_OTHER] = (uint16_t)other_bytes;
  unsigned char *record = spool_record(&watch->spool, (enum files_record_type)made->header.type,
                                       sizeof *made + path_bytes + other_bytes, false);
  if (record == NULL) return;
  memcpy(&made->header, record, sizeof made->header);
  memcpy(record, made, sizeof *made);
  memcpy(record + sizeof *made, path, path_bytes);
  if (other_bytes > 0) memcpy(record + sizeof *made + path_bytes, other, other_bytes);
  watch->counts.told += made->flags & FLAG_ALSO_WRITTEN ? 2 : 1;
}

/* ---- from an event to records ---- */

/* The path of a name in a directory. */
static void find_path(struct watch *watch, struct file_system *system, const struct files_handle *parent,
                      const char *name, struct file_path *path) {
  path->bytes = 0;
  /* Without a descriptor, as something lies over the file system, there is still what is remembered. */
  size_t bytes = files_paths_find(&watch->paths, system->number, file_system_descriptor(system), parent, path->text);
  /* "." is the directory itself. */
  if (bytes == 0 || strcmp(name, ".") == 0) {
    path->bytes = bytes;
    return;
  }
  const size_t name_bytes = strlen(name);
  if (bytes + 1 + name_bytes > sizeof path->text) return;
  if (bytes > 1) path->text[bytes++] = '/';
  memcpy(path->text + bytes, name, name_bytes);
  path->bytes = bytes + name_bytes;
}

/* Of a file that has no directory any more, or never had one. */
static void find_path_of_target(struct watch *watch, struct file_system *system, const struct files_event *event) {
  watch->path.bytes = 0;
  const int file = files_target_open(system, event, O_PATH);
  if (file < 0) return;
  struct stat status;
  const bool deleted = fstat(file, &status) == 0 && status.st_nlink == 0;
  watch->path.bytes = files_path_of_descriptor(file, deleted, watch->path.text);
  close(file);
}

static void sample(struct watch *watch, struct file_system *system, const struct files_event *event,
                   struct file_record *record) {
  const bool is_busy = files_recent_is_busy(&watch->recent, event->process, watch->now_ms);
  if (!is_busy || watch->samples_left == 0 || (record->flags & FLAG_HAS_FACTS) == 0) return;
  if (!S_ISREG(record->mode) || record->bytes < LEAST_SAMPLE_BYTES) return;
  const int file = files_target_open(system, event, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (file < 0) return;
  watch->samples_left--;
  if (files_sample(file, record->bytes, record)) {
    watch->counts.sampled++;
    files_recent_looked(&watch->recent, event->process, record->entropy >= RANDOM_ENTROPY);
  }
  close(file);
}

static bool is_excluded(const struct watch *watch, const struct file_path *path) {
  return path->bytes == 0 || path_list_covers(&watch->options->exclude, path->text, path->bytes);
}

struct target {
  bool has_status; /* else it is gone, or was not asked for */
  struct stat status;
};

/* What a symbolic link points to. */
static size_t read_link(struct file_system *system, const struct files_event *event, char link[MAX_FILE_PATH_BYTES]) {
  const int file = files_target_open(system, event, O_PATH);
  if (file < 0) return 0;
  const ssize_t count = readlinkat(file, "", link, MAX_FILE_PATH_BYTES);
  close(file);
  return count > 0 ? (size_t)count : 0;
}

/* Tells one kind of news of `watch->path`; `other` only of renames. */
static void tell(struct watch *watch, struct file_system *system, const struct files_event *event,
                 const struct target *target, enum files_record_type type, const struct file_path *other) {
  struct file_record record = {.process = event->process, .times = 1};
  record.header.type = (uint16_t)type;
  if (event->mask & FAN_ONDIR) record.flags |= FLAG_DIRECTORY;
  if (target->has_status) files_facts(&watch->states, &target->status, &record);
  /* The last name of a file was removed, or one of several came or went: its other event says so. */
  if (type == RECORD_FILE_ATTRIBUTES && (!target->has_status || record.changed == 0)) return;
  if (type == RECORD_FILE_CREATED && (event->mask & FAN_CLOSE_WRITE)) record.flags |= FLAG_ALSO_WRITTEN;
  if (type == RECORD_FILE_WRITTEN || (record.flags & FLAG_ALSO_WRITTEN)) sample(watch, system, event, &record);
  if (type == RECORD_FILE_CREATED && target->has_status && S_ISLNK(target->status.st_mode)) {
    char link[MAX_FILE_PATH_BYTES];
    write_file(watch, &record, watch->path.text, watch->path.bytes, link, read_link(system, event, link));
    return;
  }
  write_file(watch, &record, watch->path.text, watch->path.bytes, other == NULL ? "" : other->text,
             other == NULL ? 0 : other->bytes);
}

/* The second and later writes of one file within a moment, as one. */
static void tell_held(void *context, const struct recent_write *write) {
  struct watch *watch = context;
  for (unsigned i = 0; i < MAX_FILE_SYSTEMS; i++) {
    struct file_system *system = &watch->systems.list[i];
    if (system->number != write->file_system) continue;
    struct file_record record = {.process = write->process, .times = write->held};
    record.header.type = RECORD_FILE_WRITTEN;
    struct files_event event = {.process = write->process, .target = write->target};
    struct stat status;
    if (files_target_status(&watch->targets, system, &event, &status)) {
      files_facts(&watch->states, &status, &record);
    }
    find_path(watch, system, &write->parent, write->name, &watch->held_path);
    if (watch->held_path.bytes == 0) watch->counts.unresolved++;
    else write_file(watch, &record, watch->held_path.text, watch->held_path.bytes, "", 0);
    return;
  }
}

static void tell_moved_away(struct watch *watch) {
  if (watch->moved_system == 0) return;
  watch->moved_system = 0;
  struct file_record record = {.process = watch->moved_process, .times = 1};
  record.header.type = RECORD_FILE_DELETED;
  if (watch->moved_directory) record.flags |= FLAG_DIRECTORY;
  write_file(watch, &record, watch->moved_path.text, watch->moved_path.bytes, "", 0);
}

/* Half a rename. The kernel tells the name before first, and at once after it the new one. */
static void take_half(struct watch *watch, struct file_system *system, const struct files_event *event,
                      const struct target *target) {
  if (event->mask & FAN_MOVED_TO) {
    const bool is_whole = watch->moved_system == system->number && watch->moved_process == event->process;
    if (is_whole) watch->moved_system = 0;
    tell_moved_away(watch);
    tell(watch, system, event, target, is_whole ? RECORD_FILE_RENAMED : RECORD_FILE_CREATED,
         is_whole ? &watch->moved_path : NULL);
  }
  if (event->mask & FAN_MOVED_FROM) {
    tell_moved_away(watch);
    memcpy(watch->moved_path.text, watch->path.text, watch->path.bytes);
    watch->moved_path.bytes = watch->path.bytes;
    watch->moved_process = event->process;
    watch->moved_system = system->number;
    watch->moved_directory = (event->mask & FAN_ONDIR) != 0;
  }
}

/* A program for which the kernel opens the loader as well: the loader itself is no news. Others may be called the same. */
static bool is_loader(struct watch *watch, const struct files_event *event, const struct target *target) {
  if (!target->has_status || target->status.st_uid != 0 || (target->status.st_mode & (S_IWGRP | S_IWOTH)) != 0) return false;
  if (event->name == NULL || (strncmp(event->name, "ld-", 3) != 0 && strncmp(event->name, "ld.so", 5) != 0)) return false;
  const struct file_program *program = file_programs_find(&watch->programs, event->process);
  /* Run by its own name it is what runs. */
  return program->path_bytes != watch->path.bytes || memcmp(program->path, watch->path.text, watch->path.bytes) != 0;
}

/* What the kernel joined into one event, in the order in which it makes sense. */
static void tell_all(struct watch *watch, struct file_system *system, const struct files_event *event,
                     const struct target *target, const struct file_path *other) {
  const uint64_t mask = event->mask;
  if (mask & FAN_OPEN) {
    if (files_opens_is_news(&watch->opens, event, watch->now_ms)) tell(watch, system, event, target, RECORD_FILE_OPENED, NULL);
    else watch->counts.coalesced++;
  }
  if (mask & FAN_CLOSE_WRITE) files_recent_note(&watch->recent, system->number, event);
  /* Who makes or removes a file changes its state, too; who makes one mostly writes to it. */
  if (mask & FAN_CREATE) tell(watch, system, event, target, RECORD_FILE_CREATED, NULL);
  else if ((mask & FAN_ATTRIB) && !(mask & FAN_DELETE)) tell(watch, system, event, target, RECORD_FILE_ATTRIBUTES, NULL);
  if ((mask & FAN_CLOSE_WRITE) && !(mask & FAN_CREATE)) tell(watch, system, event, target, RECORD_FILE_WRITTEN, NULL);
  if (mask & FAN_RENAME) tell(watch, system, event, target, RECORD_FILE_RENAMED, other);
  if (mask & (FAN_MOVED_FROM | FAN_MOVED_TO)) take_half(watch, system, event, target);
  if (mask & FAN_OPEN_EXEC) {
    file_programs_forget(&watch->programs, event->process);
    if (is_loader(watch, event, target)) watch->counts.coalesced++;
    else tell(watch, system, event, target, RECORD_FILE_EXECUTED, NULL);
  }
  if (mask & FAN_DELETE) tell(watch, system, event, &(struct target){.has_status = false}, RECORD_FILE_DELETED, NULL);
}

static void take_event(struct watch *watch, struct file_system *system, const struct files_event *event) {
  const uint64_t mask = event->mask;
  watch->counts.events++;
  if (mask & FAN_Q_OVERFLOW) {
    watch->counts.overflows++;
    /* A rename of a directory may be among what is lost. */
    files_paths_forget(&watch->paths);
    return;
  }
  if ((mask & FAN_ONDIR) && (mask & (FAN_RENAME | FAN_MOVED_FROM | FAN_MOVED_TO))) files_paths_forget(&watch->paths);
  if (files_options_own(watch->options, event->process)) {
    watch->counts.excluded++;
    return;
  }
  if (mask & FAN_OPEN_EXEC) files_opens_forget(&watch->opens, event->process);
  if ((mask & FAN_CLOSE_WRITE) &&
      !files_recent_written(&watch->recent, system->number, event, watch->now_ms, tell_held, watch) &&
      (mask & ~(uint64_t)FAN_CLOSE_WRITE) == 0) {
    watch->counts.coalesced++;
    return;
  }
  if (event->parent.bytes > 0 && event->name != NULL) {
    find_path(watch, system, &event->parent, event->name, &watch->path);
  } else {
    find_path_of_target(watch, system, event);
  }
  watch->other.bytes = 0;
  if (mask & FAN_RENAME) find_path(watch, system, &event->old_parent, event->old_name, &watch->other);
  if (watch->path.bytes == 0) {
    /* What is removed loses a name, which changes its state: the removal itself is told. */
    if ((mask & ~(uint64_t)FAN_ONDIR) == FAN_ATTRIB) watch->counts.coalesced++;
    else watch->counts.unresolved++;
    return;
  }
  if (is_excluded(watch, &watch->path) && is_excluded(watch, &watch->other)) {
    watch->counts.excluded++;
    return;
  }
  if (mask & (FAN_DELETE | FAN_RENAME)) files_recent_settle(&watch->recent, system->number, event, tell_held, watch);
  struct target target;
  target.has_status = (mask & ~(uint64_t)(FAN_DELETE | FAN_MOVED_FROM | FAN_ONDIR)) != 0 &&
                      files_target_status(&watch->targets, system, event, &target.status);
  tell_all(watch, system, event, &target, &watch->other);
}

/*
 * What is removed with all that is in it is gone before it is looked at. The directories' own removal is told last, and the
 * uppermost of them lies in one that is still there: from behind, each finds the path of the one before.
 */
static void find_removed(struct watch *watch, struct file_system *system, size_t length) {
  unsigned removed = 0;
  struct files_event event;
  size_t bytes;
  for (size_t offset = 0; offset < length && removed < MAX_REMOVED; offset += bytes) {
    const uint64_t both = FAN_ONDIR | FAN_DELETE;
    if ((files_event_mask(watch->events + offset, length - offset, &bytes) & both) == both) {
      watch->removed[removed++] = (uint32_t)offset;
    }
    if (bytes == 0) break;
  }
  while (removed-- > 0) {
    const size_t offset = watch->removed[removed];
    if (files_event_read(watch->events + offset, length - offset, &event) == 0 || event.name == NULL) continue;
    if (event.target.bytes == 0) continue;
    find_path(watch, system, &event.parent, event.name, &watch->path);
    files_paths_note(&watch->paths, system->number, &event.target, watch->path.text, watch->path.bytes);
  }
}

/* Takes in what one file system has to tell. True when there may be more. */
static bool read_events(struct watch *watch, struct file_system *system) {
  for (unsigned reads = 0; reads < READS_A_TURN; reads++) {
    const ssize_t count = read(system->group, watch->events, sizeof watch->events);
    if (count <= 0) return false;
    const size_t length = (size_t)count;
    find_removed(watch, system, length);
    struct files_event event;
    size_t bytes;
    for (size_t offset = 0; offset < length; offset += bytes) {
      bytes = files_event_read(watch->events + offset, length - offset, &event);
      if (bytes == 0) {
        watch->counts.unresolved++;
        break;
      }
      take_event(watch, system, &event);
    }
    if (length < sizeof watch->events / 2) return false;
  }
  return true;
}

/* ---- the loop ---- */

static bool drain(struct watch *watch) {
  bool more = false;
  look_at_clocks(watch);
  if (watch->now_ms - watch->samples_since_ms >= SAMPLES_MS) {
    watch->samples_left = SAMPLES_A_SECOND;
    watch->samples_since_ms = watch->now_ms;
  }
  for (unsigned i = 0; i < MAX_FILE_SYSTEMS; i++) {
    struct file_system *system = &watch->systems.list[i];
    if (system->number != 0 && system->group >= 0) more = read_events(watch, system) || more;
  }
  tell_moved_away(watch);
  files_recent_due(&watch->recent, watch->now_ms, tell_held, watch);
  files_targets_release(&watch->targets);
  file_systems_release(&watch->systems);
  file_programs_forget_all(&watch->programs);
  return more;
}

static bool refresh(struct watch *watch) {
  bool moved = false;
  if (!file_systems_refresh(&watch->systems, watch->options, write_file_system, watch, &moved)) {
    complain("read the list of mounts", errno);
    return false;
  }
  if (moved) files_paths_forget(&watch->paths);
  return true;
}

static void take_command(void *context, const struct files_command *command, const char *path) {
  struct watch *watch = context;
  if (command->command == WATCH_OPENS) files_opens_watch(&watch->opens, &watch->systems, path, watch->now_ms);
}

struct waiting {
  bool is_reader_gone;
  bool are_mounts_changed;
  bool is_told; /* there are commands, or no more will come */
};

/* Sleeps until there is news, a signal, or the time is over. `input` of -1 is not waited for. */
static struct waiting wait_for_news(const struct watch *watch, int mounts, int input, uint64_t timeout_ms) {
  struct pollfd watched[3 + MAX_FILE_SYSTEMS] = {
      {.fd = watch->spool.descriptor}, {.fd = mounts, .events = POLLPRI}, {.fd = input, .events = POLLIN}};
  if (!spool_is_empty(&watch->spool)) watched[0].events = POLLOUT;
  nfds_t count = 3;
  for (unsigned i = 0; i < MAX_FILE_SYSTEMS; i++) {
    const struct file_system *system = &watch->systems.list[i];
    if (system->number != 0 && system->group >= 0) {
      watched[count++] = (struct pollfd){.fd = system->group, .events = POLLIN};
    }
  }
  sigset_t none;
  sigemptyset(&none);
  const struct timespec timeout = {.tv_sec = (time_t)(timeout_ms / 1000u), .tv_nsec = (long)(timeout_ms % 1000u) * 1000000L};
  if (ppoll(watched, count, &timeout, &none) <= 0) return (struct waiting){.is_told = false};
  return (struct waiting){
      .is_reader_gone = (watched[0].revents & (POLLERR | POLLHUP)) != 0,
      .are_mounts_changed = (watched[1].revents & (POLLPRI | POLLERR)) != 0,
      .is_told = watched[2].revents != 0,
  };
}

/* Also lets signals in: where there is always news, waiting for it does not. */
static void gather(const struct watch *watch, unsigned milliseconds) {
  struct pollfd watched = {.fd = watch->spool.descriptor};
  sigset_t none;
  sigemptyset(&none);
  const struct timespec timeout = {.tv_nsec = (long)milliseconds * 1000000L};
  (void)ppoll(&watched, 1, &timeout, &none);
}

static enum exit_code loop(struct watch *watch, int mounts, const volatile sig_atomic_t *stopping) {
  look_at_clocks(watch);
  uint64_t next_refresh = watch->now_ms + REFRESH_MS;
  unsigned busy_turns = 0;
  int input = STDIN_FILENO;
  while (!*stopping && !watch->spool.closed) {
    const uint64_t events_before = watch->counts.events;
    const bool more = drain(watch);
    const uint64_t now = watch->now_ms;
    if (now >= statistics_due_ms(watch)) write_statistics(watch);
    spool_flush(&watch->spool);
    busy_turns = watch->counts.events != events_before ? busy_turns + 1 : 0;
    if (busy_turns > 0) gather(watch, more ? 0 : busy_turns > BUSY_TURNS ? GATHER_BUSY_MS : GATHER_MS);
    const uint64_t due = statistics_due_ms(watch);
    const uint64_t next = due < next_refresh ? due : next_refresh;
    uint64_t timeout = more || next <= now ? 0 : next - now;
    if (watch->recent.holding > 0 && timeout > RECENT_MS) timeout = RECENT_MS;
    const struct waiting waiting = wait_for_news(watch, mounts, input, timeout);
    if (waiting.is_reader_gone) return EXIT_OUTPUT_ERROR;
    if (waiting.are_mounts_changed || now >= next_refresh) {
      if (!refresh(watch)) return EXIT_SYSTEM_ERROR;
      next_refresh = now + REFRESH_MS;
    }
    if (waiting.is_told && !files_commands_read(&watch->commands, input, take_command, watch)) {
      if (errno == EPROTO) {
        complain("understand what is asked for", errno);
        return EXIT_SYSTEM_ERROR;
      }
      input = -1;
    }
  }
  return EXIT_STOPPED;
}

/* Writes what waits, as long as somebody takes it. */
static void finish(struct watch *watch) {
  look_at_clocks(watch);
  const uint64_t end = watch->now_ms + STOP_GRACE_MS;
  for (spool_flush(&watch->spool); !spool_is_empty(&watch->spool) && watch->now_ms < end; look_at_clocks(watch)) {
    struct pollfd watched = {.fd = watch->spool.descriptor, .events = POLLOUT};
    const struct timespec timeout = {.tv_nsec = (long)(end - watch->now_ms) * 1000000L};
    if (ppoll(&watched, 1, &timeout, NULL) < 0 && errno != EINTR) return;
    spool_flush(&watch->spool);
  }
}

enum exit_code files_run(const struct files_options *options, const volatile sig_atomic_t *stopping) {
  static struct watch watch;
  struct files_options own = *options;
  if (own.own_count < MAX_OWN_PROCESSES) own.own[own.own_count++] = (uint32_t)getpid();
  watch.options = &own;
  if (!file_systems_probe(&watch.systems, options->basic)) {
    complain("watch files with fanotify (Linux 5.9 or newer)", errno);
    return errno == EPERM || errno == EACCES ? EXIT_NO_RIGHTS : EXIT_SYSTEM_ERROR;
  }
  const int mounts = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
  (void)setpriority(PRIO_PROCESS, 0, READING_PRIORITY);
  spool_open(&watch.spool, STDOUT_FILENO);
  const char *step = "";
  if (!confine_files(options->user, &step)) {
    complain(step, errno);
    return EXIT_SYSTEM_ERROR;
  }
  write_hello(&watch, watch.systems.abilities & ABILITY_RENAME
                          ? ""
                          : "the kernel is older than 5.17: renames are put together from two events, and what is in a "
                            "removed folder may be told without its path");
  if (!refresh(&watch)) return EXIT_SYSTEM_ERROR;
  enum exit_code code = loop(&watch, mounts, stopping);
  (void)drain(&watch);
  files_recent_due(&watch.recent, UINT64_MAX, tell_held, &watch);
  write_statistics(&watch);
  finish(&watch);
  if (watch.spool.closed && !*stopping && watch.spool.error != EPIPE) complain("write", watch.spool.error);
  return watch.spool.closed && code == EXIT_STOPPED ? EXIT_OUTPUT_ERROR : code;
}
