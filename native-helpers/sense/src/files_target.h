/*
 * The file that an event is about: how it is, and opening it. The directories in which something happens are kept open for
 * a turn, so that looking at a file takes one call.
 */
#ifndef SENSE_FILES_TARGET_H
#define SENSE_FILES_TARGET_H

#include <sys/stat.h>

#include "files_events.h"
#include "files_group.h"

/* A copy or a build is at work in a few directories at a time. */
#define OPEN_PARENTS 16u

struct open_parent {
  uint32_t file_system; /* number of it; 0: an empty slot */
  int descriptor;
  uint64_t device;
  struct files_handle handle;
};

struct files_targets {
  struct open_parent parents[OPEN_PARENTS];
};

/*
 * How the file is now; false when it is gone. By its name where that is still the file of the event, which is cheaper than
 * by its handle.
 */
bool files_target_status(struct files_targets *targets, struct file_system *system, const struct files_event *event,
                         struct stat *status);

/* Opens it; `flags` as of open(2). -1 when it is gone. No symbolic link is followed. */
int files_target_open(struct file_system *system, const struct files_event *event, int flags);

/* Closes what was opened in this turn: it keeps people from unmounting. */
void files_targets_release(struct files_targets *targets);

/* The number of the file that a handle names; 0 where that cannot be read out of handles of this type. */
uint64_t files_handle_inode(const struct files_handle *handle);

#endif
