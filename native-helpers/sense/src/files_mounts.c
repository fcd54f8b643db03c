#include "files_mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files_kernel.h"

/* A mount point and a source of 4096 bytes each, every one of them escaped as \ooo, would still not fit; a cut line is left out. */
#define LINE_BYTES 8192u
/* "id parent major:minor root point options …": what stands before the optional fields, counted from 0. */
#define ROOT_FIELD 3u
#define POINT_FIELD 4u

/* Types that are not listed keep files. */
static const struct {
  const char *type;
  enum file_system_kind kind;
} KINDS[] = {
    {"autofs", KIND_VIRTUAL},     {"binder", KIND_VIRTUAL},    {"binfmt_misc", KIND_VIRTUAL}, {"bpf", KIND_VIRTUAL},
    {"cgroup", KIND_VIRTUAL},     {"cgroup2", KIND_VIRTUAL},   {"configfs", KIND_VIRTUAL},    {"debugfs", KIND_VIRTUAL},
    {"devpts", KIND_VIRTUAL},     {"efivarfs", KIND_VIRTUAL},  {"fusectl", KIND_VIRTUAL},     {"hugetlbfs", KIND_VIRTUAL},
    {"mqueue", KIND_VIRTUAL},     {"nfsd", KIND_VIRTUAL},      {"nsfs", KIND_VIRTUAL},        {"proc", KIND_VIRTUAL},
    {"pstore", KIND_VIRTUAL},     {"resctrl", KIND_VIRTUAL},   {"rpc_pipefs", KIND_VIRTUAL},  {"securityfs", KIND_VIRTUAL},
    {"selinuxfs", KIND_VIRTUAL},  {"smackfs", KIND_VIRTUAL},   {"sysfs", KIND_VIRTUAL},       {"tracefs", KIND_VIRTUAL},
    {"cramfs", KIND_IMAGE},       {"erofs", KIND_IMAGE},       {"squashfs", KIND_IMAGE},      {"9p", KIND_REMOTE},
    {"afs", KIND_REMOTE},         {"ceph", KIND_REMOTE},       {"cifs", KIND_REMOTE},         {"coda", KIND_REMOTE},
    {"fuse", KIND_REMOTE},        {"fuseblk", KIND_REMOTE},    {"gfs2", KIND_REMOTE},         {"glusterfs", KIND_REMOTE},
    {"nfs", KIND_REMOTE},         {"nfs4", KIND_REMOTE},       {"ocfs2", KIND_REMOTE},        {"orangefs", KIND_REMOTE},
    {"smb3", KIND_REMOTE},        {"vboxsf", KIND_REMOTE},     {"virtiofs", KIND_REMOTE},     {"vmhgfs", KIND_REMOTE},
};

enum file_system_kind files_kind_of(const char *type) {
  if (strncmp(type, "fuse.", 5) == 0) return KIND_REMOTE;
  for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++) {
    if (strcmp(type, KINDS[i].type) == 0) return KINDS[i].kind;
  }
  return KIND_REAL;
}

static bool is_octal(const char *text) {
  return text[0] >= '0' && text[0] <= '3' && text[1] >= '0' && text[1] <= '7' && text[2] >= '0' && text[2] <= '7';
}

/* Copies a field, with its \ooo as bytes. False when there is no room. */
static bool unescape(const char *from, size_t length, char *to, size_t room) {
  size_t used = 0;
  for (size_t i = 0; i < length; i++) {
    char byte = from[i];
    if (byte == '\\' && i + 3 < length && is_octal(from + i + 1)) {
      byte = (char)((from[i + 1] - '0') * 64 + (from[i + 2] - '0') * 8 + (from[i + 3] - '0'));
      i += 3;
    }
    if (used + 1 >= room) return false;
    to[used++] = byte;
  }
  to[used] = '\0';
  return true;
}

