/* Unit tests of how the kernel's records of accesses are read. Run under the sanitizers: make test. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access.h"
#include "check.h"

static char texts[ACCESS_TEXT_BYTES + ACCESS_TEXTS];

static bool parse(struct arguments *arguments, char *const *values, int count) {
  char problem[160];
  return arguments_parse(arguments, count, values, problem, sizeof problem);
}

static void test_arguments(void) {
  struct arguments arguments;
  char *all[] = {"sense", "access", "--own", "42", "--user", "1000"};
  CHECK(parse(&arguments, all, 2) && arguments.command == COMMAND_ACCESS && arguments.own == 0);
  CHECK(parse(&arguments, all, 6) && arguments.own == 42 && arguments.user == 1000);
  CHECK(!parse(&arguments, all, 3));
  char *none[] = {"sense", "access", "--own", "0"};
  CHECK(!parse(&arguments, none, 4));
  char *other[] = {"sense", "access", "--method", "ebpf"};
  CHECK(!parse(&arguments, other, 4));
}

static void test_releases(void) {
  CHECK(access_knows_locks("6.14.0-rc1"));
  CHECK(access_knows_locks("7.0"));
  CHECK(access_knows_locks("6.18.44-fc"));
  CHECK(!access_knows_locks("6.8.0-45-generic"));
  CHECK(!access_knows_locks("5.17.1"));
  CHECK(!access_knows_locks("6"));
  CHECK(!access_knows_locks(""));
}

/* Bytes as the ring holds them. Freshly allocated, so that the sanitizer sees what is read beyond. */
static unsigned char *ring_bytes(const struct access_record *record, const char *names, size_t length) {
  unsigned char *bytes = malloc(sizeof *record + length);
  if (bytes == NULL) abort();
  memcpy(bytes, record, sizeof *record);
  memcpy(bytes + sizeof *record, names, length);
  return bytes;
}

static void test_paths(void) {
  static const char names[] = "reach\0tmp\0sshd\0sbin\0usr";
  const struct access_record told = {
      .header = {.type = RECORD_ACCESS_WRITE}, .process = 7, .text_bytes = {10, 14, 0}, .way = WAY_PROCESS_VM};
  struct access_record record;
  unsigned char *bytes = ring_bytes(&told, names, sizeof names);
  CHECK(access_translate(bytes, sizeof told + sizeof names, &record, texts));
  CHECK(record.process == 7 && record.way == WAY_PROCESS_VM);
  CHECK(record.text_bytes[0] == 10 && memcmp(texts, "/tmp/reach", 10) == 0);
  CHECK(record.text_bytes[1] == 14 && memcmp(texts + 10, "/usr/sbin/sshd", 14) == 0);
  CHECK(record.text_bytes[2] == 0);
  CHECK(!access_translate(bytes, sizeof told + 12, &record, texts));
  CHECK(!access_translate(bytes, sizeof told - 1, &record, texts));
  free(bytes);
}

static void test_noise(void) {
  for (unsigned round = 0; round < 20000; round++) {
    const size_t length = random_number() % (sizeof(struct access_record) + 3u * ACCESS_PATH_BYTES);
    unsigned char *bytes = calloc(1, length + 1);
    if (bytes == NULL) abort();
    for (size_t i = 0; i < length; i += 1 + random_number() % 64) bytes[i] = (unsigned char)random_number();
    struct access_record record;
    if (length >= sizeof record) {
      memcpy(&record, bytes, sizeof record);
      for (unsigned i = 0; i < ACCESS_TEXTS; i++) record.text_bytes[i] = (uint16_t)(random_number() % 4200u);
      memcpy(bytes, &record, sizeof record);
    }
    if (access_translate(bytes, length, &record, texts)) {
      size_t total = 0;
      for (unsigned i = 0; i < ACCESS_TEXTS; i++) total += record.text_bytes[i];
      if (total > sizeof texts) failed++;
    }
    free(bytes);
  }
  passed++;
}

int main(void) {
  test_arguments();
  test_releases();
  test_paths();
  test_noise();
  return checks_told("sense access tests");
}
