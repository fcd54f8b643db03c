/* Extended attributes of files: capabilities, access lists and labels, which Node has no call for. */
#ifndef SENSE_XATTRS_H
#define SENSE_XATTRS_H

#include <stdint.h>

/*
 * Reads paths from standard input, each ended by a zero byte, and writes one line for each to standard output:
 *
 *   NAME=VALUE NAME=VALUE   both in hexadecimal, in the kernel's order; empty without attributes
 *   !                       they could not be read, or are too long
 *
 * Ends with its input. Links are not followed at the end of a path. Attributes of the kind trusted are not seen.
 * Gives the exit status (capture.h).
 */
int xattrs_run(uint32_t user);

#endif
