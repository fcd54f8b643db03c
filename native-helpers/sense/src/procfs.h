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

/* Reads the text of /proc/PID/stat (one line, NUL-terminated) into the record. False when it is of another form. */
bool procfs_parse_stat(const char *line, long ticks_per_second, struct process_record *record);

#endif
