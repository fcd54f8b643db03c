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

void files_opens_watch(struct files_opens *opens, const struct file_systems *systems, const char *path) {
  if (path[0] != '/' || opens->marked >= MAX_WATCHED_OPENS) return;
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
