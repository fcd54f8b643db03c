/* What fanotify says, taken apart: fanotify(7). */
#ifndef SENSE_FILES_EVENTS_H
#define SENSE_FILES_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* MAX_HANDLE_SZ of the kernel. */
#define HANDLE_BYTES 128u

/* A file handle as open_by_handle_at(2) takes it. Names a file of one file system for good, whatever it is called. */
struct files_handle {
  uint32_t bytes; /* 0: none */
  int32_t type;
  unsigned char data[HANDLE_BYTES];
};

/* One event. Names point into what was read. */
struct files_event {
  uint64_t mask;
  uint32_t process;
  struct files_handle parent;     /* the directory of `name`; of a rename: of the new one */
  struct files_handle old_parent; /* of a rename */
  struct files_handle target;     /* the file itself */
  const char *name;               /* NULL where there is none */
  const char *old_name;
};

/*
 * Takes the event at `bytes`, of which `room` are there. How long it is; 0 when it is of another form, and then what
 * follows cannot be told apart either.
 */
size_t files_event_read(const unsigned char *bytes, size_t room, struct files_event *event);

/* What happened, without the rest of it. `length` is 0 when it is of another form. */
uint64_t files_event_mask(const unsigned char *bytes, size_t room, size_t *length);

bool files_handle_same(const struct files_handle *one, const struct files_handle *other);

/* FNV-1a over the handle. */
uint32_t files_handle_hash(const struct files_handle *handle);

#endif
