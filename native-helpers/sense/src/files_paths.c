#include "files_paths.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static_assert(sizeof(struct files_handle) == sizeof(struct file_handle) + HANDLE_BYTES, "the kernel's layout");

/* Ten digits and a NUL. */
#define DECIMAL_BYTES 11u

static const char DELETED[] = " (deleted)";

static struct remembered_path *slot_of(struct files_paths *paths, uint32_t file_system,
                                       const struct files_handle *handle) {
  return &paths->slots[(files_handle_hash(handle) ^ file_system * 2654435761u) % REMEMBERED_PATHS];
}

void files_paths_forget(struct files_paths *paths) {
  for (unsigned i = 0; i < REMEMBERED_PATHS; i++) paths->slots[i].file_system = 0;
}

void files_paths_note(struct files_paths *paths, uint32_t file_system, const struct files_handle *handle,
                      const char *path, size_t bytes) {
  if (bytes == 0 || bytes > REMEMBERED_PATH_BYTES || handle->bytes > REMEMBERED_HANDLE_BYTES) return;
  struct remembered_path *slot = slot_of(paths, file_system, handle);
  slot->file_system = file_system;
  slot->handle_bytes = (uint16_t)handle->bytes;
  slot->handle_type = handle->type;
  memcpy(slot->handle, handle->data, handle->bytes);
  slot->path_bytes = (uint16_t)bytes;
  memcpy(slot->path, path, bytes);
}

int files_open_handle(int mount, const struct files_handle *handle, int flags) {
  _Alignas(struct file_handle) unsigned char copy[sizeof *handle];
  memcpy(copy, handle, sizeof copy);
  return open_by_handle_at(mount, (struct file_handle *)(void *)copy, flags | O_CLOEXEC | O_NOFOLLOW);
}

/* Of a number that is not negative, up to the end of `text`; where it begins. As snprintf(3), which takes a microsecond. */
static const char *decimal(char text[DECIMAL_BYTES], unsigned number) {
  char *begin = text + DECIMAL_BYTES - 1;
  *begin = '\0';
  do {
    *--begin = (char)('0' + number % 10u);
    number /= 10u;
  } while (number > 0);
  return begin;
}

size_t files_path_of_descriptor(int descriptor, bool deleted, char path[MAX_FILE_PATH_BYTES]) {
  /* Held open: the way to it would cost more than the answer. */
  static int descriptors = -1;
  if (descriptors < 0) descriptors = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
  char text[DECIMAL_BYTES];
  if (descriptor < 0) return 0;
  const ssize_t count = readlinkat(descriptors, decimal(text, (unsigned)descriptor), path, MAX_FILE_PATH_BYTES);
  /* "(unreachable)/…": not below this mount. "pipe:[…]": not a file. One that fills the buffer may be cut off. */
  if (count <= 0 || path[0] != '/' || (size_t)count == MAX_FILE_PATH_BYTES) return 0;
  size_t bytes = (size_t)count;
  const size_t suffix = sizeof DELETED - 1;
  if (deleted && bytes > suffix && memcmp(path + bytes - suffix, DELETED, suffix) == 0) bytes -= suffix;
  return bytes;
}

size_t files_paths_find(struct files_paths *paths, uint32_t file_system, int mount, const struct files_handle *handle,
                        char path[MAX_FILE_PATH_BYTES]) {
  const struct remembered_path *slot = slot_of(paths, file_system, handle);
  if (slot->file_system == file_system && slot->handle_bytes == handle->bytes && slot->handle_type == handle->type &&
      memcmp(slot->handle, handle->data, handle->bytes) == 0) {
    memcpy(path, slot->path, slot->path_bytes);
    return slot->path_bytes;
  }
  const int descriptor = files_open_handle(mount, handle, O_PATH);
  if (descriptor < 0) return 0;
  struct stat status;
  size_t bytes = 0;
  if (fstat(descriptor, &status) == 0) {
    const bool deleted = status.st_nlink == 0;
    bytes = files_path_of_descriptor(descriptor, deleted, path);
    if (!deleted && S_ISDIR(status.st_mode)) files_paths_note(paths, file_system, handle, path, bytes);
  }
  close(descriptor);
  return bytes;
}
