/* One file system that is watched, with the queue of its own that it has in the kernel. */
#ifndef SENSE_FILES_GROUP_H
#define SENSE_FILES_GROUP_H

#include "files_mounts.h"
#include "files_options.h"
#include "files_records.h"

struct file_system {
  uint32_t number; /* counts up; 0: an empty slot */
  struct mount mount;
  enum file_system_state state;
  int error;
  int group;      /* -1: not watched */
  int descriptor; /* of the mount's directory, during a turn only: it keeps people from unmounting. -1: none */
  bool is_there;
};

struct file_systems {
  struct file_system list[MAX_FILE_SYSTEMS];
  uint32_t last_number;
  uint32_t abilities; /* enum files_ability */
};

typedef void file_system_news(void *context, const struct file_system *file_system);

/* Finds out what the kernel offers. False with errno when fanotify is not to be had. */
bool file_systems_probe(struct file_systems *systems, bool basic);

/*
 * Looks which file systems there are, watches those that are new and lets go of those that are gone. Each change is told.
 * False with errno when the list cannot be read. *moved is set when paths may have changed.
 */
bool file_systems_refresh(struct file_systems *systems, const struct files_options *options, file_system_news *tell,
                          void *context, bool *moved);

/* A descriptor of the file system for this turn; -1 when its mount is hidden or gone. */
int file_system_descriptor(struct file_system *system);

/* Closes the descriptors of this turn. */
void file_systems_release(struct file_systems *systems);

unsigned file_systems_watched(const struct file_systems *systems);

#endif
