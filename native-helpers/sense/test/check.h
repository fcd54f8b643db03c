/* What the unit tests share. Each is a program of its own: it includes this once and ends with checks_told(). */
#ifndef SENSE_TEST_CHECK_H
#define SENSE_TEST_CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

static unsigned passed;
static unsigned failed;

static void check(bool right, const char *what, const char *file, int line) {
  if (right) {
    passed++;
  } else {
    failed++;
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
  }
}
#define CHECK(condition) check((condition), #condition, __FILE__, __LINE__)

/* The exit code. */
static int checks_told(const char *name) {
  printf("%s: %u passed, %u failed\n", name, passed, failed);
  return failed == 0 ? 0 : 1;
}

/* Numerical Recipes' generator: the same bytes in every run. */
static uint32_t random_number(void) {
  static uint32_t seed = 1;
  seed = seed * 1664525u + 1013904223u;
  return seed >> 8;
}

#endif
