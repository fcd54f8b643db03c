#include "procfs.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* stat and status are of some hundred bytes and some thousand. */
#define SMALL_FILE_BYTES 8192u
#define NANOSECONDS 1000000000u

/* Numbers of terminals, as in Documentation/admin-guide/devices.txt. */
#define MAJOR_TTY 4u
#define MAJOR_PTS_FIRST 136u
#define MAJOR_PTS_LAST 143u
#define FIRST_SERIAL_MINOR 64u

static int open_of(uint32_t process, const char *file) {
  char path[48];
  snprintf(path, sizeof path, "/proc/%" PRIu32 "/%s", process, file);
  return open(path, O_RDONLY | O_CLOEXEC);
}

/* At most `room` bytes of a file of /proc; -1 when there is none. */
static ssize_t read_of(uint32_t process, const char *file, char *bytes, size_t room) {
  int descriptor = open_of(process, file);
  if (descriptor < 0) return -1;
  size_t used = 0;
  ssize_t count = 0;
  while (used < room && (count = read(descriptor, bytes + used, room - used)) > 0) used += (size_t)count;
  close(descriptor);
  return count < 0 ? -1 : (ssize_t)used;
}

static bool read_text(uint32_t process, const char *file, char text[SMALL_FILE_BYTES]) {
  ssize_t count = read_of(process, file, text, SMALL_FILE_BYTES - 1);
  text[count > 0 ? count : 0] = '\0';
  return count > 0;
}

static void name_terminal(uint32_t number, char name[TERMINAL_BYTES]) {
  const uint32_t major = (number >> 8) & 0xfffu;
  const uint32_t minor = (number & 0xffu) | ((number >> 12) & 0xfff00u);
  if (major >= MAJOR_PTS_FIRST && major <= MAJOR_PTS_LAST) {
    snprintf(name, TERMINAL_BYTES, "pts%" PRIu32, ((major - MAJOR_PTS_FIRST) << 8) | (minor & 0xffu));
  } else if (major == MAJOR_TTY && minor < FIRST_SERIAL_MINOR) {
    snprintf(name, TERMINAL_BYTES, "tty%" PRIu32, minor);
  } else if (major == MAJOR_TTY) {
    snprintf(name, TERMINAL_BYTES, "ttyS%" PRIu32, minor - FIRST_SERIAL_MINOR);
  }
}

bool procfs_parse_stat(const char *line, long ticks_per_second, struct process_record *record) {
  const char *name = strchr(line, '(');
  /* The name can hold anything, parentheses too. */
  const char *end = strrchr(line, ')');
  if (name == NULL || end == NULL || end < name || ticks_per_second <= 0) return false;
  size_t length = (size_t)(end - name - 1);
  if (length > PROCESS_NAME_BYTES) length = PROCESS_NAME_BYTES;
  unsigned parent = 0;
  unsigned terminal = 0;
  unsigned long long start = 0;
  if (sscanf(end + 1, " %*c %u %*d %*d %u %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu", &parent,
             &terminal, &start) != 3) {
    return false;
  }
  memset(record->name, 0, sizeof record->name);
  memcpy(record->name, name + 1, length);
  record->parent = parent;
  record->start_ns = start * (NANOSECONDS / (unsigned long long)ticks_per_second);
  memset(record->terminal, 0, sizeof record->terminal);
  name_terminal(terminal, record->terminal);
  return true;
}

static void parse_status(const char *text, struct process_record *record) {
  const char *users = strstr(text, "\nUid:\t");
  const char *groups = strstr(text, "\nGid:\t");
  const char *capabilities = strstr(text, "\nCapEff:\t");
  if (users != NULL && sscanf(users + 6, "%" SCNu32 " %" SCNu32, &record->user, &record->effective_user) == 2) {
    record->flags |= FLAG_HAS_USERS;
  }
  if (groups != NULL && sscanf(groups + 6, "%" SCNu32 " %" SCNu32, &record->group, &record->effective_group) == 2) {
    record->flags |= FLAG_HAS_GROUPS;
  }
  if (capabilities != NULL && sscanf(capabilities + 9, "%" SCNx64, &record->capabilities) == 1) {
    record->flags |= FLAG_HAS_CAPABILITIES;
  }
}

static uint32_t read_number(uint32_t process, const char *file) {
  char text[SMALL_FILE_BYTES];
  return read_text(process, file, text) ? (uint32_t)strtoul(text, NULL, 10) : UNSET_ID;
}

