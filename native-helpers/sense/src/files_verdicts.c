#include "files_verdicts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "complain.h"
#include "confine.h"
#include "files_commands.h"
#include "files_kernel.h"
#include "files_known.h"
#include "files_mounts.h"
#include "files_paths.h"
#include "files_records.h"
#include "moments.h"
#include "process_parent.h"

/* Questions without an answer. One more is not asked: a machine must go on whatever becomes of the engine. */
#define MAX_WAITING 256u
/* So many answers in a row were not in time: for a while nobody is asked, and nobody waits. */
#define DEAF_AFTER 8u
#define DEAF_MS 5000u
#define STATISTICS_MS 1000u
#define READ_BYTES 16384u
/* A program is waiting: ahead of ordinary ones. */
#define ANSWERING_PRIORITY (-10)
/* Answers by how long they took, for the median: 2 µs each, the last one for all that took longer. */
#define TIME_CLASSES 512u
#define CLASS_NS 2000u
/* What is written at once is written whole or not at all. */
#define REQUEST_PATH_BYTES (PIPE_BUF - sizeof(struct verdict_request_record))

struct waiting_question {
  int file; /* -1: an empty slot */
  uint32_t question;
  uint64_t deadline_ms;
  uint64_t begun_ns;
  struct known_content content;
  bool is_written; /* somebody could write to it unseen */
  bool is_settled; /* whatever is written to it since gave it another time of change */
};

/* How long answers took, for their median. */
struct answer_times {
  uint64_t count;
  uint64_t classes[TIME_CLASSES];
};

static const struct answer_times none_yet;

struct verdicts {
  const struct files_options *options;
  pid_t own_groups[MAX_OWN_PROCESSES]; /* of processes, as they were when we began */
  int group;
  uint32_t asked; /* numbers of questions */
  unsigned waiting;
  unsigned timeouts_in_a_row;
  uint64_t deaf_until_ms;
  uint64_t now_ms;
  uint64_t begun_ns;         /* when the kernel's questions were read */
  uint64_t next_deadline_ms; /* of those that wait; of one that is answered by now, perhaps */
  bool can_remember;
  struct verdict_statistics_record counts;
  struct answer_times times;
  struct answer_times known_times;
  struct known_contents known;
  struct waiting_question questions[MAX_WAITING];
  struct files_commands commands;
  _Alignas(8) unsigned char events[READ_BYTES];
};

static void note_time(struct answer_times *times, uint64_t begun_ns) {
  const uint64_t time_class = (nanoseconds(CLOCK_MONOTONIC) - begun_ns) / CLASS_NS;
  times->classes[time_class < TIME_CLASSES ? time_class : TIME_CLASSES - 1]++;
  times->count++;
}

/* Of both together. */
static uint64_t median_us(const struct answer_times *times, const struct answer_times *others) {
  const uint64_t count = times->count + others->count;
  uint64_t sum = 0;
  for (unsigned i = 0; i < TIME_CLASSES && count > 0; i++) {
    sum += times->classes[i] + others->classes[i];
    if (2 * sum >= count) return (i + 1) * CLASS_NS / 1000u;
  }
  return 0;
}

/* Writes a record with text, in one piece. False when the pipe has no room: nobody reads. */
static bool write_whole(void *record, size_t bytes, enum files_record_type type, const char *text, size_t text_bytes) {
  _Alignas(8) unsigned char whole[PIPE_BUF];
  const size_t padded = ALIGN_RECORD(bytes + text_bytes);
  const struct record_header header = {(uint32_t)padded, (uint16_t)type, 0};
  if (padded > sizeof whole) return false;
  memcpy(record, &header, sizeof header);
  memcpy(whole, record, bytes);
  if (text_bytes > 0) memcpy(whole + bytes, text, text_bytes);
  memset(whole + bytes + text_bytes, 0, padded - bytes - text_bytes);
  return write(STDOUT_FILENO, whole, padded) == (ssize_t)padded;
}

/* ---- answers ---- */

/* From here on whoever asked goes on. */
static void respond(const struct verdicts *verdicts, int file, bool allow) {
  const struct fanotify_response response = {.fd = file, .response = allow ? FAN_ALLOW : FAN_DENY};
  /* Fails when whoever waited was killed. */
  (void)!write(verdicts->group, &response, sizeof response);
}

