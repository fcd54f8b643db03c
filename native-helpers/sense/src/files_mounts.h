/* Which file systems there are: /proc/self/mountinfo, proc_pid_mountinfo(5). */
#ifndef SENSE_FILES_MOUNTS_H
#define SENSE_FILES_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* File systems watched at once; each has a queue of its own in the kernel. */
#define MAX_FILE_SYSTEMS 64u
/* Longer mount points are left out. */
#define MOUNT_POINT_BYTES 512u
#define FILE_SYSTEM_TYPE_BYTES 32u

enum file_system_kind {
  /* Files that people and programs keep. */
  KIND_REAL,
  /* The kernel's own, without files. */
  KIND_VIRTUAL,
  /* A packed image that nobody can write to, of which there may be dozens (snaps). */
  KIND_IMAGE,
  /* Answers come from elsewhere: another machine, or a program. */
  KIND_REMOTE,
};

struct mount {
  uint32_t id;
  uint32_t major;
  uint32_t minor;
  /* Shows the whole file system, not a part of it. */
  bool is_whole;
  /* Another one lies over it: nobody gets to it by its path. */
  bool is_hidden;
  char point[MOUNT_POINT_BYTES];
  char type[FILE_SYSTEM_TYPE_BYTES];
};

struct mount_table {
  unsigned count;
  struct mount mounts[MAX_FILE_SYSTEMS];
};

enum file_system_kind files_kind_of(const char *type);

/* Takes one line, NUL-terminated, without its line feed. False when it is of another form. */
bool files_mount_parse(const char *line, struct mount *mount);

/*
 * Takes a mount into the table, of each file system one that is not hidden, of these the one that shows the whole of it,
 * else the first. False when the table is full; then what is real takes the place of what is remote.
 */
bool files_mount_add(struct mount_table *table, const struct mount *mount);

/*
 * Reads the mounts of the real and remote file systems. False with errno when they cannot be read.
 */
bool files_mounts_read(struct mount_table *table);

/*
 * A descriptor of the mount's directory; -1 when it is hidden, gone or no directory. What lies over it is not asked: it may
 * be a program's (FUSE) that never answers.
 */
int files_mount_open(const struct mount *mount);

#endif
