/* The command lines of `sense files` and `sense verdicts`. */
#ifndef SENSE_FILES_OPTIONS_H
#define SENSE_FILES_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_LISTED_PATHS 64u
/* Processes whose doings are no news: the engine and its helpers. */
#define MAX_OWN_PROCESSES 16u

struct path_list {
  unsigned count;
  const char *paths[MAX_LISTED_PATHS];
};

struct files_options {
  struct path_list only;     /* mount points; none: those of all real file systems */
  struct path_list include;  /* mount points of others, which are watched as well */
  struct path_list exclude;  /* files and folders of which nothing is told */
  struct path_list trusted;  /* verdicts: folders in which what root alone may change starts unasked */
  struct path_list distrusted; /* below those, but not trusted */
  unsigned own_count;
  uint32_t own[MAX_OWN_PROCESSES];
  /* Both names of a rename in one event are not asked for: for tests of what older kernels offer. */
  bool basic;
  /* verdicts: how long an answer may take. */
  uint32_t deadline_ms;
  uint32_t user;
};

bool files_options_parse(struct files_options *options, int count, char *const *values, char *problem,
                         size_t problem_bytes);

bool path_list_has(const struct path_list *list, const char *path, size_t bytes);

/* Whether a path is one of the list or below one. */
bool path_list_covers(const struct path_list *list, const char *path, size_t bytes);

/* Whether a path (0 bytes: nobody knows it) lies in a trusted folder. */
bool files_options_trust(const struct files_options *options, const char *path, size_t bytes);

bool files_options_own(const struct files_options *options, uint32_t process);

#endif
