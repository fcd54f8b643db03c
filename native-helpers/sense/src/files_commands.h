/* What the engine says on standard input: struct files_command of files_records.h. */
#ifndef SENSE_FILES_COMMANDS_H
#define SENSE_FILES_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "files_records.h"

/* Holds some hundred answers, or ten of the longest paths. */
#define COMMAND_BYTES 65536u

struct files_commands {
  size_t used;
  _Alignas(8) unsigned char bytes[COMMAND_BYTES];
};

/* `path` is NUL-terminated; NULL where the command has none. */
typedef void files_command_take(void *context, const struct files_command *command, const char *path);

/*
 * Reads what is there and hands on the commands that are complete. False when nobody says anything any more: errno is 0 at
 * the end of the stream, and EPROTO when what is said makes no sense.
 */
bool files_commands_read(struct files_commands *commands, int descriptor, files_command_take *take, void *context);

#endif
