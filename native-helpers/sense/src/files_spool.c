#include "files_spool.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIPE_BYTES (1024 * 1024)
/* A quarter of the pipe, so that reader and writer overlap. */
#define WRITE_BYTES (256u * 1024u)

void spool_open(struct spool *spool, int descriptor) {
  spool->descriptor = descriptor;
  spool->closed = false;
  spool->error = 0;
  spool->from = 0;
  spool->used = 0;
  spool->dropped = 0;
  struct stat status;
  if (fstat(descriptor, &status) != 0 || !S_ISFIFO(status.st_mode)) return;
  /* Without the right to exceed pipe-max-size the pipe stays smaller, which costs only smoothness. */
  (void)fcntl(descriptor, F_SETPIPE_SZ, PIPE_BYTES);
  const int flags = fcntl(descriptor, F_GETFL);
  if (flags >= 0) (void)fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
}

/* Moves what waits to the front once half of the room lies before it: each byte is moved at most once on its way. */
static void make_room(struct spool *spool) {
  if (spool->from < SPOOL_BYTES / 2) return;
  memmove(spool->bytes, spool->bytes + spool->from, spool->used - spool->from);
  spool->used -= spool->from;
  spool->from = 0;
}

void *spool_record(struct spool *spool, enum files_record_type type, size_t bytes, bool must) {
  const size_t padded = ALIGN_RECORD(bytes);
  const size_t end = must ? SPOOL_BYTES : SPOOL_BYTES - SPOOL_RESERVE;
  if (spool->used + padded > end) make_room(spool);
  if (spool->used + padded > end) {
    spool->dropped++;
    return NULL;
  }
  unsigned char *record = spool->bytes + spool->used;
  spool->used += padded;
  memset(record + padded - RECORD_ALIGNMENT, 0, RECORD_ALIGNMENT);
  const struct record_header header = {(uint32_t)padded, (uint16_t)type, 0};
  memcpy(record, &header, sizeof header);
  return record;
}

void spool_flush(struct spool *spool) {
  while (spool->from < spool->used && !spool->closed) {
    const size_t waiting = spool->used - spool->from;
    const ssize_t count =
        write(spool->descriptor, spool->bytes + spool->from, waiting < WRITE_BYTES ? waiting : WRITE_BYTES);
    if (count >= 0) {
      spool->from += (size_t)count;
    } else if (errno == EAGAIN) {
      return;
    } else if (errno != EINTR) {
      spool->closed = true;
      spool->error = errno;
    }
  }
  spool->from = 0;
  spool->used = 0;
}

bool spool_is_empty(const struct spool *spool) {
  return spool->from == spool->used;
}
