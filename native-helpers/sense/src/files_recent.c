#include "files_recent.h"

#include <string.h>

static struct recent_write *slot_of(struct files_recent *recent, uint32_t file_system,
                                    const struct files_event *event) {
  return &recent->writes[(files_handle_hash(&event->target) ^ file_system * 2654435761u) % RECENT_WRITES];
}

static bool is_of_file(const struct recent_write *write, uint32_t file_system, const struct files_event *event) {
  return write->file_system == file_system && files_handle_same(&write->target, &event->target);
}

static bool is_of(const struct recent_write *write, uint32_t file_system, const struct files_event *event) {
  return write->process == event->process && is_of_file(write, file_system, event);
}

static void tell_held(struct files_recent *recent, struct recent_write *write, recent_tell *tell, void *context) {
  if (write->held == 0) return;
  tell(context, write);
  write->held = 0;
  recent->holding--;
}

bool files_recent_written(struct files_recent *recent, uint32_t file_system, const struct files_event *event,
                          uint64_t now_ms, recent_tell *tell, void *context) {
  /* Without its number a file is not known again. */
  if (event->target.bytes == 0 || event->parent.bytes == 0 || event->name == NULL) return true;
  const size_t name_bytes = strlen(event->name) + 1;
  if (name_bytes > RECENT_NAME_BYTES) return true;
  struct recent_write *write = slot_of(recent, file_system, event);
  if (is_of(write, file_system, event) && write->is_news && now_ms - write->told_ms < RECENT_MS) {
    if (write->held++ == 0) recent->holding++;
    write->parent = event->parent;
    memcpy(write->name, event->name, name_bytes);
    return false;
  }
  tell_held(recent, write, tell, context);
  write->target = event->target;
  write->file_system = file_system;
  write->process = event->process;
  write->told_ms = now_ms;
  write->is_news = false;
  return true;
}

void files_recent_note(struct files_recent *recent, uint32_t file_system, const struct files_event *event) {
  struct recent_write *write = slot_of(recent, file_system, event);
  if (event->target.bytes > 0 && is_of(write, file_system, event)) write->is_news = true;
}

void files_recent_settle(struct files_recent *recent, uint32_t file_system, const struct files_event *event,
                         recent_tell *tell, void *context) {
  if (recent->holding == 0 || event->target.bytes == 0) return;
  struct recent_write *write = slot_of(recent, file_system, event);
  if (is_of_file(write, file_system, event)) tell_held(recent, write, tell, context);
}

void files_recent_due(struct files_recent *recent, uint64_t now_ms, recent_tell *tell, void *context) {
  for (unsigned i = 0; i < RECENT_WRITES && recent->holding > 0; i++) {
    struct recent_write *write = &recent->writes[i];
    if (write->held == 0 || now_ms - write->told_ms < RECENT_MS) continue;
    tell_held(recent, write, tell, context);
    write->told_ms = now_ms;
  }
}

bool files_recent_is_busy(struct files_recent *recent, uint32_t process, uint64_t now_ms) {
  struct recent_writer *writer = &recent->writers[process % RECENT_WRITERS];
  if (writer->process != process || now_ms - writer->since_ms > WRITER_MS) {
    /* One that was busy goes on to be. */
    const bool goes_on = writer->process == process && writer->files > WRITER_FILES &&
                         now_ms - writer->since_ms <= 2 * WRITER_MS;
    *writer = (struct recent_writer){process, goes_on ? WRITER_FILES : 0, now_ms, goes_on ? writer->calm : 0};
  }
  if (writer->files++ < WRITER_FILES) return false;
  return writer->calm < CALM_FILES || writer->files % CALM_STEP == 0;
}

void files_recent_looked(struct files_recent *recent, uint32_t process, bool is_random) {
  struct recent_writer *writer = &recent->writers[process % RECENT_WRITERS];
  if (writer->process != process) return;
  writer->calm = is_random ? 0 : writer->calm + (writer->calm < CALM_FILES ? 1u : 0u);
}
