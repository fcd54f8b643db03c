#include "backlog.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>

struct backlog_chunk {
  struct backlog_chunk *next;
  size_t from;
  size_t used;
  unsigned char bytes[];
};

#define CHUNK_ROOM (BACKLOG_CHUNK_BYTES - sizeof(struct backlog_chunk))

/* Straight from the system: what malloc were given back might stay with the process. */
static struct backlog_chunk *take_chunk(struct backlog *backlog) {
  if (backlog->taken + BACKLOG_CHUNK_BYTES > backlog->limit) return NULL;
  void *memory = mmap(NULL, BACKLOG_CHUNK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return NULL;
  backlog->taken += BACKLOG_CHUNK_BYTES;
  return memory;
}

static void give_back(struct backlog *backlog, struct backlog_chunk *chunk) {
  (void)munmap(chunk, BACKLOG_CHUNK_BYTES);
  backlog->taken -= BACKLOG_CHUNK_BYTES;
}

bool backlog_put(struct backlog *backlog, const unsigned char *bytes, size_t count) {
  size_t room = backlog->last != NULL ? CHUNK_ROOM - backlog->last->used : 0;
  struct backlog_chunk *added = NULL;
  /* One call never brings more than a batch, which is less than a chunk. */
  assert(count <= CHUNK_ROOM);
  if (count > room) {
    added = take_chunk(backlog);
    if (added == NULL) return false;
  }
  const size_t here = count < room ? count : room;
  if (here > 0) {
    memcpy(backlog->last->bytes + backlog->last->used, bytes, here);
    backlog->last->used += here;
  }
  if (added == NULL) return true;
  memcpy(added->bytes, bytes + here, count - here);
  added->used = count - here;
  if (backlog->last != NULL) backlog->last->next = added;
  else backlog->first = added;
  backlog->last = added;
  return true;
}

const unsigned char *backlog_peek(const struct backlog *backlog, size_t *count) {
  const struct backlog_chunk *chunk = backlog->first;
  if (chunk == NULL) return NULL;
  *count = chunk->used - chunk->from;
  return chunk->bytes + chunk->from;
}

void backlog_drop(struct backlog *backlog, size_t count) {
  struct backlog_chunk *chunk = backlog->first;
  chunk->from += count;
  if (chunk->from < chunk->used) return;
  backlog->first = chunk->next;
  if (backlog->first == NULL) backlog->last = NULL;
  give_back(backlog, chunk);
}
