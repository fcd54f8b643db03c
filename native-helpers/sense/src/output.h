/* Records are gathered in one large buffer and written in large batches. */
#ifndef SENSE_OUTPUT_H
#define SENSE_OUTPUT_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backlog.h"
#include "records.h"

/* One write() moves this much at most. A quarter of the pipe, so that reader and writer overlap. */
#define BATCH_BYTES (256u * 1024u)

struct output {
  int descriptor;
  /* Nobody reads any more, or writing failed with `error`: records go nowhere from then on. */
  bool closed;
  int error;
  size_t used;
  /* What a slow reader has not taken yet; takes nothing unless output_allow_backlog was called. */
  struct backlog backlog;
  /* When set, waiting for a slow reader ends soon; see output_flush. */
  const volatile sig_atomic_t *stopping;
  _Alignas(RECORD_ALIGNMENT) unsigned char bytes[BATCH_BYTES];
};

/*
 * Makes `output` write to `descriptor`. A pipe is enlarged to 1 MiB as far as the system allows, and made
 * non-blocking, so that a reader that does not read can not keep sense from stopping.
 */
void output_open(struct output *output, int descriptor, const volatile sig_atomic_t *stopping);

/* From now on a slow reader is not waited for before so much memory holds what it has not taken yet. */
void output_allow_backlog(struct output *output, size_t bytes);

/* Whether something waits for a slow reader: output_flush is to be called when the descriptor takes more. */
bool output_is_behind(const struct output *output);

/* What poll(2) is to look for at the descriptor. */
short output_events(const struct output *output);

/*
 * Room for a record of `bytes` bytes (padding not counted, at most MAX_RECORD_BYTES), header filled in and
 * padding zeroed. The caller fills in the rest before the next call.
 */
void *output_record(struct output *output, enum record_type type, unsigned slot, size_t bytes);

/*
 * Writes what was gathered. What a slow reader does not take waits in the backlog; where that is full, or there is
 * none, the reader is waited for as long as it takes: meanwhile the kernel's rings hold what happens. Once *stopping
 * is set everything is written before it returns, and a reader that takes nothing for FLUSH_GRACE_MS is given up.
 */
void output_flush(struct output *output);

#endif
