/* When totals are told: soon after they change, and now and then as a sign of life. */
#ifndef SENSE_PULSE_H
#define SENSE_PULSE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Between two records of totals that change. */
#define STATISTICS_MS 1000u
/* Of totals that do not: whoever reads is not woken to hear the same. The engine replaces a helper after 30 s of silence. */
#define PULSE_MS 5000u

/* When totals were told last; all zeros before the first time, which is at once. */
struct pulse {
  uint64_t told_ms;
};

/* When they are to be told next, by the clock of monotonic_ms(). `is_news`: they are others than those that were told. */
static inline uint64_t pulse_due_ms(const struct pulse *pulse, bool is_news) {
  if (pulse->told_ms == 0) return 0;
  return pulse->told_ms + (is_news ? STATISTICS_MS : PULSE_MS);
}

#endif
