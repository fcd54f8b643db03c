/* Watching sockets: the loop from the kernel's news to standard output. */
#ifndef SENSE_SOCKETS_H
#define SENSE_SOCKETS_H

#include <signal.h>

#include "arguments.h"
#include "capture.h"

/* Runs until *stopping is set or nobody reads any more. Says on standard error why it failed, if it did. */
enum exit_code sockets_run(const struct arguments *arguments, const volatile sig_atomic_t *stopping);

#endif
