/* From the handle of a directory to its path, with a memory of those that were asked for lately. */
#ifndef SENSE_FILES_PATHS_H
#define SENSE_FILES_PATHS_H

#include <stdbool.h>

#include "files_events.h"
#include "files_records.h"

/* Directories in which something happens within minutes; a compiler's run touches hundreds. */
#define REMEMBERED_PATHS 4096u
/* Longer ones are asked for every time. */
#define REMEMBERED_PATH_BYTES 208u
/* ext4, xfs and tmpfs use 8 to 24, btrfs up to 40. */
#define REMEMBERED_HANDLE_BYTES 40u

struct remembered_path {
  uint32_t file_system; /* number of it, from 1; 0: empty */
  uint16_t handle_bytes;
  uint16_t path_bytes;
  int32_t handle_type;
  unsigned char handle[REMEMBERED_HANDLE_BYTES];
  char path[REMEMBERED_PATH_BYTES];
};

struct files_paths {
  struct remembered_path slots[REMEMBERED_PATHS];
};

/* Forgets all: directories were renamed, or mounts changed. */
void files_paths_forget(struct files_paths *paths);

/* Notes a path. Nothing when it is too long to be remembered. */
void files_paths_note(struct files_paths *paths, uint32_t file_system, const struct files_handle *handle,
                      const char *path, size_t bytes);

/*
 * Writes the path of a directory (no NUL behind it, no slash at its end but for "/") and says how long it is; 0 when it
 * cannot be found out: it is gone, or not below this mount. `mount` is a descriptor of the file system.
 */
size_t files_paths_find(struct files_paths *paths, uint32_t file_system, int mount, const struct files_handle *handle,
                        char path[MAX_FILE_PATH_BYTES]);

/*
 * Opens what the handle names, for looking at it only; `flags` as of open(2). -1 with errno when it is gone. No symbolic
 * link is followed, and nothing is done that a device or pipe could notice unless `flags` say so.
 */
int files_open_handle(int mount, const struct files_handle *handle, int flags);

/* The path of an open file by /proc/self/fd, without the kernel's " (deleted)". 0 when there is none. */
size_t files_path_of_descriptor(int descriptor, bool deleted, char path[MAX_FILE_PATH_BYTES]);

#endif
