/* Asking before files are executed or opened: fanotify's permission events. */
#ifndef SENSE_FILES_VERDICTS_H
#define SENSE_FILES_VERDICTS_H

#include <signal.h>

#include "capture.h"
#include "files_options.h"

/*
 * Runs until *stopping is set, or nobody answers any more: then the kernel lets everything go on. Whoever waits is let go
 * on after the deadline of `options`.
 */
enum exit_code verdicts_run(const struct files_options *options, const volatile sig_atomic_t *stopping);

#endif
