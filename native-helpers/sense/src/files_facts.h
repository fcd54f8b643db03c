/* What is known of a file after an event, how it was before, and what its content looks like. */
#ifndef SENSE_FILES_FACTS_H
#define SENSE_FILES_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "files_records.h"

/* Files whose state is remembered, to say what of it changed. */
#define REMEMBERED_STATES 8192u
/* What is read of a file's beginning and of its end. */
#define SAMPLE_BYTES 4096u

struct file_state {
  uint64_t device;
  uint64_t inode;
  int64_t modified_s;
  int64_t accessed_s;
  uint32_t modified_ns;
  uint32_t accessed_ns;
  uint32_t mode; /* 0: an empty slot */
  uint32_t user;
  uint32_t group;
  uint32_t links;
  uint64_t change_ns;
};

struct files_states {
  struct file_state slots[REMEMBERED_STATES];
};

/*
 * Fills in the facts of `record`, and as its type is RECORD_FILE_ATTRIBUTES what changed, with how it was; and remembers
 * how it is. Of a file that is not remembered everything may have changed; where only the number of its names did, nothing
 * is said to have changed. Events are read after they happened: of a file that has been seen with this change already it
 * is not known what it was.
 */
void files_facts(struct files_states *states, const struct stat *status, struct file_record *record);

/* Entropy of some bytes in thousandths of a bit for each: 0 (all the same) to 8000. At most 64 KiB of them. */
uint32_t files_entropy(const unsigned char *bytes, size_t count);

/* Reads the beginning and the end of a regular file into the record's sample. False when there is nothing to read. */
bool files_sample(int descriptor, uint64_t bytes, struct file_record *record);

#endif
