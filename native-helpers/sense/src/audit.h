/*
 * The audit system as a teller of processes (linux/audit.h, auditd(8), auditctl(8)): its records go to everybody who
 * joined its multicast group, beside the daemon that may run. The daemon is never disturbed: its place is not taken, and
 * no rule of anybody else's is touched. Audit has no namespaces: rules are the whole machine's.
 */
#ifndef SENSE_AUDIT_H
#define SENSE_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit_events.h"
#include "audit_guard.h"

#define AUDIT_DETAIL_BYTES 96u

struct audit {
  /* Receives records; -1: none. */
  int reader;
  /* Every program that is executed is told; otherwise only some are. */
  bool is_whole;
  /* A rule of our own is in place, and a process that removes it when this one has ended. */
  bool has_rule;
  struct audit_guard guard;
  /* Records that found the socket full. */
  uint64_t lost;
  /* The rules are others than they were. */
  bool is_changed;
  struct audit_events events;
};

/*
 * Begins to read where rules of this machine tell of executed programs. Where they do not tell of all of them, adds one
 * of our own if `may_add_rule`, no daemon runs, and auditing is on and not locked. Then a program of our own is executed
 * to see whether it is told. False where nothing is to be had, with `detail` saying why.
 *
 * Needs CAP_AUDIT_READ and, to look at the rules, CAP_AUDIT_CONTROL; in the first user, process and network namespaces.
 * `user` is who the process becomes that removes the rule.
 */
bool audit_open(struct audit *audit, bool may_add_rule, uint32_t user, char detail[AUDIT_DETAIL_BYTES]);

/* Removes rules of ours that were left behind by a run that cannot do it any more. */
void audit_sweep(void);

/* Takes in what there is. False with errno when the reader is of no use any more. */
bool audit_read(struct audit *audit, uint64_t now_ms, audit_take *take, void *context);

#endif
