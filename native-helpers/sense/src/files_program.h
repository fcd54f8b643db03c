/*
 * Which program a process runs, as /proc says; asked once in a turn, however much the process does, and told once for as
 * long as it is the same.
 */
#ifndef SENSE_FILES_PROGRAM_H
#define SENSE_FILES_PROGRAM_H

#include <stdbool.h>

#include "files_records.h"

struct file_program {
  uint32_t process; /* 0: an empty slot */
  bool is_current;  /* looked at in this turn */
  bool is_told;     /* the reader knows it as it is */
  uint32_t flags;   /* FLAG_PROCESS_GONE, FLAG_PROGRAM_DELETED */
  uint32_t path_bytes;
  char name[PROCESS_TITLE_BYTES];
  char path[MAX_FILE_PATH_BYTES];
};

struct file_programs {
  struct file_program list[KNOWN_PROGRAMS];
};

/* A process executes another program, or a turn is over. */
void file_programs_forget(struct file_programs *programs, uint32_t process);
void file_programs_forget_all(struct file_programs *programs);

/* Its place in the list, counted from 1, is its number. */
struct file_program *file_programs_find(struct file_programs *programs, uint32_t process);

#endif
