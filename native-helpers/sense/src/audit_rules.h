/* The rules of the audit system: what those that are there tell of executed programs, and the one of our own. */
#ifndef SENSE_AUDIT_RULES_H
#define SENSE_AUDIT_RULES_H

#include <linux/audit.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The key of our rule, by which it is found again: this, the process that is to remove it, and when that began. */
#define OWN_KEY_PREFIX "holdfast-processes-"
#define OWN_KEY_BYTES 64u

/* A rule with room for our key. */
union own_rule {
  struct audit_rule_data data;
  unsigned char bytes[sizeof(struct audit_rule_data) + OWN_KEY_BYTES];
};

/* What rules tell of executed programs. */
enum audit_coverage {
  /* Nothing. */
  COVERAGE_NONE,
  /* Of some: of some users, say, or of one file. */
  COVERAGE_PARTIAL,
  /* Of every one that is executed by a program of this architecture. */
  COVERAGE_WHOLE,
};

struct audit_judgement {
  /* By bits: execve(2) and execveat(2). */
  unsigned whole;
  bool is_partial;
  /* A rule keeps something from being told; one of our own would not change that. */
  bool is_hushed;
};

/* Takes in one rule of the kernel's list. Rules that are cut off, or too short for what they say, tell nothing. */
void audit_judge(struct audit_judgement *judgement, const struct audit_rule_data *rule, size_t bytes);

enum audit_coverage audit_coverage_of(const struct audit_judgement *judgement);

/* Our rule: every successful execve(2) and execveat(2) of this architecture. How many bytes it has. */
size_t audit_own_rule(union own_rule *rule, uint32_t keeper, uint64_t keeper_start_ns);

/* Whether a rule of the kernel's list is one of ours, of whichever run; whose it is. */
bool audit_rule_is_own(const struct audit_rule_data *rule, size_t bytes, uint32_t *keeper, uint64_t *keeper_start_ns);

/* Reads our key. False when it is another's. */
bool audit_key_is_own(const char *key, uint32_t *keeper, uint64_t *keeper_start_ns);

#endif
