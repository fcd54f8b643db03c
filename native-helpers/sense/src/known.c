#include "known.h"

#include <string.h>

/* Fibonacci hashing (Knuth, The Art of Computer Programming, 6.4): cookies count up. */
static size_t slot_of(uint64_t cookie) {
  return (size_t)((cookie * 11400714819323198485ull) >> 32) & (KNOWN_SLOTS - 1u);
}

/* Where the socket is, or where it would be put. There is always an empty slot. */
static size_t find(const struct known_table *table, uint64_t cookie) {
  size_t slot = slot_of(cookie);
  while (table->is_full[slot] && table->slots[slot].cookie != cookie) slot = (slot + 1u) & (KNOWN_SLOTS - 1u);
  return slot;
}

void known_begin(struct known *known) {
  struct known_table *next = &known->tables[1u - known->now];
  next->used = 0;
  memset(next->is_full, 0, sizeof next->is_full);
}

bool known_add(struct known *known, const struct diag_socket *socket) {
  struct known_table *next = &known->tables[1u - known->now];
  const struct known_table *last = &known->tables[known->now];
  const size_t slot = find(next, socket->cookie);
  if (next->is_full[slot] || next->used == MAX_KNOWN) return false;
  next->is_full[slot] = true;
  next->slots[slot] = *socket;
  next->used++;
  return !last->is_full[find(last, socket->cookie)];
}

void known_end(struct known *known, void (*take)(void *, const struct diag_socket *), void *context) {
  const struct known_table *next = &known->tables[1u - known->now];
  const struct known_table *last = &known->tables[known->now];
  for (size_t slot = 0; slot < KNOWN_SLOTS && last->used > 0; slot++) {
    if (last->is_full[slot] && !next->is_full[find(next, last->slots[slot].cookie)]) take(context, &last->slots[slot]);
  }
  known->now = 1u - known->now;
}
