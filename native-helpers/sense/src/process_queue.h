/*
 * Two tellers of one story: the proc connector says at once and in order which processes begin, execute and end; the
 * audit system says a moment later with which arguments. The connector's news wait here for what belongs to them, and
 * leave in their order.
 */
#ifndef SENSE_PROCESS_QUEUE_H
#define SENSE_PROCESS_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "process_records.h"

/* Some ten thousand records: two seconds of the fastest that a machine of four cores starts. */
#define QUEUE_BYTES (4u * 1024u * 1024u)

/* First in, first out; entries lie in one piece. */
struct entry_ring {
  size_t from;
  size_t to;
  size_t used; /* with what is left empty at the end */
  _Alignas(8) unsigned char bytes[QUEUE_BYTES];
};

struct process_queue {
  struct entry_ring held;
  struct entry_ring told;
  char texts[MAX_TEXT_BYTES];
};

typedef void queue_write(void *context, const struct process_record *record, const char *texts);

struct queue_writer {
  queue_write *write;
  void *context;
};

/*
 * News of the connector. It leaves when all before it have left, and if `until_ms` is not 0 when the audit system has
 * told of it or that time has come.
 */
void queue_hold(struct process_queue *queue, const struct process_record *record, const char *texts, uint64_t until_ms,
                const struct queue_writer *writer);

/* What the audit system told; by `until_ms` the connector has told the same, or has lost it. */
void queue_tell(struct process_queue *queue, const struct process_record *record, const char *texts, uint64_t until_ms,
                const struct queue_writer *writer);

/* Writes what need not wait any more. */
void queue_release(struct process_queue *queue, uint64_t now_ms, const struct queue_writer *writer);

/* Writes everything. */
void queue_empty(struct process_queue *queue, const struct queue_writer *writer);

/* When the first waits no longer; UINT64_MAX when nothing waits. */
uint64_t queue_due_ms(const struct process_queue *queue);

#endif
