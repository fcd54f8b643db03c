#include "files_known.h"

#include <string.h>

/* Fibonacci hashing (Knuth, The Art of Computer Programming, 6.4): inodes count up. */
static unsigned set_of(const struct known_content *content) {
  const uint64_t mixed = (content->inode ^ content->device << 32) * 11400714819323198485ull;
  return (unsigned)(mixed >> 32) & (KNOWN_SETS - 1u);
}

struct known_content known_content_of(const struct stat *status) {
  return (struct known_content){
      .device = status->st_dev,
      .inode = status->st_ino,
      .change_ns = (uint64_t)status->st_ctim.tv_sec * 1000000000u + (uint64_t)status->st_ctim.tv_nsec,
  };
}

bool known_content_settled(const struct known_content *content, uint64_t now_ns) {
  return content->change_ns <= now_ns && now_ns - content->change_ns >= SETTLED_NS;
}

bool known_content_same(const struct known_content *one, const struct known_content *other) {
  return one->inode == other->inode && one->device == other->device && one->change_ns == other->change_ns;
}

bool known_contents_has(const struct known_contents *contents, const struct known_content *content) {
  const struct known_content *set = contents->sets[set_of(content)];
  if (content->inode == 0) return false;
  for (unsigned i = 0; i < KNOWN_IN_A_SET; i++) {
    if (known_content_same(&set[i], content)) return true;
  }
  return false;
}

void known_contents_add(struct known_contents *contents, const struct known_content *content) {
  const unsigned number = set_of(content);
  struct known_content *set = contents->sets[number];
  if (content->inode == 0) return;
  for (unsigned i = 0; i < KNOWN_IN_A_SET; i++) {
    if (set[i].inode != content->inode || set[i].device != content->device) continue;
    /* Its content of before is no more. */
    set[i] = *content;
    return;
  }
  set[contents->oldest[number]] = *content;
  contents->oldest[number] = (unsigned char)((contents->oldest[number] + 1u) % KNOWN_IN_A_SET);
}

void known_contents_forget(struct known_contents *contents) {
  memset(contents, 0, sizeof *contents);
}
