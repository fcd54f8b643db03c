/* What went wrong, on standard error: one line. */
#ifndef SENSE_COMPLAIN_H
#define SENSE_COMPLAIN_H

#include <stdio.h>
#include <string.h>

/* `what` follows "cannot"; `error` is an errno. */
static inline void complain(const char *what, int error) {
  fprintf(stderr, "sense: cannot %s: %s\n", what, strerror(error));
}

#endif
