#include "files_facts.h"

#include <string.h>
#include <unistd.h>

#define NANOSECONDS 1000000000u
/* Fraction bits of logarithm_2. */
#define FRACTION_BITS 16u
#define ALL_CHANGES ((uint32_t)CHANGE_MODE | CHANGE_OWNER | CHANGE_TIMES | CHANGE_EXTENDED)

static struct file_state state_of(const struct stat *status) {
  return (struct file_state){
      .device = status->st_dev,
      .inode = status->st_ino,
      .modified_s = status->st_mtim.tv_sec,
      .accessed_s = status->st_atim.tv_sec,
      .modified_ns = (uint32_t)status->st_mtim.tv_nsec,
      .accessed_ns = (uint32_t)status->st_atim.tv_nsec,
      .mode = status->st_mode,
      .user = status->st_uid,
      .group = status->st_gid,
      .links = (uint32_t)status->st_nlink,
      .change_ns = (uint64_t)status->st_ctim.tv_sec * NANOSECONDS + (uint64_t)status->st_ctim.tv_nsec,
  };
}

static uint32_t changes_between(const struct file_state *before, const struct file_state *now) {
  uint32_t changed = 0;
  if (before->mode != now->mode) changed |= CHANGE_MODE;
  if (before->user != now->user || before->group != now->group) changed |= CHANGE_OWNER;
  if (before->modified_s != now->modified_s || before->modified_ns != now->modified_ns) changed |= CHANGE_TIMES;
  if (changed != 0 || before->links != now->links) return changed;
  /* Reading moves the time of access as well, and tells nobody: it counts where nothing else explains the event. */
  const bool is_accessed = before->accessed_s != now->accessed_s || before->accessed_ns != now->accessed_ns;
  return is_accessed ? CHANGE_TIMES : CHANGE_EXTENDED;
}

void files_facts(struct files_states *states, const struct stat *status, struct file_record *record) {
  const struct file_state now = state_of(status);
  const uint64_t hash = (now.inode ^ (now.device << 32)) * 0x9e3779b97f4a7c15u;
  struct file_state *slot = &states->slots[(hash >> 32) % REMEMBERED_STATES];
  if (record->header.type == RECORD_FILE_ATTRIBUTES) {
    const bool is_known = slot->mode != 0 && slot->inode == now.inode && slot->device == now.device;
    if (is_known && slot->change_ns != now.change_ns) {
      record->flags |= FLAG_HAS_BEFORE;
      record->before_mode = slot->mode;
      record->before_user = slot->user;
      record->before_group = slot->group;
      record->changed = (uint16_t)changes_between(slot, &now);
    } else {
      record->changed = ALL_CHANGES;
    }
  }
  *slot = now;
  record->flags |= FLAG_HAS_FACTS;
  if (S_ISDIR(status->st_mode)) record->flags |= FLAG_DIRECTORY;
  record->inode = now.inode;
  record->device = now.device;
  record->bytes = (uint64_t)status->st_size;
  record->mode = now.mode;
  record->user = now.user;
  record->group = now.group;
}

/* log2 of a number from 1 to 65536, with FRACTION_BITS of fraction: bit by bit, by squaring what is between 1 and 2. */
static uint64_t logarithm_2(uint32_t number) {
  unsigned whole = 31u - (unsigned)__builtin_clz(number);
  uint64_t result = (uint64_t)whole << FRACTION_BITS;
  uint64_t fraction = ((uint64_t)number << 31) >> whole;
  for (unsigned bit = FRACTION_BITS; bit-- > 0;) {
    fraction = (fraction * fraction) >> 31;
    if (fraction >> 32 == 0) continue;
    fraction >>= 1;
    result |= 1u << bit;
  }
  return result;
}

uint32_t files_entropy(const unsigned char *bytes, size_t count) {
  uint32_t counts[256] = {0};
  if (count == 0) return 0;
  for (size_t i = 0; i < count; i++) counts[bytes[i]]++;
  uint64_t sum = 0;
  for (unsigned i = 0; i < 256; i++) {
    if (counts[i] > 0) sum += counts[i] * logarithm_2(counts[i]);
  }
  const uint64_t whole = logarithm_2((uint32_t)count) * count;
  return (uint32_t)((whole > sum ? whole - sum : 0) * 1000u / count >> FRACTION_BITS);
}

static size_t read_at(int descriptor, uint64_t offset, unsigned char *bytes, size_t room) {
  const ssize_t count = pread(descriptor, bytes, room, (off_t)offset);
  return count > 0 ? (size_t)count : 0;
}

bool files_sample(int descriptor, uint64_t bytes, struct file_record *record) {
  unsigned char sample[2 * SAMPLE_BYTES];
  size_t count = read_at(descriptor, 0, sample, SAMPLE_BYTES);
  if (count == 0) return false;
  memcpy(record->head, sample, count < SAMPLE_HEAD_BYTES ? count : SAMPLE_HEAD_BYTES);
  if (bytes > SAMPLE_BYTES) {
    const uint64_t rest = bytes - SAMPLE_BYTES;
    const uint64_t from = rest > SAMPLE_BYTES ? bytes - SAMPLE_BYTES : SAMPLE_BYTES;
    count += read_at(descriptor, from, sample + count, SAMPLE_BYTES);
  }
  record->entropy = (uint16_t)files_entropy(sample, count);
  record->flags |= FLAG_HAS_SAMPLE;
  return true;
}
