/* Watching who reaches into other processes and into the kernel: the loop from the kernel's news to standard output. */
#ifndef SENSE_ACCESS_H
#define SENSE_ACCESS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "access_records.h"
#include "arguments.h"
#include "capture.h"

/*
 * From a record of the eBPF program, `length` bytes with its paths as names, to one of the stream: `record` and its texts
 * in `texts`, which has room for ACCESS_TEXT_BYTES + ACCESS_TEXTS. False when it is none.
 */
bool access_translate(const unsigned char *bytes, size_t length, struct access_record *record, char *texts);

/* Whether the kernel of this release (as uname(2) gives it) tells of its locks of memory at no price. */
bool access_knows_locks(const char *release);

/* Runs until *stopping is set or nobody reads any more. Says on standard error why it failed, if it did. */
enum exit_code access_run(const struct arguments *arguments, const volatile sig_atomic_t *stopping);

#endif
