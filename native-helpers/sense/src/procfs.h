/* What /proc says about a process. */
#ifndef SENSE_PROCFS_H
#define SENSE_PROCFS_H

#include <stdbool.h>

#include "process_records.h"

/*
 * Fills in what /proc/PID says: everything of an exec record but its time, type and file name. Texts go to `texts`, in
 * the order of enum process_text and with their lengths in the record. False, with FLAG_INCOMPLETE set, when the process
 * ended meanwhile; what was read until then is there.
 */
bool procfs_read(uint32_t process, struct process_record *record, char texts[MAX_TEXT_BYTES]);

/*
 * The same of what only /proc says, for a third of the time: name, parent, start, terminal, users, capabilities and control
 * group. The texts are empty but for that. False when the process ended meanwhile.
 */
bool procfs_read_standing(uint32_t process, struct process_record *record, char texts[MAX_TEXT_BYTES]);

/* When a process began, in nanoseconds since the machine started. False when there is none. */
bool procfs_start(uint32_t process, uint64_t *start_ns);

/* Reads the text of /proc/PID/stat (one line, NUL-terminated) into the record. False when it is of another form. */
bool procfs_parse_stat(const char *line, long ticks_per_second, struct process_record *record);

#endif
