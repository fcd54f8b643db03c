/* Watching interfaces: the loop from the kernel's rings to standard output. */
#ifndef SENSE_CAPTURE_H
#define SENSE_CAPTURE_H

#include <signal.h>

#include "arguments.h"

/* Exit codes, as in sysexits.h. */
enum exit_code {
  EXIT_STOPPED = 0,
  EXIT_USAGE_ERROR = 64,
  EXIT_SYSTEM_ERROR = 71,
  /* Reading side gone, or writing failed. */
  EXIT_OUTPUT_ERROR = 74,
  EXIT_NO_RIGHTS = 77,
};

/* Runs until *stopping is set or nobody reads any more. Says on standard error why it failed, if it did. */
enum exit_code capture_run(const struct arguments *arguments, const volatile sig_atomic_t *stopping);

/* Says on standard error whether a capture could begin. */
enum exit_code capture_check(void);

#endif
