#include "audit_rules.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define THIS_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define THIS_ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define THIS_ARCHITECTURE AUDIT_ARCH_RISCV64
#else
#error "the audit rules do not know this architecture"
#endif

static const uint32_t calls[] = {SYS_execve, SYS_execveat};
#define CALLS (sizeof calls / sizeof calls[0])
#define ALL_CALLS ((1u << CALLS) - 1u)
#define OWN_FIELDS 3u

static bool is_sound(const struct audit_rule_data *rule, size_t bytes) {
  return bytes >= sizeof *rule && rule->field_count <= AUDIT_MAX_FIELDS && rule->buflen <= bytes - sizeof *rule;
}

static unsigned calls_of(const struct audit_rule_data *rule) {
  unsigned found = 0;
  for (unsigned i = 0; i < CALLS; i++) {
    if (rule->mask[AUDIT_WORD(calls[i])] & AUDIT_BIT(calls[i])) found |= 1u << i;
  }
  return found;
}

static bool field_is(const struct audit_rule_data *rule, unsigned field, uint32_t name, uint32_t value) {
  return rule->fields[field] == name && rule->fieldflags[field] == AUDIT_EQUAL && rule->values[field] == value;
}

/* Whether it is for every successful call of this architecture. */
static bool is_unconditional(const struct audit_rule_data *rule) {
  for (unsigned i = 0; i < rule->field_count; i++) {
    const bool is_harmless = rule->fields[i] == AUDIT_FILTERKEY || field_is(rule, i, AUDIT_ARCH, THIS_ARCHITECTURE) ||
                             field_is(rule, i, AUDIT_SUCCESS, 1);
    if (!is_harmless) return false;
  }
  return true;
}

/* For other architectures only: it says nothing of ours, either way. */
static bool is_foreign(const struct audit_rule_data *rule) {
  for (unsigned i = 0; i < rule->field_count; i++) {
    if (rule->fields[i] == AUDIT_ARCH && rule->fieldflags[i] == AUDIT_EQUAL && rule->values[i] != THIS_ARCHITECTURE) {
      return true;
    }
  }
  return false;
}

/* Whether a rule that leaves records out leaves out none of those that an executed program is told by. */
static bool leaves_ours(const struct audit_rule_data *rule) {
  static const uint32_t needed[] = {AUDIT_SYSCALL, AUDIT_EXECVE, AUDIT_CWD, AUDIT_PATH, AUDIT_EOE};
  for (unsigned i = 0; i < rule->field_count; i++) {
    if (rule->fields[i] != AUDIT_MSGTYPE || rule->fieldflags[i] != AUDIT_EQUAL) continue;
    bool is_needed = false;
    for (size_t n = 0; n < sizeof needed / sizeof needed[0]; n++) is_needed = is_needed || rule->values[i] == needed[n];
    if (!is_needed) return true;
  }
  return false;
}

void audit_judge(struct audit_judgement *judgement, const struct audit_rule_data *rule, size_t bytes) {
  if (!is_sound(rule, bytes)) return;
  const unsigned of = calls_of(rule);
  switch (rule->flags & ~(uint32_t)AUDIT_FILTER_PREPEND) {
    case AUDIT_FILTER_TASK:
      if (rule->action == AUDIT_NEVER) judgement->is_hushed = true;
      break;
    case AUDIT_FILTER_EXCLUDE:
      if (!leaves_ours(rule)) judgement->is_hushed = true;
      break;
    case AUDIT_FILTER_EXIT:
      if (of == 0 || is_foreign(rule)) break;
      if (rule->action == AUDIT_NEVER) judgement->is_hushed = true;
      else if (rule->action == AUDIT_ALWAYS && is_unconditional(rule)) judgement->whole |= of;
      else judgement->is_partial = true;
      break;
    default: break;
  }
}

enum audit_coverage audit_coverage_of(const struct audit_judgement *judgement) {
  if (judgement->whole == ALL_CALLS && !judgement->is_hushed) return COVERAGE_WHOLE;
  return judgement->whole != 0 || judgement->is_partial ? COVERAGE_PARTIAL : COVERAGE_NONE;
}

size_t audit_own_rule(union own_rule *rule, uint32_t keeper, uint64_t keeper_start_ns) {
  memset(rule, 0, sizeof *rule);
  struct audit_rule_data *data = &rule->data;
  char key[OWN_KEY_BYTES];
  const int length = snprintf(key, sizeof key, OWN_KEY_PREFIX "%" PRIu32 "-%" PRIu64, keeper, keeper_start_ns);
  data->flags = AUDIT_FILTER_EXIT;
  data->action = AUDIT_ALWAYS;
  data->field_count = OWN_FIELDS;
  for (unsigned i = 0; i < CALLS; i++) data->mask[AUDIT_WORD(calls[i])] |= AUDIT_BIT(calls[i]);
  const struct {
    uint32_t name;
    uint32_t value;
  } fields[OWN_FIELDS] = {
      {AUDIT_ARCH, THIS_ARCHITECTURE},
      {AUDIT_SUCCESS, 1},
      {AUDIT_FILTERKEY, (uint32_t)length},
  };
  for (unsigned i = 0; i < OWN_FIELDS; i++) {
    data->fields[i] = fields[i].name;
    data->values[i] = fields[i].value;
    data->fieldflags[i] = AUDIT_EQUAL;
  }
  data->buflen = (uint32_t)length;
  memcpy(rule->bytes + sizeof *data, key, (size_t)length);
  return sizeof *data + (size_t)length;
}

bool audit_key_is_own(const char *key, uint32_t *keeper, uint64_t *keeper_start_ns) {
  int end = 0;
  if (strncmp(key, OWN_KEY_PREFIX, sizeof OWN_KEY_PREFIX - 1) != 0) return false;
  const char *numbers = key + sizeof OWN_KEY_PREFIX - 1;
  if (strspn(numbers, "0123456789-") != strlen(numbers)) return false;
  return sscanf(numbers, "%" SCNu32 "-%" SCNu64 "%n", keeper, keeper_start_ns, &end) == 2 && numbers[end] == '\0';
}

bool audit_rule_is_own(const struct audit_rule_data *rule, size_t bytes, uint32_t *keeper, uint64_t *keeper_start_ns) {
  char key[OWN_KEY_BYTES] = "";
  if (!is_sound(rule, bytes) || rule->buflen >= sizeof key) return false;
  memcpy(key, (const unsigned char *)rule + sizeof *rule, rule->buflen);
  if (!audit_key_is_own(key, keeper, keeper_start_ns)) return false;
  /* Somebody else's rule may have a key like ours: only what we could have made is ours. */
  union own_rule own;
  const size_t own_bytes = audit_own_rule(&own, *keeper, *keeper_start_ns);
  return own_bytes == sizeof *rule + rule->buflen && memcmp(own.bytes, rule, own_bytes) == 0;
}
