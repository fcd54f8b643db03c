/* Watching files: from the kernel's fanotify queues to standard output. */
#ifndef SENSE_FILES_H
#define SENSE_FILES_H

#include <signal.h>

#include "capture.h"
#include "files_options.h"

/* Runs until *stopping is set or nobody reads any more. Says on standard error why it failed, if it did. */
enum exit_code files_run(const struct files_options *options, const volatile sig_atomic_t *stopping);

#endif