/* Where a link of /proc points; "" when it cannot be read. */
static size_t read_link(uint32_t process, const char *link, char *target) {
  char path[48];
  snprintf(path, sizeof path, "/proc/%" PRIu32 "/%s", process, link);
  ssize_t count = readlinkat(AT_FDCWD, path, target, MAX_PATH_BYTES);
  return count < 0 ? 0 : (size_t)count;
}

bool procfs_start(uint32_t process, uint64_t *start_ns) {
  char text[SMALL_FILE_BYTES];
  struct process_record record;
  if (!read_text(process, "stat", text) || !procfs_parse_stat(text, sysconf(_SC_CLK_TCK), &record)) return false;
  *start_ns = record.start_ns;
  return true;
}

/* d_path() in fs/d_path.c adds this. */
static const char deleted_mark[] = " (deleted)";

/* What stat, status and cgroup say; the path of the last goes to `cgroup`. */
static bool read_standing(uint32_t process, struct process_record *record, char *cgroup, size_t *cgroup_bytes) {
  static char text[SMALL_FILE_BYTES];
  *cgroup_bytes = 0;
  bool complete = read_text(process, "stat", text) && procfs_parse_stat(text, sysconf(_SC_CLK_TCK), record);
  /* Gone, and the next one may not be: no time for its other files. */
  if (!complete) return false;
  if (read_text(process, "status", text)) parse_status(text, record);
  else complete = false;
  if (read_text(process, "cgroup", text)) {
    /* The unified hierarchy's line, the last: cgroups(7). */
    const char *line = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
    line = line == NULL ? NULL : strchr(line, '/');
    size_t bytes = line == NULL ? 0 : strcspn(line, "\n");
    if (bytes > MAX_CGROUP_BYTES) bytes = MAX_CGROUP_BYTES;
    if (bytes > 0) memcpy(cgroup, line, bytes);
    *cgroup_bytes = bytes;
  }
  return complete;
}

bool procfs_read_standing(uint32_t process, struct process_record *record, char texts[MAX_TEXT_BYTES]) {
  size_t bytes = 0;
  const bool complete = read_standing(process, record, texts, &bytes);
  record->text_bytes[TEXT_CGROUP] = (uint32_t)bytes;
  record->flags |= FLAG_INCOMPLETE;
  return complete;
}

bool procfs_read(uint32_t process, struct process_record *record, char texts[MAX_TEXT_BYTES]) {
  size_t used = 0;
  /* What is gone first comes first. */
  char *arguments = texts + 3u * MAX_PATH_BYTES + MAX_CGROUP_BYTES;
  ssize_t arguments_bytes = read_of(process, "cmdline", arguments, MAX_ARGUMENTS_BYTES);
  if (arguments_bytes <= 0) {
    /* Gone, and the next one may not be: no time for its other files. */
    record->flags |= FLAG_INCOMPLETE;
    return false;
  }
  size_t image_bytes = read_link(process, "exe", texts);
  bool complete = image_bytes > 0;
  const size_t mark = sizeof deleted_mark - 1;
  if (image_bytes > mark && memcmp(texts + image_bytes - mark, deleted_mark, mark) == 0) {
    image_bytes -= mark;
    record->flags |= FLAG_IMAGE_DELETED;
  }
  used += image_bytes;
  size_t directory_bytes = read_link(process, "cwd", texts + used);
  used += directory_bytes;

  size_t cgroup_bytes = 0;
  if (!read_standing(process, record, texts + used, &cgroup_bytes)) complete = false;
  record->login_user = read_number(process, "loginuid");
  record->session = read_number(process, "sessionid");
  record->flags |= FLAG_HAS_SESSION;
  used += cgroup_bytes;
  memmove(texts + used, arguments, (size_t)arguments_bytes);
  if ((size_t)arguments_bytes == MAX_ARGUMENTS_BYTES) record->flags |= FLAG_ARGUMENTS_CUT;
  record->arguments_bytes = (uint32_t)arguments_bytes;
  record->text_bytes[TEXT_FILE_NAME] = 0;
  record->text_bytes[TEXT_IMAGE] = (uint32_t)image_bytes;
  record->text_bytes[TEXT_DIRECTORY] = (uint32_t)directory_bytes;
  record->text_bytes[TEXT_CGROUP] = (uint32_t)cgroup_bytes;
  record->text_bytes[TEXT_ARGUMENTS] = (uint32_t)arguments_bytes;
  if (!complete) record->flags |= FLAG_INCOMPLETE;
  return complete;
}
