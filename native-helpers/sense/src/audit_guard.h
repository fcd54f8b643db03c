/*
 * Who removes our audit rule. sense gives up the right to do so, and may be ended by a signal that lets it do nothing
 * more: a process of its own keeps this one right, waits until sense is gone, and removes the rule.
 */
#ifndef SENSE_AUDIT_GUARD_H
#define SENSE_AUDIT_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "audit_rules.h"

struct audit_guard {
  int life;
  /* The guard's: what the key of the rule names. */
  uint32_t process;
  uint64_t start_ns;
};

/*
 * Starts the guard, which becomes `user`, and adds the rule. The rule is there until `life` is closed, which the end of
 * this process does. False with errno, and then without a rule.
 */
bool audit_guard_start(int control, uint32_t user, struct audit_guard *started);

/* Whether the process that is to remove a rule still is what it was. */
bool audit_guard_lives(uint32_t process, uint64_t start_ns);

#endif
