#include "files_target.h"

#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "files_paths.h"

static uint64_t word_at(const struct files_handle *handle, size_t at) {
  uint32_t word;
  memcpy(&word, handle->data + at, sizeof word);
  return word;
}

static uint64_t wide_at(const struct files_handle *handle, size_t at) {
  return word_at(handle, at) | word_at(handle, at + 4) << 32;
}

/* include/linux/exportfs.h, mm/shmem.c, fs/xfs/xfs_export.h and fs/btrfs/export.c of the kernel. Little-endian. */
uint64_t files_handle_inode(const struct files_handle *handle) {
  switch (handle->type) {
    case 0x01: /* FILEID_INO32_GEN: ext4, f2fs and most others; tmpfs puts the generation first */
      if (handle->bytes == 8) return word_at(handle, 0);
      return handle->bytes == 12 ? wide_at(handle, 4) : 0;
    case 0x81: /* FILEID_INO64_GEN, and xfs */
      return handle->bytes == 12 ? wide_at(handle, 0) : 0;
    case 0x4d: /* FILEID_BTRFS_WITHOUT_PARENT */
      return handle->bytes == 20 ? wide_at(handle, 0) : 0;
    default: return 0;
  }
}

/* The directory of the name; NULL when it is gone. */
static const struct open_parent *parent_of(struct files_targets *targets, struct file_system *system,
                                           const struct files_event *event) {
  struct open_parent *parent = &targets->parents[files_handle_hash(&event->parent) % OPEN_PARENTS];
  if (parent->file_system == system->number && files_handle_same(&parent->handle, &event->parent)) return parent;
  const int mount = file_system_descriptor(system);
  if (mount < 0) return NULL;
  const int descriptor = files_open_handle(mount, &event->parent, O_PATH);
  if (descriptor < 0) return NULL;
  struct stat status;
  if (fstat(descriptor, &status) != 0) {
    close(descriptor);
    return NULL;
  }
  if (parent->file_system != 0) close(parent->descriptor);
  parent->file_system = system->number;
  parent->descriptor = descriptor;
  parent->device = status.st_dev;
  parent->handle = event->parent;
  return parent;
}

static struct timespec time_of(const struct statx_timestamp *time) {
  return (struct timespec){.tv_sec = time->tv_sec, .tv_nsec = (long)time->tv_nsec};
}

/* fstatat(2), but without asking whoever mounted something over the name (FUSE): one could wait for ever. */
static bool look(int directory, const char *name, struct stat *status) {
  struct statx found;
  const int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC;
  if (statx(directory, name, flags, STATX_BASIC_STATS, &found) != 0) return false;
  *status = (struct stat){
      .st_dev = makedev(found.stx_dev_major, found.stx_dev_minor),
      .st_ino = found.stx_ino,
      .st_mode = found.stx_mode,
      .st_nlink = found.stx_nlink,
      .st_uid = found.stx_uid,
      .st_gid = found.stx_gid,
      .st_rdev = makedev(found.stx_rdev_major, found.stx_rdev_minor),
      .st_size = (off_t)found.stx_size,
      .st_blksize = (blksize_t)found.stx_blksize,
      .st_blocks = (blkcnt_t)found.stx_blocks,
      .st_atim = time_of(&found.stx_atime),
      .st_mtim = time_of(&found.stx_mtime),
      .st_ctim = time_of(&found.stx_ctime),
  };
  return true;
}

/* By its name: the file there is asked for its number, as another one may have taken the name. */
static bool status_by_name(struct files_targets *targets, struct file_system *system, const struct files_event *event,
                           struct stat *status) {
  if (event->name == NULL || event->parent.bytes == 0) return false;
  const uint64_t inode = event->target.bytes > 0 ? files_handle_inode(&event->target) : 0;
  if (inode == 0 && event->target.bytes > 0) return false;
  const struct open_parent *parent = parent_of(targets, system, event);
  if (parent == NULL || !look(parent->descriptor, event->name, status)) return false;
  return event->target.bytes == 0 || (status->st_ino == inode && status->st_dev == parent->device);
}

bool files_target_status(struct files_targets *targets, struct file_system *system, const struct files_event *event,
                         struct stat *status) {
  if (status_by_name(targets, system, event, status)) return true;
  if (event->target.bytes == 0) return false;
  const int file = files_target_open(system, event, O_PATH);
  if (file < 0) return false;
  const bool is_there = fstat(file, status) == 0;
  close(file);
  return is_there;
}

int files_target_open(struct file_system *system, const struct files_event *event, int flags) {
  const int mount = file_system_descriptor(system);
  if (mount < 0) return -1;
  if (event->target.bytes > 0) return files_open_handle(mount, &event->target, flags);
  if (event->name == NULL || event->parent.bytes == 0) return -1;
  const int parent = files_open_handle(mount, &event->parent, O_PATH);
  if (parent < 0) return -1;
  const int file = openat(parent, event->name, flags | O_NOFOLLOW | O_CLOEXEC);
  close(parent);
  return file;
}

void files_targets_release(struct files_targets *targets) {
  for (unsigned i = 0; i < OPEN_PARENTS; i++) {
    if (targets->parents[i].file_system != 0) close(targets->parents[i].descriptor);
    targets->parents[i].file_system = 0;
  }
}
