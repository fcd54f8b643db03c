#include "process_queue.h"

#include <string.h>

/*
 * The audit system has the time of the call's beginning by a clock that moves every few milliseconds, the connector that
 * of a moment within the call by an exact one.
 */
#define CLOCK_SLACK_NS 20000000u

struct entry {
  uint32_t bytes; /* of all of it */
  bool is_gone;   /* told already, or empty: there was no room to the end */
  uint64_t until_ms;
  struct process_record record;
};

static size_t text_bytes_of(const struct process_record *record) {
  size_t bytes = 0;
  for (unsigned i = 0; i < TEXTS; i++) bytes += record->text_bytes[i];
  return bytes;
}

static struct entry *entry_at(struct entry_ring *ring, size_t at) {
  return (struct entry *)(void *)(ring->bytes + at);
}

static const char *texts_of(const struct entry *entry) {
  return (const char *)(entry + 1);
}

static size_t after(size_t at, uint32_t bytes) {
  return at + bytes == QUEUE_BYTES ? 0 : at + bytes;
}

/* The first entry that is not gone. */
static struct entry *first(struct entry_ring *ring) {
  while (ring->used > 0) {
    struct entry *entry = entry_at(ring, ring->from);
    if (!entry->is_gone) return entry;
    ring->used -= entry->bytes;
    ring->from = after(ring->from, entry->bytes);
  }
  ring->from = 0;
  ring->to = 0;
  return NULL;
}

static bool add(struct entry_ring *ring, const struct process_record *record, const char *texts, uint64_t until_ms) {
  const size_t text_bytes = text_bytes_of(record);
  const size_t bytes = ALIGN_RECORD(sizeof(struct entry) + text_bytes);
  const size_t to_end = QUEUE_BYTES - ring->to;
  /* What is left at the end need not hold more than the word that says so. */
  const size_t skipped = to_end < bytes ? to_end : 0;
  if (ring->used + skipped + bytes > QUEUE_BYTES) return false;
  if (skipped > 0) {
    struct entry *empty = entry_at(ring, ring->to);
    empty->bytes = (uint32_t)skipped;
    empty->is_gone = true;
    ring->used += skipped;
    ring->to = 0;
  }
  struct entry *entry = entry_at(ring, ring->to);
  *entry = (struct entry){.bytes = (uint32_t)bytes, .until_ms = until_ms, .record = *record};
  if (text_bytes > 0) memcpy(entry + 1, texts, text_bytes);
  ring->used += bytes;
  ring->to = after(ring->to, (uint32_t)bytes);
  return true;
}

/* What was told of this execution: the oldest of its process that is not younger. */
static struct entry *find_told(struct entry_ring *told, const struct process_record *record) {
  (void)first(told);
  size_t at = told->from;
  for (size_t passed = 0; passed < told->used;) {
    struct entry *entry = entry_at(told, at);
    if (!entry->is_gone && entry->record.process == record->process) {
      return entry->record.time_ns <= record->time_ns + CLOCK_SLACK_NS ? entry : NULL;
    }
    passed += entry->bytes;
    at = after(at, entry->bytes);
  }
  return NULL;
}

/* Facts that /proc alone has stay; the rest is the audit system's, which cannot come too late. */
static void write_both(struct process_queue *queue, const struct entry *held, const struct entry *told,
                       const struct queue_writer *writer) {
  struct process_record record = told->record;
  const uint32_t kept = FLAG_HAS_CAPABILITIES | FLAG_HAS_STREAMS;
  const bool is_better = (told->record.flags & FLAG_INCOMPLETE) != 0 && (held->record.flags & FLAG_INCOMPLETE) == 0;
  record.time_ns = held->record.time_ns;
  record.start_ns = held->record.start_ns;
  record.parent_start_ns = held->record.parent_start_ns;
  record.capabilities = held->record.capabilities;
  record.flags |= held->record.flags & kept;
  memcpy(record.stream_mode, held->record.stream_mode, sizeof record.stream_mode);
  memcpy(record.stream_device, held->record.stream_device, sizeof record.stream_device);
  if (is_better) {
    record.flags = held->record.flags | (told->record.flags & FLAG_HAS_SESSION);
    record.arguments_bytes = held->record.arguments_bytes;
  }
  size_t used = 0;
  const char *told_text = texts_of(told);
  const char *held_text = texts_of(held);
  for (unsigned i = 0; i < TEXTS; i++) {
    const uint32_t told_bytes = told->record.text_bytes[i];
    const uint32_t held_bytes = held->record.text_bytes[i];
    const bool is_held = told_bytes == 0 || (i == TEXT_ARGUMENTS && is_better);
    record.text_bytes[i] = is_held ? held_bytes : told_bytes;
    if (record.text_bytes[i] > 0) memcpy(queue->texts + used, is_held ? held_text : told_text, record.text_bytes[i]);
    used += record.text_bytes[i];
    told_text += told_bytes;
    held_text += held_bytes;
  }
  writer->write(writer->context, &record, queue->texts);
}

/* Writes the first of those that are held, with what was told of it. */
static void write_held(struct process_queue *queue, struct entry *held, struct entry *told,
                       const struct queue_writer *writer) {
  if (told == NULL) {
    writer->write(writer->context, &held->record, texts_of(held));
  } else {
    write_both(queue, held, told, writer);
    told->is_gone = true;
  }
  held->is_gone = true;
}

static void write_told(struct entry *told, const struct queue_writer *writer) {
  writer->write(writer->context, &told->record, texts_of(told));
  told->is_gone = true;
}

void queue_hold(struct process_queue *queue, const struct process_record *record, const char *texts, uint64_t until_ms,
                const struct queue_writer *writer) {
  while (!add(&queue->held, record, texts, until_ms)) {
    struct entry *oldest = first(&queue->held);
    if (oldest == NULL) return;
    write_held(queue, oldest, oldest->until_ms == 0 ? NULL : find_told(&queue->told, &oldest->record), writer);
    (void)first(&queue->held);
  }
}

void queue_tell(struct process_queue *queue, const struct process_record *record, const char *texts, uint64_t until_ms,
                const struct queue_writer *writer) {
  while (!add(&queue->told, record, texts, until_ms)) {
    struct entry *oldest = first(&queue->told);
    if (oldest == NULL) return;
    write_told(oldest, writer);
    (void)first(&queue->told);
  }
}

void queue_release(struct process_queue *queue, uint64_t now_ms, const struct queue_writer *writer) {
  struct entry *entry;
  while ((entry = first(&queue->held)) != NULL) {
    struct entry *told = entry->until_ms == 0 ? NULL : find_told(&queue->told, &entry->record);
    if (told == NULL && entry->until_ms > now_ms) break;
    write_held(queue, entry, told, writer);
  }
  while ((entry = first(&queue->told)) != NULL && entry->until_ms <= now_ms) write_told(entry, writer);
}

void queue_empty(struct process_queue *queue, const struct queue_writer *writer) {
  queue_release(queue, UINT64_MAX, writer);
}

uint64_t queue_due_ms(const struct process_queue *queue) {
  const struct entry_ring *rings[] = {&queue->held, &queue->told};
  uint64_t due = UINT64_MAX;
  for (unsigned i = 0; i < sizeof rings / sizeof rings[0]; i++) {
    if (rings[i]->used == 0) continue;
    const struct entry *entry = (const struct entry *)(const void *)(rings[i]->bytes + rings[i]->from);
    if (!entry->is_gone && entry->until_ms < due) due = entry->until_ms;
  }
  return due;
}
