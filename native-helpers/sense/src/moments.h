/* What the time is. */
#ifndef SENSE_MOMENTS_H
#define SENSE_MOMENTS_H

#include <stdint.h>
#include <time.h>

static inline uint64_t nanoseconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline uint64_t monotonic_ms(void) {
  return nanoseconds(CLOCK_MONOTONIC) / 1000000u;
}

#endif
