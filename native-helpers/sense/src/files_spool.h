/*
 * Records wait here for their reader: much happens to files in a moment, and the engine has other things to do. When it is
 * full, records are left out and counted; whoever waits in the kernel's queue is not told of by number.
 */
#ifndef SENSE_FILES_SPOOL_H
#define SENSE_FILES_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "files_records.h"

/* Some 150,000 records: a large archive unpacked while the engine does not look. Only what is used takes memory. */
#define SPOOL_BYTES (32u * 1024u * 1024u)
/* At its end kept free for what must not be left out. */
#define SPOOL_RESERVE (64u * 1024u)

struct spool {
  int descriptor;
  /* Nobody reads any more, or writing failed with `error`. */
  bool closed;
  int error;
  size_t from; /* where what is not written yet begins */
  size_t used; /* and ends */
  uint64_t dropped;
  _Alignas(RECORD_ALIGNMENT) unsigned char bytes[SPOOL_BYTES];
};

/* A pipe is enlarged as far as the system allows, and made non-blocking. */
void spool_open(struct spool *spool, int descriptor);

/*
 * Room for a record of `bytes` bytes, header filled in and padding zeroed; the caller fills in the rest before the next
 * call. NULL when there is none, which is counted. With `must` the reserve is used.
 */
void *spool_record(struct spool *spool, enum files_record_type type, size_t bytes, bool must);

/* Writes as much as the reader takes now. */
void spool_flush(struct spool *spool);

bool spool_is_empty(const struct spool *spool);

#endif
