#include "xattrs.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "capture.h"
#include "confine.h"

/* The kernel's own bounds: XATTR_LIST_MAX and XATTR_SIZE_MAX. */
#define MAX_NAMES_BYTES 65536u
#define MAX_VALUE_BYTES 65536u
#define OUTPUT_BYTES 65536u

static char output[OUTPUT_BYTES];
static size_t output_used;

static bool flush_output(void) {
  for (size_t done = 0; done < output_used;) {
    ssize_t written = write(STDOUT_FILENO, output + done, output_used - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    done += (size_t)written;
  }
  output_used = 0;
  return true;
}

static bool put(char character) {
  if (output_used == OUTPUT_BYTES && !flush_output()) return false;
  output[output_used++] = character;
  return true;
}

static bool put_hexadecimal(const char *bytes, size_t count) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < count; i++) {
    const unsigned char byte = (unsigned char)bytes[i];
    if (!put(digits[byte >> 4]) || !put(digits[byte & 15u])) return false;
  }
  return true;
}

/* False: nobody reads what is written. */
static bool tell(const char *path) {
  static char names[MAX_NAMES_BYTES];
  static char value[MAX_VALUE_BYTES];
  const ssize_t names_bytes = llistxattr(path, names, sizeof names);
  if (names_bytes < 0) {
    const bool none = errno == ENOTSUP;
    return (none || put('!')) && put('\n');
  }
  bool first = true;
  for (size_t at = 0; at < (size_t)names_bytes;) {
    const char *name = names + at;
    const size_t length = strnlen(name, (size_t)names_bytes - at);
    at += length + 1;
    const ssize_t bytes = lgetxattr(path, name, value, sizeof value);
    /* Gone since it was listed, or not for us to read: its name says that it is there. */
    if (!first && !put(' ')) return false;
    first = false;
    if (!put_hexadecimal(name, length) || !put('=')) return false;
    if (bytes < 0 ? !put('!') : !put_hexadecimal(value, (size_t)bytes)) return false;
  }
  return put('\n');
}

/* Everything up to the end of the input. */
static int tell_all(void) {
  static char path[PATH_MAX];
  static char input[OUTPUT_BYTES];
  size_t length = 0;
  bool too_long = false;
  for (;;) {
    const ssize_t bytes = read(STDIN_FILENO, input, sizeof input);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) return EXIT_SYSTEM_ERROR;
    if (bytes == 0) return flush_output() ? EXIT_STOPPED : EXIT_OUTPUT_ERROR;
    for (ssize_t i = 0; i < bytes; i++) {
      if (input[i] != '\0') {
        if (length + 1 < sizeof path) path[length++] = input[i];
        else too_long = true;
        continue;
      }
      path[length] = '\0';
      if (too_long ? !(put('!') && put('\n')) : !tell(path)) return EXIT_OUTPUT_ERROR;
      length = 0;
      too_long = false;
    }
  }
}

int xattrs_run(uint32_t user) {
  const char *step = "";
  if (!confine_attributes(user, &step)) {
    fprintf(stderr, "sense: cannot %s: %s\n", step, strerror(errno));
    return EXIT_SYSTEM_ERROR;
  }
  return tell_all();
}
