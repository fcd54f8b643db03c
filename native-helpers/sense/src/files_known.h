/*
 * Contents of files that may be executed, as the engine said once: by file and time of change, which only the kernel sets.
 * Where there is no room the oldest of a few is forgotten, and asked about again.
 */
#ifndef SENSE_FILES_KNOWN_H
#define SENSE_FILES_KNOWN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/* A desktop with a compiler executes some thousand files. Both are powers of two. */
#define KNOWN_SETS 4096u
#define KNOWN_IN_A_SET 4u
/* The time of change moves on by up to 10 ms at once: what is written right after a look may bear the same. */
#define SETTLED_NS 100000000u

/* One content of one file. */
struct known_content {
  uint64_t device;
  uint64_t inode; /* 0: none */
  uint64_t change_ns;
};

struct known_contents {
  struct known_content sets[KNOWN_SETS][KNOWN_IN_A_SET];
  unsigned char oldest[KNOWN_SETS];
};

struct known_content known_content_of(const struct stat *status);

/* Whether the content was old enough at `now_ns` (since the epoch) that another one has another time of change. */
bool known_content_settled(const struct known_content *content, uint64_t now_ns);

bool known_content_same(const struct known_content *one, const struct known_content *other);

bool known_contents_has(const struct known_contents *contents, const struct known_content *content);

void known_contents_add(struct known_contents *contents, const struct known_content *content);

void known_contents_forget(struct known_contents *contents);

#endif
