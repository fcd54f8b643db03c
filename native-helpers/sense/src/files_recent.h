/*
 * What was told a moment ago: of a file that one process writes again and again the first time is told at once, and what
 * follows within RECENT_MS as one record at the end of that time. And how many files a process has written lately.
 */
#ifndef SENSE_FILES_RECENT_H
#define SENSE_FILES_RECENT_H

#include <stdbool.h>

#include "files_events.h"
#include "files_records.h"

/* Short against the second within which an alert is due. */
#define RECENT_MS 250u
/* Files that are written at the same time. */
#define RECENT_WRITES 1024u
/* NAME_MAX and its NUL. */
#define RECENT_NAME_BYTES 256u
#define RECENT_WRITERS 1024u
/* A process that has written so many files within WRITER_MS is looked at closely: editors save one or two. */
#define WRITER_FILES 3u
#define WRITER_MS 10000u
/* One whose last so many files were not of the kind that is looked for is looked at less: at one file in CALM_STEP. */
#define CALM_FILES 32u
#define CALM_STEP 4u

struct recent_write {
  struct files_handle target;
  struct files_handle parent; /* where it was when it was written last */
  uint32_t file_system;       /* 0: an empty slot */
  uint32_t process;
  uint64_t told_ms;
  uint32_t held; /* how many are not told yet */
  bool is_news;  /* somebody wants to know of it */
  char name[RECENT_NAME_BYTES];
};

struct recent_writer {
  uint32_t process;
  uint32_t files;
  uint64_t since_ms;
  uint32_t calm; /* files in a row that were looked at and looked ordered */
};

struct files_recent {
  struct recent_write writes[RECENT_WRITES];
  struct recent_writer writers[RECENT_WRITERS];
  /* How many slots hold something back. */
  unsigned holding;
};

typedef void recent_tell(void *context, const struct recent_write *write);

/*
 * A file was written. True: tell it. False: it is held back until its time is over. What has to make room for it is
 * told before.
 */
bool files_recent_written(struct files_recent *recent, uint32_t file_system, const struct files_event *event,
                          uint64_t now_ms, recent_tell *tell, void *context);

/* The write was told: of what follows soon the sum is enough. */
void files_recent_note(struct files_recent *recent, uint32_t file_system, const struct files_event *event);

/* Before something else is told of the file: tells what is held back of it. */
void files_recent_settle(struct files_recent *recent, uint32_t file_system, const struct files_event *event,
                         recent_tell *tell, void *context);

/* Tells everything whose time is over. With `now_ms` of UINT64_MAX: everything. */
void files_recent_due(struct files_recent *recent, uint64_t now_ms, recent_tell *tell, void *context);

/* A process wrote one more file. Whether it is one that goes through many, and this one of those to look at. */
bool files_recent_is_busy(struct files_recent *recent, uint32_t process, uint64_t now_ms);

/* What was found in a file that the process wrote: content that could be encrypted, or not. */
void files_recent_looked(struct files_recent *recent, uint32_t process, bool is_random);

#endif
