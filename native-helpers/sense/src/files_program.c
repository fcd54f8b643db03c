#include "files_program.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char DELETED[] = " (deleted)";

static ssize_t read_small(uint32_t process, const char *name, char *bytes, size_t room) {
  char path[48];
  snprintf(path, sizeof path, "/proc/%" PRIu32 "/%s", process, name);
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  const ssize_t count = read(file, bytes, room);
  close(file);
  return count;
}

static void look(struct file_program *program, uint32_t process) {
  program->process = process;
  program->is_current = true;
  program->is_told = false;
  program->flags = 0;
  program->path_bytes = 0;
  memset(program->name, 0, sizeof program->name);
  char name[PROCESS_TITLE_BYTES + 1];
  ssize_t count = read_small(process, "comm", name, sizeof name);
  if (count <= 0) {
    program->flags = FLAG_PROCESS_GONE;
    return;
  }
  if (name[count - 1] == '\n') count--;
  memcpy(program->name, name, count > (ssize_t)PROCESS_TITLE_BYTES ? PROCESS_TITLE_BYTES : (size_t)count);
  char link[32];
  snprintf(link, sizeof link, "/proc/%" PRIu32 "/exe", process);
  count = readlinkat(AT_FDCWD, link, program->path, sizeof program->path);
  if (count <= 0) return;
  size_t bytes = (size_t)count;
  const size_t suffix = sizeof DELETED - 1;
  if (bytes > suffix && memcmp(program->path + bytes - suffix, DELETED, suffix) == 0) {
    program->flags |= FLAG_PROGRAM_DELETED;
    bytes -= suffix;
  }
  program->path_bytes = (uint32_t)bytes;
}

static bool is_same(const struct file_program *one, const struct file_program *other) {
  return one->process == other->process && one->flags == other->flags && one->path_bytes == other->path_bytes &&
         memcmp(one->name, other->name, sizeof one->name) == 0 && memcmp(one->path, other->path, one->path_bytes) == 0;
}

void file_programs_forget(struct file_programs *programs, uint32_t process) {
  struct file_program *program = &programs->list[process % KNOWN_PROGRAMS];
  if (program->process == process) program->is_current = false;
}

void file_programs_forget_all(struct file_programs *programs) {
  for (unsigned i = 0; i < KNOWN_PROGRAMS; i++) programs->list[i].is_current = false;
}

struct file_program *file_programs_find(struct file_programs *programs, uint32_t process) {
  struct file_program *program = &programs->list[process % KNOWN_PROGRAMS];
  if (program->process == process && program->is_current) return program;
  static struct file_program now;
  look(&now, process);
  if (program->is_told && is_same(program, &now)) program->is_current = true;
  else *program = now;
  return program;
}
