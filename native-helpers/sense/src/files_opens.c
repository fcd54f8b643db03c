#include "files_opens.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files_kernel.h"
#include "files_paths.h"

#define LONGEST_NAME 255u
#define INFO_BYTES 4096u

/* Where a directory or file lies, without asking whoever its file system belongs to. */
static bool look(int descriptor, struct statx *status) {
  return statx(descriptor, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_MNT_ID, status) == 0;
}

static const struct file_system *system_at(const struct file_systems *systems, const struct statx *status) {
  for (unsigned i = 0; i < MAX_FILE_SYSTEMS; i++) {
    const struct file_system *system = &systems->list[i];
    if (system->number == 0) continue;
    if ((status->stx_mask & STATX_MNT_ID) != 0 && system->mount.id == status->stx_mnt_id) return system;
    if (system->mount.major == status->stx_dev_major && system->mount.minor == status->stx_dev_minor) return system;
  }
  return NULL;
}

/* Opens an absolute path for looking at it, name by name. `system` is the last known one that was entered. */
static int walk(const struct file_systems *systems, const char *path, const struct file_system **system) {
  int at = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  struct statx status;
  *system = NULL;
  while (at >= 0) {
    if (!look(at, &status)) break;
    const struct file_system *here = system_at(systems, &status);
    /* A part of one that has numbers of its own (btrfs) is not in the list: it belongs to the one around it. */
    if (here != NULL) *system = here;
    if (here != NULL && here->state != FILE_SYSTEM_WATCHED && !S_ISDIR(status.stx_mode)) break;
    if (here != NULL && here->state == FILE_SYSTEM_NOT_WANTED) break;
    while (*path == '/') path++;
    if (*path == '\0') return at;
    const size_t bytes = strcspn(path, "/");
    char name[LONGEST_NAME + 1];
    if (bytes > LONGEST_NAME) break;
    memcpy(name, path, bytes);
    name[bytes] = '\0';
    path += bytes;
    const int next = openat(at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    close(at);
    at = next;
  }
  if (at >= 0) close(at);
  return -1;
}

uint64_t files_opens_count(int info) {
  static const char mark[] = "fanotify ino:";
  const size_t bytes = sizeof mark - 1;
  char piece[INFO_BYTES];
  uint64_t marks = 0;
  size_t alike = 0; /* of the line so far; more than the mark has: the line is of something else, or counted */
  for (ssize_t count; (count = read(info, piece, sizeof piece)) > 0;) {
    for (ssize_t i = 0; i < count; i++) {
      if (piece[i] == '\n') alike = 0;
      else if (alike < bytes && piece[i] == mark[alike]) marks += ++alike == bytes ? 1u : 0u;
      else alike = bytes + 1;
    }
  }
  return marks;
}

static uint64_t count_marks(const struct file_systems *systems) {
  uint64_t marks = 0;
  for (unsigned i = 0; i < MAX_FILE_SYSTEMS; i++) {
    const struct file_system *system = &systems->list[i];
    if (system->number == 0 || system->group < 0) continue;
    char name[32];
    snprintf(name, sizeof name, "/proc/self/fdinfo/%d", system->group);
    const int info = open(name, O_RDONLY | O_CLOEXEC);
    /* Not to be read: as many as ever. */
    if (info < 0) return MAX_WATCHED_OPENS;
    marks += files_opens_count(info);
    close(info);
  }
  return marks;
}

/* Anybody may put new files in the place of their own, again and again: only those that are left take room. */
static bool has_room(struct files_opens *opens, const struct file_systems *systems, uint64_t now_ms) {
  if (opens->marked < MAX_WATCHED_OPENS) return true;
  if (now_ms < opens->count_again_ms) return false;
  opens->count_again_ms = now_ms + COUNT_AGAIN_MS;
  opens->marked = count_marks(systems);
  return opens->marked < MAX_WATCHED_OPENS;
}

void files_opens_watch(struct files_opens *opens, const struct file_systems *systems, const char *path, uint64_t now_ms) {
  if (path[0] != '/' || !has_room(opens, systems, now_ms)) return;
  const struct file_system *system;
  const int file = walk(systems, path, &system);
  if (file < 0) return;
  struct stat status;
  if (system != NULL && system->group >= 0 && fstat(file, &status) == 0 && S_ISREG(status.st_mode)) {
    char name[32];
    /* A descriptor that is for looking only cannot be marked by its number (EBADF). */
    snprintf(name, sizeof name, "/proc/self/fd/%d", file);
    if (fanotify_mark(system->group, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, name) == 0) opens->marked++;
  }
  close(file);
}

bool files_opens_is_news(struct files_opens *opens, const struct files_event *event, uint64_t now_ms) {
  const uint32_t hash = files_handle_hash(&event->target);
  struct remembered_open *told = &opens->told[(hash ^ event->process * 2654435761u) % REMEMBERED_OPENS];
  if (told->process == event->process && told->hash == hash && told->told_ms != 0 &&
      now_ms - told->told_ms < OPEN_AGAIN_MS) {
    return false;
  }
  *told = (struct remembered_open){event->process, hash, now_ms};
  return true;
}

void files_opens_forget(struct files_opens *opens, uint32_t process) {
  for (unsigned i = 0; i < REMEMBERED_OPENS; i++) {
    if (opens->told[i].process == process) opens->told[i].told_ms = 0;
  }
}
