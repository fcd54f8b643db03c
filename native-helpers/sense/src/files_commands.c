#include "files_commands.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static bool has_path(uint32_t command) {
  return command == GUARD_PATH || command == UNGUARD_PATH || command == WATCH_OPENS;
}

/* False when they make no sense. */
static bool take_complete(struct files_commands *commands, files_command_take *take, void *context) {
  size_t offset = 0;
  struct files_command command;
  while (commands->used - offset >= sizeof command) {
    memcpy(&command, commands->bytes + offset, sizeof command);
    if (command.command < ANSWER_ALLOW || command.command > WATCH_OPENS ||
        command.path_bytes > (has_path(command.command) ? MAX_FILE_PATH_BYTES : 0)) {
      return false;
    }
    const size_t whole = sizeof command + ALIGN_RECORD(command.path_bytes);
    if (whole > commands->used - offset) break;
    char path[MAX_FILE_PATH_BYTES + 1];
    memcpy(path, commands->bytes + offset + sizeof command, command.path_bytes);
    path[command.path_bytes] = '\0';
    take(context, &command, has_path(command.command) ? path : NULL);
    offset += whole;
  }
  commands->used -= offset;
  memmove(commands->bytes, commands->bytes + offset, commands->used);
  return true;
}

bool files_commands_read(struct files_commands *commands, int descriptor, files_command_take *take, void *context) {
  const ssize_t count = read(descriptor, commands->bytes + commands->used, COMMAND_BYTES - commands->used);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  if (count <= 0) {
    if (count == 0) errno = 0;
    return false;
  }
  commands->used += (size_t)count;
  if (take_complete(commands, take, context)) return true;
  errno = EPROTO;
  return false;
}
