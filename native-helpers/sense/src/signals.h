/* Stopping processes, letting them go on, and ending them. */
#ifndef SENSE_SIGNALS_H
#define SENSE_SIGNALS_H

#include <signal.h>

#include "arguments.h"
#include "capture.h"

/*
 * Does what standard input asks for until *stopping is set or the engine is gone. At its end it lets every process go on
 * that it stopped and was not told to keep: what nobody has written down, nobody could undo.
 */
enum exit_code signals_run(const struct arguments *arguments, const volatile sig_atomic_t *stopping);

#endif
