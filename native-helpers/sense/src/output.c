#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static_assert(MAX_RECORD_BYTES <= BATCH_BYTES, "every record fits into a batch");
static_assert(2 * BATCH_BYTES <= BACKLOG_CHUNK_BYTES, "every batch fits into a chunk of the backlog");

/* Holds 2 to 10 ms of packets at 1 Gbit/s: enough to ride out the reader's garbage collections. */
#define PIPE_BYTES (1024 * 1024)

/* After the signal to stop, how long a reader may take to make room. The engine kills after 2 s. */
#define FLUSH_GRACE_MS 500

void output_open(struct output *output, int descriptor, const volatile sig_atomic_t *stopping) {
  output->descriptor = descriptor;
  output->closed = false;
  output->error = 0;
  output->used = 0;
  output->backlog = (struct backlog){0};
  output->stopping = stopping;
  struct stat status;
  if (fstat(descriptor, &status) == 0 && S_ISFIFO(status.st_mode)) {
    /* Without the right to exceed pipe-max-size the pipe stays smaller, which costs only smoothness. */
    (void)fcntl(descriptor, F_SETPIPE_SZ, PIPE_BYTES);
    int flags = fcntl(descriptor, F_GETFL);
    if (flags >= 0) (void)fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
  }
}

void output_allow_backlog(struct output *output, size_t bytes) {
  output->backlog.limit = bytes;
}

bool output_is_behind(const struct output *output) {
  return !backlog_is_empty(&output->backlog);
}

short output_events(const struct output *output) {
  return output_is_behind(output) ? POLLOUT : 0;
}

void *output_record(struct output *output, enum record_type type, unsigned slot, size_t bytes) {
  size_t padded = ALIGN_RECORD(bytes);
  assert(padded <= BATCH_BYTES);
  if (output->used + padded > BATCH_BYTES) output_flush(output);
  unsigned char *record = output->bytes + output->used;
  output->used += padded;
  memset(record + padded - RECORD_ALIGNMENT, 0, RECORD_ALIGNMENT);
  struct record_header header = {(uint32_t)padded, (uint16_t)type, (uint16_t)slot};
  memcpy(record, &header, sizeof header);
  return record;
}

/* Waits until the pipe has room. False when the reader is gone or the time after a stop is over. */
static bool wait_for_room(struct output *output) {
  bool stopping = *output->stopping != 0;
  struct pollfd watched = {.fd = output->descriptor, .events = POLLOUT};
  struct timespec grace = {.tv_sec = 0, .tv_nsec = FLUSH_GRACE_MS * 1000000L};
  sigset_t none;
  sigemptyset(&none);
  int ready = ppoll(&watched, 1, stopping ? &grace : NULL, &none);
  if (ready > 0) return (watched.revents & POLLOUT) != 0;
  /* Interrupted by the signal to stop: try again, now with the time limit. */
  if (ready < 0 && errno == EINTR) return true;
  if (ready == 0) errno = ETIMEDOUT;
  return false;
}

/* How much of it the pipe takes now; 0 when it is full, or after a failure, which closes the output. */
static size_t write_some(struct output *output, const unsigned char *bytes, size_t count) {
  for (;;) {
    const ssize_t written = write(output->descriptor, bytes, count);
    if (written >= 0) return (size_t)written;
    if (errno == EINTR) continue;
    if (errno != EAGAIN) {
      output->closed = true;
      output->error = errno;
    }
    return 0;
  }
}

/* True when the pipe has room again; a reader that is gone closes the output. */
static bool await_room(struct output *output) {
  if (output->closed) return false;
  if (wait_for_room(output)) return true;
  output->closed = true;
  output->error = errno;
  return false;
}

/* Writes of the backlog what the reader takes now. */
static void shorten_backlog(struct output *output) {
  size_t waiting;
  const unsigned char *bytes;
  while ((bytes = backlog_peek(&output->backlog, &waiting)) != NULL) {
    const size_t written = write_some(output, bytes, waiting < BATCH_BYTES ? waiting : BATCH_BYTES);
    if (written == 0) return;
    backlog_drop(&output->backlog, written);
  }
}

static void discard_backlog(struct output *output) {
  size_t waiting;
  while (backlog_peek(&output->backlog, &waiting) != NULL) backlog_drop(&output->backlog, waiting);
}

void output_flush(struct output *output) {
  size_t done = 0;
  while (!output->closed) {
    shorten_backlog(output);
    if (!output_is_behind(output) && done < output->used && !output->closed) {
      done += write_some(output, output->bytes + done, output->used - done);
    }
    if (output->closed) break;
    const bool all_written = done == output->used && !output_is_behind(output);
    if (all_written) break;
    if (!*output->stopping && backlog_put(&output->backlog, output->bytes + done, output->used - done)) break;
    (void)await_room(output);
  }
  if (output->closed) discard_backlog(output);
  output->used = 0;
}
