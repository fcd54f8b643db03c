#include "files_group.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/fanotify.h>
#include <unistd.h>

#include "files_kernel.h"

/*
 * With a queue that has an end (fs.fanotify.max_queued_events): whoever makes more events than can be read costs news,
 * which is counted, and not the machine's memory.
 */
#define GROUP_FLAGS (FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK | FAN_REPORT_DFID_NAME | FAN_REPORT_FID)
#define WATCHED_EVENTS (FAN_CLOSE_WRITE | FAN_CREATE | FAN_DELETE | FAN_ATTRIB | FAN_OPEN_EXEC | FAN_ONDIR)

static int open_group(uint32_t abilities) {
  const unsigned flags = GROUP_FLAGS | (abilities & ABILITY_TARGET ? FAN_REPORT_TARGET_FID : 0u);
  return fanotify_init(flags, O_RDONLY | O_CLOEXEC | O_LARGEFILE);
}

bool file_systems_probe(struct file_systems *systems, bool basic) {
  systems->abilities = basic ? 0 : ABILITY_TARGET | ABILITY_RENAME;
  for (;;) {
    const int group = open_group(systems->abilities);
    if (group >= 0) {
      close(group);
      return true;
    }
    /* The flag came with the events of renames, in the same release. */
    if (errno != EINVAL || systems->abilities == 0) return false;
    systems->abilities = 0;
  }
}

static bool mark(const struct file_systems *systems, struct file_system *system) {
  const int descriptor = files_mount_open(&system->mount);
  if (descriptor < 0) return false;
  const uint64_t moves = systems->abilities & ABILITY_RENAME ? FAN_RENAME : FAN_MOVED_FROM | FAN_MOVED_TO;
  const int result =
      fanotify_mark(system->group, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, WATCHED_EVENTS | moves, descriptor, NULL);
  const int error = errno;
  close(descriptor);
  errno = error;
  return result == 0;
}

static void let_go(struct file_system *system) {
  if (system->descriptor >= 0) close(system->descriptor);
  if (system->group >= 0) close(system->group);
  system->descriptor = -1;
  system->group = -1;
}

static void watch(const struct file_systems *systems, const struct files_options *options,
                  struct file_system *system) {
  const char *point = system->mount.point;
  system->error = 0;
  system->state = FILE_SYSTEM_NOT_WANTED;
  if (files_kind_of(system->mount.type) != KIND_REAL && !path_list_has(&options->include, point, strlen(point))) return;
  system->state = FILE_SYSTEM_REFUSED;
  if (system->group < 0) system->group = open_group(systems->abilities);
  if (system->group >= 0 && mark(systems, system)) {
    system->state = FILE_SYSTEM_WATCHED;
    return;
  }
  system->error = errno;
  let_go(system);
}

static struct file_system *find(struct file_systems *systems, const struct mount *mount) {
  struct file_system *empty = NULL;
  for (unsigned i = 0; i < MAX_FILE_SYSTEMS; i++) {
    struct file_system *system = &systems->list[i];
    if (system->number == 0) {
      if (empty == NULL) empty = system;
    } else if (system->mount.major == mount->major && system->mount.minor == mount->minor) {
      return system;
    }
  }
  return empty;
}

static void take(struct file_systems *systems, const struct files_options *options, const struct mount *mount,
                 file_system_news *tell, void *context, bool *moved) {
  if (options->only.count > 0 && !path_list_has(&options->only, mount->point, strlen(mount->point))) return;
  struct file_system *system = find(systems, mount);
  if (system == NULL) return;
  const bool is_new = system->number == 0;
  /*
   * Anybody may mount something of theirs (FUSE) over their own folder. What is watched below goes on to be: its files are
   * still there for whoever has them open, and the paths that are known stay right.
   */
  if (mount->is_hidden && (is_new || system->state == FILE_SYSTEM_WATCHED)) {
    system->is_there = !is_new;
    return;
  }
  system->is_there = true;
  if (!is_new && system->mount.id == mount->id && strcmp(system->mount.point, mount->point) == 0) return;
  if (is_new) {
    system->number = ++systems->last_number;
    system->group = -1;
    system->descriptor = -1;
  }
  /* Another mount of the same number may be another file system, without our mark. */
  system->mount = *mount;
  *moved = true;
  watch(systems, options, system);
  tell(context, system);
}

bool file_systems_refresh(struct file_systems *systems, const struct files_options *options, file_system_news *tell,
                          void *context, bool *moved) {
  static struct mount_table table;
  if (!files_mounts_read(&table)) return false;
  for (unsigned i = 0; i < MAX_FILE_SYSTEMS; i++) systems->list[i].is_there = false;
  for (unsigned i = 0; i < table.count; i++) {
    take(systems, options, &table.mounts[i], tell, context, moved);
  }
  for (unsigned i = 0; i < MAX_FILE_SYSTEMS; i++) {
    struct file_system *system = &systems->list[i];
    if (system->number == 0 || system->is_there) continue;
    system->state = FILE_SYSTEM_GONE;
    system->error = 0;
    tell(context, system);
    let_go(system);
    system->number = 0;
    *moved = true;
  }
  return true;
}

int file_system_descriptor(struct file_system *system) {
  if (system->descriptor < 0) system->descriptor = files_mount_open(&system->mount);
  return system->descriptor;
}

void file_systems_release(struct file_systems *systems) {
  for (unsigned i = 0; i < MAX_FILE_SYSTEMS; i++) {
    struct file_system *system = &systems->list[i];
    if (system->number == 0 || system->descriptor < 0) continue;
    close(system->descriptor);
    system->descriptor = -1;
  }
}

unsigned file_systems_watched(const struct file_systems *systems) {
  unsigned watched = 0;
  for (unsigned i = 0; i < MAX_FILE_SYSTEMS; i++) {
    if (systems->list[i].number != 0 && systems->list[i].state == FILE_SYSTEM_WATCHED) watched++;
  }
  return watched;
}
