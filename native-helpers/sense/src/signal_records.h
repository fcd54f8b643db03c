/*
 * What is said between the engine and `sense signal`. Framing, alignment and byte order of what is written on standard
 * output are those of records.h; the types of records are others, and the first is RECORD_SIGNAL_HELLO. What is read on
 * standard input is a row of struct signal_request.
 *
 * The other side is main/engine/services/response/signal-records.ts. A change here needs a new SIGNAL_FORMAT_VERSION.
 */
#ifndef SENSE_SIGNAL_RECORDS_H
#define SENSE_SIGNAL_RECORDS_H

#include "records.h"

#define SIGNAL_MAGIC 0x47534648u /* "HFSG" */
#define SIGNAL_FORMAT_VERSION 1u

/* Not among the types of the other streams: a reader of the wrong one notices. */
enum signal_record_type {
  RECORD_SIGNAL_HELLO = 112,
  /* The answer to one request. */
  RECORD_SIGNAL_RESULT = 113,
  /* Every PULSE_MS: it still runs. */
  RECORD_SIGNAL_PULSE = 114,
};

enum signal_order {
  /* SIGSTOP. When the engine ends before it said ORDER_KEEP, the process is let go on. */
  ORDER_STOP = 1,
  /* SIGCONT. */
  ORDER_CONTINUE = 2,
  /* SIGKILL. */
  ORDER_KILL = 3,
  /* Sends nothing: it stays stopped, whatever becomes of the engine, which has written down what it did. */
  ORDER_KEEP = 4,
};

enum signal_outcome {
  OUTCOME_DONE = 1,
  /* No process has this number. */
  OUTCOME_GONE = 2,
  /* Another process has this number now. */
  OUTCOME_ANOTHER = 3,
  /* Never done: process 1, sense itself, the engine. */
  OUTCOME_REFUSED = 4,
  /* See `error`. */
  OUTCOME_FAILED = 5,
};

struct signal_request {
  uint32_t sequence; /* comes back with the answer */
  uint32_t process;
  uint64_t start_ticks; /* field 22 of proc_pid_stat(5): with the number it names one process for good */
  uint32_t order;       /* enum signal_order */
  uint32_t padding;
};

struct signal_hello_record {
  struct record_header header;
  uint32_t magic;
  uint32_t version;
};

struct signal_result_record {
  struct record_header header;
  uint32_t sequence;
  uint32_t outcome; /* enum signal_outcome */
  uint32_t error;   /* errno; 0 for none */
  uint32_t padding;
};

struct signal_pulse_record {
  struct record_header header;
  uint32_t held; /* processes that would be let go on now if the engine ended */
  uint32_t padding;
};

static_assert(sizeof(struct signal_request) == 24, "layout");
static_assert(sizeof(struct signal_hello_record) == 16, "layout");
static_assert(sizeof(struct signal_result_record) == 24, "layout");
static_assert(sizeof(struct signal_pulse_record) == 16, "layout");

#endif
