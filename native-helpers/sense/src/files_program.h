/* Which program a process runs, as /proc says; asked once in a turn, however much the process does. */
#ifndef SENSE_FILES_PROGRAM_H
#define SENSE_FILES_PROGRAM_H

#include "files_records.h"

/* Processes that change files within one turn, some milliseconds. */
#define KNOWN_PROGRAMS 32u

struct file_program {
  uint32_t process; /* 0: an empty slot */
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

const struct file_program *file_programs_find(struct file_programs *programs, uint32_t process);

/* The process that started another one; 0 when it is gone. */
uint32_t file_program_parent(uint32_t process);

#endif
