/* From the names that a walk from a file up to the root passes to its path. */
#ifndef SENSE_PATHS_H
#define SENSE_PATHS_H

#include <stddef.h>

/*
 * `names` are `bytes` of names, each with its NUL, the last of the path first. Writes the path ("/" for no names) to
 * `path`, which has room for bytes + 1, and returns its length without a NUL. A last name without a NUL counts.
 */
size_t path_join(char *path, const char *names, size_t bytes);

#endif
