/*
 * Bytes that wait for a slow reader: a queue in memory that is taken from the system as it grows and given back as it
 * shrinks, so that what is hardly ever needed is not held all the time.
 */
#ifndef SENSE_BACKLOG_H
#define SENSE_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>

/* Taken and given back at a time. */
#define BACKLOG_CHUNK_BYTES (1024u * 1024u)

struct backlog_chunk;

/* All zero is an empty queue that takes nothing. */
struct backlog {
  /* Memory that it may take. */
  size_t limit;
  size_t taken;
  struct backlog_chunk *first;
  struct backlog_chunk *last;
};

/* Adds all of it, or nothing: false where that is more than the limit allows, or memory is short. */
bool backlog_put(struct backlog *backlog, const unsigned char *bytes, size_t count);

/* What has waited longest, as much as lies together; NULL when nothing waits. Until the next call. */
const unsigned char *backlog_peek(const struct backlog *backlog, size_t *count);

/* Removes so many of the bytes that backlog_peek told. */
void backlog_drop(struct backlog *backlog, size_t count);

static inline bool backlog_is_empty(const struct backlog *backlog) {
  return backlog->first == NULL;
}

#endif
