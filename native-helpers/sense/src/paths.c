#include "paths.h"

#include <string.h>

size_t path_join(char *path, const char *names, size_t bytes) {
  size_t length = 0;
  size_t end = bytes;
  /* From the names' end, which is the path's beginning. */
  while (end > 0) {
    if (names[end - 1] == '\0') end--;
    size_t begin = end;
    while (begin > 0 && names[begin - 1] != '\0') begin--;
    path[length++] = '/';
    memcpy(path + length, names + begin, end - begin);
    length += end - begin;
    end = begin;
  }
  if (length == 0) path[length++] = '/';
  return length;
}