/*
 * Whether anybody may write to it without opening it anew: as long as somebody has it open or mapped for writing, nobody
 * gets a lease to read (fcntl(2)). Given back at once: whoever opens it meanwhile waits for it.
 */
static bool is_being_written(int file) {
  if (fcntl(file, F_SETLEASE, F_RDLCK) != 0) return errno == EAGAIN;
  (void)fcntl(file, F_SETLEASE, F_UNLCK);
  return false;
}

static bool is_of_root_alone(const struct stat *status) {
  return status->st_uid == 0 && (status->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* The kernel asks no more for this file until it is written to. */
static void mark_remembered(struct verdicts *verdicts, int file) {
  const unsigned flags = FAN_MARK_ADD | FAN_MARK_IGNORED_MASK | FAN_MARK_EVICTABLE;
  if (fanotify_mark(verdicts->group, flags, FAN_OPEN_EXEC_PERM, file, NULL) == 0) return;
  /* Before 5.19 every mark would hold its file in memory for good. */
  if (errno == EINVAL) verdicts->can_remember = false;
}

/*
 * Of what is written through a mapping the kernel's mark knows nothing: only what root alone may change is marked. What
 * others may change the kernel goes on to ask about, and it is answered here as long as its time of change is the same and
 * nobody can write to it.
 */
static void remember(struct verdicts *verdicts, const struct waiting_question *question) {
  struct stat status;
  if (question->is_written || fstat(question->file, &status) != 0) return;
  const struct known_content content = known_content_of(&status);
  if (!known_content_same(&content, &question->content) || is_being_written(question->file)) return;
  if (question->is_settled) known_contents_add(&verdicts->known, &content);
  if (is_of_root_alone(&status) && verdicts->can_remember) mark_remembered(verdicts, question->file);
}

static void guard(struct verdicts *verdicts, const char *path, bool on) {
  const unsigned flags = (on ? FAN_MARK_ADD : FAN_MARK_REMOVE) | FAN_MARK_DONT_FOLLOW;
  if (fanotify_mark(verdicts->group, flags, FAN_OPEN_PERM, AT_FDCWD, path) != 0) return;
  if (on) verdicts->counts.guarded++;
  else if (verdicts->counts.guarded > 0) verdicts->counts.guarded--;
}

/* Marks of single files alone: those of the file systems stay. */
static void forget_all(struct verdicts *verdicts) {
  (void)fanotify_mark(verdicts->group, FAN_MARK_FLUSH, 0, AT_FDCWD, NULL);
  known_contents_forget(&verdicts->known);
  verdicts->counts.guarded = 0;
}

static void take_answer(struct verdicts *verdicts, const struct files_command *answer) {
  struct waiting_question *question = &verdicts->questions[answer->question % MAX_WAITING];
  /* It came too late: the slot is empty, or another's. */
  if (question->file < 0 || question->question != answer->question) return;
  const bool allow = answer->command != ANSWER_DENY;
  respond(verdicts, question->file, allow);
  note_time(&verdicts->times, question->begun_ns);
  if (answer->command == ANSWER_ALLOW_REMEMBER) remember(verdicts, question);
  close(question->file);
  question->file = -1;
  verdicts->waiting--;
  verdicts->timeouts_in_a_row = 0;
  if (allow) verdicts->counts.allowed++;
  else verdicts->counts.denied++;
}

static void take_command(void *context, const struct files_command *command, const char *path) {
  struct verdicts *verdicts = context;
  switch (command->command) {
    case ANSWER_ALLOW:
    case ANSWER_DENY:
    case ANSWER_ALLOW_REMEMBER: take_answer(verdicts, command); break;
    case GUARD_PATH:
    case UNGUARD_PATH: guard(verdicts, path, command->command == GUARD_PATH); break;
    case FORGET_ALL: forget_all(verdicts); break;
    default: break;
  }
}

/* Whoever waited too long goes on. */
static void let_go(struct verdicts *verdicts) {
  if (verdicts->waiting == 0 || verdicts->now_ms < verdicts->next_deadline_ms) return;
  verdicts->next_deadline_ms = UINT64_MAX;
  for (unsigned i = 0; i < MAX_WAITING; i++) {
    struct waiting_question *question = &verdicts->questions[i];
    if (question->file < 0) continue;
    if (question->deadline_ms > verdicts->now_ms) {
      if (question->deadline_ms < verdicts->next_deadline_ms) verdicts->next_deadline_ms = question->deadline_ms;
      continue;
    }
    respond(verdicts, question->file, true);
    close(question->file);
    question->file = -1;
    verdicts->waiting--;
    verdicts->counts.timeouts++;
    if (++verdicts->timeouts_in_a_row < DEAF_AFTER) continue;
    if (verdicts->deaf_until_ms <= verdicts->now_ms) verdicts->counts.deaf++;
    verdicts->deaf_until_ms = verdicts->now_ms + DEAF_MS;
  }
}

/* ---- questions ---- */

/*
 * Our own processes, and what they start. Node starts programs in its own group of processes or as the first of a session:
 * of all others nobody need be asked who started them, which takes longer than the rest.
 */
static bool is_exempt(const struct verdicts *verdicts, uint32_t process) {
  if (files_options_own(verdicts->options, process)) return true;
  const pid_t group = getpgid((pid_t)process);
  bool is_candidate = getsid((pid_t)process) == (pid_t)process;
  for (unsigned i = 0; i < verdicts->options->own_count && !is_candidate; i++) {
    is_candidate = group > 0 && verdicts->own_groups[i] == group;
  }
  if (!is_candidate) return false;
  const uint32_t parent = process_parent(process);
  return parent != 0 && files_options_own(verdicts->options, parent);
}

/* What is asked about. */
struct asked_file {
  struct stat status;
  bool is_written; /* somebody could write to it unseen */
  size_t path_bytes; /* 0: nobody knows it, or it is longer than is told */
  char path[MAX_FILE_PATH_BYTES];
};

static bool ask(struct verdicts *verdicts, const struct fanotify_event_metadata *event, const struct asked_file *file) {
  const struct stat *status = &file->status;
  if (verdicts->waiting == MAX_WAITING || verdicts->now_ms < verdicts->deaf_until_ms) return false;
  /* One that is looked at for long is passed over. */
  uint32_t number = verdicts->asked;
  while (verdicts->questions[number % MAX_WAITING].file >= 0) number++;
  struct waiting_question *question = &verdicts->questions[number % MAX_WAITING];
  const struct known_content content = known_content_of(status);
  struct verdict_request_record request = {
      .inode = content.inode,
      .device = content.device,
      .change_ns = content.change_ns,
      .bytes = (uint64_t)status->st_size,
      .question = number,
      .process = (uint32_t)event->pid,
      .kind = event->mask & FAN_OPEN_EXEC_PERM ? VERDICT_EXECUTE : VERDICT_OPEN,
      .mode = status->st_mode,
      .user = status->st_uid,
      .path_bytes = (uint32_t)file->path_bytes,
      .descriptor = (uint32_t)event->fd,
      .flags = file->is_written ? VERDICT_IS_BEING_WRITTEN : 0,
  };
  if (!write_whole(&request, sizeof request, RECORD_VERDICT_REQUEST, file->path, file->path_bytes)) return false;
  question->file = event->fd;
  question->question = number;
  question->deadline_ms = verdicts->now_ms + verdicts->options->deadline_ms;
  question->begun_ns = verdicts->begun_ns;
  question->content = content;
  question->is_written = file->is_written;
  question->is_settled = known_content_settled(&content, nanoseconds(CLOCK_REALTIME));
  if (verdicts->waiting == 0) verdicts->next_deadline_ms = question->deadline_ms;
  verdicts->asked = number + 1;
  verdicts->waiting++;
  verdicts->counts.asked++;
  return true;
}

/* Whether it was allowed before, and is still the same. Not of files in custody: whoever opens them is asked about anew. */
static bool is_known(const struct verdicts *verdicts, const struct fanotify_event_metadata *event,
                     const struct asked_file *file) {
  const struct known_content content = known_content_of(&file->status);
  return !file->is_written && (event->mask & FAN_OPEN_EXEC_PERM) != 0 && known_contents_has(&verdicts->known, &content);
}

/* Whether only root can have put it into one of the folders of the system. Not of files in custody. */
static bool is_trusted(const struct verdicts *verdicts, const struct fanotify_event_metadata *event,
                       const struct asked_file *file) {
  return (event->mask & FAN_OPEN_EXEC_PERM) != 0 && is_of_root_alone(&file->status) &&
         files_options_trust(verdicts->options, file->path, file->path_bytes);
}

static void let_pass(const struct verdicts *verdicts, const struct fanotify_event_metadata *event) {
  respond(verdicts, event->fd, true);
  close(event->fd);
}

static void note_known(struct verdicts *verdicts) {
  note_time(&verdicts->known_times, verdicts->begun_ns);
  verdicts->counts.known++;
}

/* As if the engine had allowed it: the kernel asks no more for it, nor anybody else. */
static void let_trusted_pass(struct verdicts *verdicts, const struct fanotify_event_metadata *event,
                             const struct asked_file *file) {
  respond(verdicts, event->fd, true);
  note_known(verdicts);
  const struct known_content content = known_content_of(&file->status);
  const struct waiting_question answered = {
      .file = event->fd,
      .content = content,
      .is_written = file->is_written,
      .is_settled = known_content_settled(&content, nanoseconds(CLOCK_REALTIME)),
  };
  remember(verdicts, &answered);
  close(event->fd);
}

static void take_event(struct verdicts *verdicts, const struct fanotify_event_metadata *event) {
  if (event->mask & FAN_Q_OVERFLOW) verdicts->counts.overflows++;
  if (event->fd < 0) return;
  struct asked_file file;
  if (fstat(event->fd, &file.status) != 0 || !S_ISREG(file.status.st_mode)) {
    let_pass(verdicts, event);
    verdicts->counts.crowded++;
    return;
  }
  /* Whoever is root has other ways. It is looked at again before such a file is remembered. */
  file.is_written = !is_of_root_alone(&file.status) && is_being_written(event->fd);
  if (is_known(verdicts, event, &file)) {
    let_pass(verdicts, event);
    note_known(verdicts);
    return;
  }
  file.path_bytes = files_path_of_descriptor(event->fd, file.status.st_nlink == 0, file.path);
  if (file.path_bytes > REQUEST_PATH_BYTES) file.path_bytes = 0;
  if (is_trusted(verdicts, event, &file)) {
    let_trusted_pass(verdicts, event, &file);
  } else if (is_exempt(verdicts, event->pid > 0 ? (uint32_t)event->pid : 0)) {
    let_pass(verdicts, event);
    verdicts->counts.exempt++;
  } else if (!ask(verdicts, event, &file)) {
    let_pass(verdicts, event);
    verdicts->counts.crowded++;
  }
}

static bool read_questions(struct verdicts *verdicts) {
  const ssize_t count = read(verdicts->group, verdicts->events, sizeof verdicts->events);
  if (count < 0) return errno == EAGAIN || errno == EINTR || errno == ENOENT || errno == EPERM || errno == ENXIO;
  verdicts->begun_ns = nanoseconds(CLOCK_MONOTONIC);
  verdicts->now_ms = verdicts->begun_ns / 1000000u;
  struct fanotify_event_metadata event;
  for (size_t offset = 0; offset + sizeof event <= (size_t)count; offset += event.event_len) {
    memcpy(&event, verdicts->events + offset, sizeof event);
    if (event.vers != FANOTIFY_METADATA_VERSION || event.event_len < sizeof event) return false;
    take_event(verdicts, &event);
  }
  return true;
}

/* ---- the loop ---- */

/* Marks what is there; what is marked already stays so, and what is gone took its mark along. How many. */
static unsigned mark_file_systems(const struct verdicts *verdicts) {
  static struct mount_table table;
  unsigned marked = 0;
  if (!files_mounts_read(&table)) return 0;
  for (unsigned i = 0; i < table.count; i++) {
    const struct mount *mount = &table.mounts[i];
    const struct path_list *only = &verdicts->options->only;
    if (files_kind_of(mount->type) != KIND_REAL) continue;
    if (only->count > 0 && !path_list_has(only, mount->point, strlen(mount->point))) continue;
    const int descriptor = files_mount_open(mount);
    if (descriptor < 0) continue;
    const unsigned flags = FAN_MARK_ADD | FAN_MARK_FILESYSTEM;
    if (fanotify_mark(verdicts->group, flags, FAN_OPEN_EXEC_PERM, descriptor, NULL) == 0) marked++;
    close(descriptor);
  }
  return marked;
}

static enum exit_code loop(struct verdicts *verdicts, int mounts, const volatile sig_atomic_t *stopping) {
  uint64_t next_statistics = 0;
  sigset_t none;
  sigemptyset(&none);
  while (!*stopping) {
    verdicts->now_ms = monotonic_ms();
    let_go(verdicts);
    if (verdicts->now_ms >= next_statistics) {
      const struct answer_times *asked = &verdicts->times;
      const struct answer_times *known = &verdicts->known_times;
      verdicts->counts.median_us = median_us(asked, &none_yet);
      verdicts->counts.known_median_us = median_us(known, &none_yet);
      verdicts->counts.overall_median_us = median_us(asked, known);
      (void)write_whole(&verdicts->counts, sizeof verdicts->counts, RECORD_VERDICT_STATISTICS, NULL, 0);
      next_statistics = verdicts->now_ms + STATISTICS_MS;
    }
    uint64_t wait_ms = next_statistics - verdicts->now_ms;
    if (verdicts->waiting > 0 && verdicts->next_deadline_ms < next_statistics) {
      wait_ms = verdicts->next_deadline_ms - verdicts->now_ms;
    }
    struct pollfd watched[] = {
        {.fd = STDIN_FILENO, .events = POLLIN},
        {.fd = verdicts->group, .events = POLLIN},
        {.fd = STDOUT_FILENO},
        {.fd = mounts, .events = POLLPRI},
    };
    const struct timespec timeout = {(time_t)(wait_ms / 1000u), (long)(wait_ms % 1000u) * 1000000L};
    if (ppoll(watched, sizeof watched / sizeof watched[0], &timeout, &none) <= 0) continue;
    if (watched[2].revents & (POLLERR | POLLHUP)) return EXIT_OUTPUT_ERROR;
    if (watched[0].revents != 0 && !files_commands_read(&verdicts->commands, STDIN_FILENO, take_command, verdicts)) {
      if (errno == 0) return EXIT_OUTPUT_ERROR;
      complain("understand the answers", errno);
      return EXIT_SYSTEM_ERROR;
    }
    if ((watched[1].revents & POLLIN) && !read_questions(verdicts)) {
      complain("read what is asked", errno);
      return EXIT_SYSTEM_ERROR;
    }
    if (watched[3].revents & (POLLPRI | POLLERR)) (void)mark_file_systems(verdicts);
  }
  return EXIT_STOPPED;
}

enum exit_code verdicts_run(const struct files_options *options, const volatile sig_atomic_t *stopping) {
  static struct verdicts verdicts = {.can_remember = true};
  struct files_options own = *options;
  if (own.own_count < MAX_OWN_PROCESSES) own.own[own.own_count++] = (uint32_t)getpid();
  verdicts.options = &own;
  for (unsigned i = 0; i < own.own_count; i++) verdicts.own_groups[i] = getpgid((pid_t)own.own[i]);
  for (unsigned i = 0; i < MAX_WAITING; i++) verdicts.questions[i].file = -1;
  /* O_NONBLOCK: whoever holds a lease on a file (fcntl(2)) would else keep us, and every program, waiting for 45 s. */
  verdicts.group = fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC | FAN_NONBLOCK | FAN_UNLIMITED_MARKS,
                                 O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_LARGEFILE);
  if (verdicts.group < 0) {
    complain("ask before programs start (fanotify)", errno);
    return errno == EPERM || errno == EACCES ? EXIT_NO_RIGHTS : EXIT_SYSTEM_ERROR;
  }
  const int mounts = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
  (void)setpriority(PRIO_PROCESS, 0, ANSWERING_PRIORITY);
  const int flags = fcntl(STDOUT_FILENO, F_GETFL);
  if (flags < 0 || fcntl(STDOUT_FILENO, F_SETFL, flags | O_NONBLOCK) != 0) return EXIT_OUTPUT_ERROR;
  /* What tells of a broken lease would end us. */
  (void)signal(SIGIO, SIG_IGN);
  const char *step = "";
  if (!confine_verdicts(options->user, &step)) {
    complain(step, errno);
    return EXIT_SYSTEM_ERROR;
  }
  struct files_hello_record hello = {.magic = VERDICTS_MAGIC, .version = FILES_FORMAT_VERSION};
  if (!write_whole(&hello, sizeof hello, RECORD_FILES_HELLO, NULL, 0)) return EXIT_OUTPUT_ERROR;
  if (mark_file_systems(&verdicts) == 0) {
    complain("ask before programs start: no file system lets itself be watched", errno);
    return EXIT_SYSTEM_ERROR;
  }
  return loop(&verdicts, mounts, stopping);
}