bool files_mount_parse(const char *line, struct mount *mount) {
  uint32_t parent;
  mount->is_hidden = false;
  if (sscanf(line, "%" SCNu32 " %" SCNu32 " %" SCNu32 ":%" SCNu32, &mount->id, &parent, &mount->major,
             &mount->minor) != 4) {
    return false;
  }
  const char *field = line;
  for (unsigned i = 0; i <= POINT_FIELD; i++) {
    const size_t length = strcspn(field, " ");
    if (i == ROOT_FIELD) mount->is_whole = length == 1 && field[0] == '/';
    if (i == POINT_FIELD && !unescape(field, length, mount->point, sizeof mount->point)) return false;
    if (field[length] == '\0') return false;
    field += length + 1;
  }
  /* Spaces within fields are escaped: the separator is the first of its kind. */
  const char *separator = strstr(field, " - ");
  if (separator == NULL || mount->point[0] != '/') return false;
  const char *type = separator + 3;
  return unescape(type, strcspn(type, " "), mount->type, sizeof mount->type);
}

bool files_mount_add(struct mount_table *table, const struct mount *mount) {
  for (unsigned i = 0; i < table->count; i++) {
    struct mount *known = &table->mounts[i];
    if (known->major != mount->major || known->minor != mount->minor) continue;
    const bool is_better = mount->is_hidden == known->is_hidden ? mount->is_whole && !known->is_whole : known->is_hidden;
    if (is_better) *known = *mount;
    return true;
  }
  if (table->count < MAX_FILE_SYSTEMS) {
    table->mounts[table->count++] = *mount;
    return true;
  }
  /* Anybody may mount dozens of what is remote (FUSE), and must not keep out what is watched. */
  if (files_kind_of(mount->type) != KIND_REAL) return false;
  for (unsigned i = table->count; i-- > 0;) {
    if (files_kind_of(table->mounts[i].type) == KIND_REAL) continue;
    table->mounts[i] = *mount;
    return true;
  }
  return false;
}

/* For looking at it only; -1 when something else is at its place. */
static int find_directory(const struct mount *mount) {
  const int descriptor = open(mount->point, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (descriptor < 0) return -1;
  struct statx status;
  if (statx(descriptor, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &status) == 0 &&
      ((status.stx_mask & STATX_MNT_ID) == 0 || status.stx_mnt_id == mount->id)) {
    return descriptor;
  }
  close(descriptor);
  errno = ENOENT;
  return -1;
}

int files_mount_open(const struct mount *mount) {
  const int directory = find_directory(mount);
  if (directory < 0) return -1;
  const int descriptor = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
  const int error = errno;
  close(directory);
  errno = error;
  return descriptor;
}

static bool is_hidden(const struct mount *mount) {
  /* What is remote is not watched, and need not be seen. */
  if (files_kind_of(mount->type) == KIND_REMOTE) return false;
  const int descriptor = find_directory(mount);
  if (descriptor < 0) return true;
  close(descriptor);
  return false;
}

static void take_line(struct mount_table *table, const char *line) {
  struct mount mount;
  if (!files_mount_parse(line, &mount)) return;
  const enum file_system_kind kind = files_kind_of(mount.type);
  if (kind != KIND_REAL && kind != KIND_REMOTE) return;
  mount.is_hidden = is_hidden(&mount);
  (void)files_mount_add(table, &mount);
}

bool files_mounts_read(struct mount_table *table) {
  table->count = 0;
  const int file = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  char line[LINE_BYTES];
  size_t used = 0;
  bool is_cut = false;
  ssize_t count;
  while ((count = read(file, line + used, sizeof line - 1 - used)) > 0) {
    used += (size_t)count;
    char *begin = line;
    char *end;
    while ((end = memchr(begin, '\n', used - (size_t)(begin - line))) != NULL) {
      *end = '\0';
      if (!is_cut) take_line(table, begin);
      is_cut = false;
      begin = end + 1;
    }
    used -= (size_t)(begin - line);
    memmove(line, begin, used);
    if (used == sizeof line - 1) {
      is_cut = true;
      used = 0;
    }
  }
  const int error = errno;
  close(file);
  errno = error;
  return count == 0;
}
