#include "files_options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_USER 65534u
/* A first look reads the file; longer nobody should wait for a program to start. */
#define DEFAULT_DEADLINE_MS 200u
#define MAX_DEADLINE_MS 60000u

static bool number_within(const char *text, uint32_t min, uint32_t max, uint32_t *value) {
  if (text[0] < '0' || text[0] > '9') return false;
  char *end = NULL;
  errno = 0;
  const unsigned long long parsed = strtoull(text, &end, 10);
  if (errno != 0 || *end != '\0' || parsed < min || parsed > max) return false;
  *value = (uint32_t)parsed;
  return true;
}

static bool add_path(struct path_list *list, const char *path) {
  const size_t bytes = strlen(path);
  if (path[0] != '/' || (bytes > 1 && path[bytes - 1] == '/') || list->count == MAX_LISTED_PATHS) return false;
  list->paths[list->count++] = path;
  return true;
}

static bool take(struct files_options *options, const char *option, const char *value) {
  const struct {
    const char *name;
    struct path_list *list;
  } lists[] = {{"--only", &options->only},       {"--include", &options->include},       {"--exclude", &options->exclude},
               {"--trusted", &options->trusted}, {"--distrusted", &options->distrusted}};
  for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
    if (strcmp(option, lists[i].name) == 0) return add_path(lists[i].list, value);
  }
  if (strcmp(option, "--own") == 0) {
    return options->own_count < MAX_OWN_PROCESSES &&
           number_within(value, 1, INT32_MAX, &options->own[options->own_count++]);
  }
  if (strcmp(option, "--deadline-ms") == 0) return number_within(value, 1, MAX_DEADLINE_MS, &options->deadline_ms);
  if (strcmp(option, "--user") == 0) return number_within(value, 1, UINT32_MAX - 1, &options->user);
  if (strcmp(option, "--method") == 0) {
    options->basic = strcmp(value, "basic") == 0;
    return options->basic || strcmp(value, "best") == 0;
  }
  return false;
}

bool files_options_parse(struct files_options *options, int count, char *const *values, char *problem,
                         size_t problem_bytes) {
  *options = (struct files_options){.deadline_ms = DEFAULT_DEADLINE_MS, .user = DEFAULT_USER};
  for (int i = 0; i < count; i += 2) {
    if (i + 1 < count && take(options, values[i], values[i + 1])) continue;
    snprintf(problem, problem_bytes, "%.40s is no option here, or needs another value", values[i]);
    return false;
  }
  return true;
}

bool path_list_has(const struct path_list *list, const char *path, size_t bytes) {
  for (unsigned i = 0; i < list->count; i++) {
    if (strlen(list->paths[i]) == bytes && memcmp(list->paths[i], path, bytes) == 0) return true;
  }
  return false;
}

bool path_list_covers(const struct path_list *list, const char *path, size_t bytes) {
  for (unsigned i = 0; i < list->count; i++) {
    const size_t length = strlen(list->paths[i]);
    if (length == 1) return true;
    if (bytes < length || memcmp(list->paths[i], path, length) != 0) continue;
    if (bytes == length || path[length] == '/') return true;
  }
  return false;
}

bool files_options_trust(const struct files_options *options, const char *path, size_t bytes) {
  return bytes > 0 && path_list_covers(&options->trusted, path, bytes) &&
         !path_list_covers(&options->distrusted, path, bytes);
}

bool files_options_own(const struct files_options *options, uint32_t process) {
  for (unsigned i = 0; i < options->own_count; i++) {
    if (options->own[i] == process) return true;
  }
  return false;
}
