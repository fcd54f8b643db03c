/* Which sockets were in the last list: what is new in the next, and what is gone. */
#ifndef SENSE_KNOWN_H
#define SENSE_KNOWN_H

#include <stdbool.h>
#include <stddef.h>

#include "diag.h"

/* Slots of each of two tables, a power of two; a quarter stays empty. 24,576 sockets are far beyond a workstation's. */
#define KNOWN_SLOTS 32768u
#define MAX_KNOWN (KNOWN_SLOTS / 4u * 3u)

struct known_table {
  size_t used;
  bool is_full[KNOWN_SLOTS];
  struct diag_socket slots[KNOWN_SLOTS];
};

struct known {
  unsigned now; /* index of the table of the last complete list */
  struct known_table tables[2];
};

/* A list begins. */
void known_begin(struct known *known);

/* A socket of the list; false when it was in the last one too, or when there are too many to remember. */
bool known_add(struct known *known, const struct diag_socket *socket);

/* The list is complete: hands those that are gone to `take`. */
void known_end(struct known *known, void (*take)(void *context, const struct diag_socket *socket), void *context);

#endif
