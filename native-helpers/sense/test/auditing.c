/*
 * auditing [on | off]: prints the audit system's state as "enabled failure pid rate_limit backlog_limit lost rules ours";
 * with a word it switches auditing first, and does nothing but that. Exit code 77 where it may not.
 *
 * Audit has no namespaces: what is switched is switched for the whole machine. Tests switch it only where no audit daemon
 * runs, and back to what it was.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "audit_control.h"
#include "audit_rules.h"

struct counts {
  unsigned rules;
  unsigned ours;
};

static void count(void *context, const struct audit_rule_data *rule, size_t bytes) {
  struct counts *counts = context;
  uint32_t keeper = 0;
  uint64_t start_ns = 0;
  counts->rules++;
  if (audit_rule_is_own(rule, bytes, &keeper, &start_ns)) counts->ours++;
}

int main(int words, char **values) {
  struct audit_status status;
  struct counts counts = {0, 0};
  const int control = audit_control_open();
  if (control < 0 || !audit_control_status(control, &status)) {
    fprintf(stderr, "auditing: %s\n", strerror(errno));
    return 77;
  }
  if (words > 1) {
    /* A daemon's machine is its administrator's. */
    if (status.pid != 0) return 77;
    const struct audit_status wanted = {.mask = AUDIT_STATUS_ENABLED, .enabled = strcmp(values[1], "on") == 0};
    if (!audit_control_order(control, AUDIT_SET, &wanted, sizeof wanted)) {
      fprintf(stderr, "auditing: %s\n", strerror(errno));
      return 77;
    }
    return 0;
  }
  if (!audit_control_rules(control, count, &counts)) return 77;
  printf("%u %u %u %u %u %u %u %u\n", status.enabled, status.failure, status.pid, status.rate_limit, status.backlog_limit,
         status.lost, counts.rules, counts.ours);
  return 0;
}
