/*
 * From the records of the audit system to executed programs. The kernel tells one call of execve(2) in several records
 * with the same serial number, which come mixed with those of other processors: SYSCALL first, then EXECVE (as many as
 * the arguments take), CWD and PATH, and EOE at the end.
 *
 * The format is that of kernel/audit.c and kernel/auditsc.c: what a user chose stands in quotes, or, where it holds a
 * quote, a space or a control character, as hexadecimal digits without quotes.
 */
#ifndef SENSE_AUDIT_EVENTS_H
#define SENSE_AUDIT_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "process_records.h"

/* Events whose end has not come. Each processor has one at a time, and some are held up on their way. */
#define AUDIT_SLOTS 32u
/* Without an end for so long it was lost: the rest is told as it is. */
#define AUDIT_EVENT_MS 1000u

struct audit_slot {
  bool used;
  /* The stamp: both together name an event. */
  uint64_t time_ms;
  uint64_t serial;
  uint64_t since_ms;
  struct process_record record; /* without its texts' lengths */
  /* Of the EXECVE records: how many there are, which one is next, and the next part of it where it comes in parts. */
  uint32_t argument_count;
  uint32_t next_argument;
  uint32_t next_part;
  bool is_broken;
  bool has_arguments;
  size_t arguments_bytes;
  size_t image_bytes;
  size_t directory_bytes;
  size_t file_name_bytes;
  char image[MAX_PATH_BYTES];
  char directory[MAX_PATH_BYTES];
  char file_name[MAX_PATH_BYTES];
  char arguments[MAX_ARGUMENTS_BYTES];
};

struct audit_events {
  struct audit_slot slots[AUDIT_SLOTS];
  /* Told before their end came: there were too many, or it did not come. */
  uint64_t unfinished;
  char texts[MAX_TEXT_BYTES];
};

/* A program was executed: type, process, users and texts of the record are set as for RECORD_PROCESS_EXEC. */
typedef void audit_take(void *context, const struct process_record *record, const char *texts);

/* What a record of type AUDIT_CONFIG_CHANGE may mean for whoever relies on a rule. */
enum audit_change {
  /* Nothing, or not known to mean anything. */
  CHANGE_NONE,
  /* A rule came or went, auditing was switched, or an audit daemon began or ended. */
  CHANGE_RULES,
};

/* Takes in a record: its type, and its text as the kernel sent it (not NUL-terminated). */
void audit_events_add(struct audit_events *events, uint32_t type, const char *text, size_t length, uint64_t now_ms,
                      audit_take *take, void *context);

/* Tells what waited long enough for its end. */
void audit_events_flush(struct audit_events *events, uint64_t now_ms, audit_take *take, void *context);

/* Reads an AUDIT_CONFIG_CHANGE. `key` gets the rule's key, "" where there is none (at least one byte of room). */
enum audit_change audit_change_of(const char *text, size_t length, char *key, size_t room);

#endif
