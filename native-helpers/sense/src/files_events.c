#include "files_events.h"

#include <linux/fanotify.h>
#include <string.h>

#include "files_kernel.h"

/* struct file_handle, without what it is followed by. */
#define HANDLE_HEADER_BYTES 8u
#define FSID_BYTES 8u
#define INFO_HEADER_BYTES 4u

bool files_handle_same(const struct files_handle *one, const struct files_handle *other) {
  return one->bytes == other->bytes && one->type == other->type && memcmp(one->data, other->data, one->bytes) == 0;
}

uint32_t files_handle_hash(const struct files_handle *handle) {
  uint32_t hash = 2166136261u;
  for (uint32_t i = 0; i < handle->bytes; i++) hash = (hash ^ handle->data[i]) * 16777619u;
  return hash;
}

/* Takes the handle of an information record and, behind it, the name. False when they do not lie within `length`. */
static bool read_handle(const unsigned char *info, size_t length, struct files_handle *handle, const char **name) {
  const size_t offset = INFO_HEADER_BYTES + FSID_BYTES;
  if (length < offset + HANDLE_HEADER_BYTES) return false;
  uint32_t bytes;
  memcpy(&bytes, info + offset, sizeof bytes);
  const size_t room = length - offset - HANDLE_HEADER_BYTES;
  if (bytes > HANDLE_BYTES || bytes > room) return false;
  handle->bytes = bytes;
  memcpy(&handle->type, info + offset + 4, sizeof handle->type);
  memcpy(handle->data, info + offset + HANDLE_HEADER_BYTES, bytes);
  if (name == NULL) return true;
  const char *text = (const char *)info + offset + HANDLE_HEADER_BYTES + bytes;
  if (memchr(text, '\0', room - bytes) == NULL) return false;
  *name = text;
  return true;
}

static bool read_info(unsigned type, const unsigned char *info, size_t length, struct files_event *event) {
  switch (type) {
    case FAN_EVENT_INFO_TYPE_FID: return read_handle(info, length, &event->target, NULL);
    case FAN_EVENT_INFO_TYPE_DFID: return read_handle(info, length, &event->parent, NULL);
    case FAN_EVENT_INFO_TYPE_DFID_NAME:
    case FAN_EVENT_INFO_TYPE_NEW_DFID_NAME: return read_handle(info, length, &event->parent, &event->name);
    case FAN_EVENT_INFO_TYPE_OLD_DFID_NAME: return read_handle(info, length, &event->old_parent, &event->old_name);
    /* Kernels to come may say more. */
    default: return true;
  }
}

uint64_t files_event_mask(const unsigned char *bytes, size_t room, size_t *length) {
  struct fanotify_event_metadata metadata;
  *length = 0;
  if (room < sizeof metadata) return 0;
  memcpy(&metadata, bytes, sizeof metadata);
  if (metadata.event_len >= sizeof metadata && metadata.event_len <= room) *length = metadata.event_len;
  return metadata.mask;
}

size_t files_event_read(const unsigned char *bytes, size_t room, struct files_event *event) {
  struct fanotify_event_metadata metadata;
  if (room < sizeof metadata) return 0;
  memcpy(&metadata, bytes, sizeof metadata);
  const size_t length = metadata.event_len;
  if (metadata.vers != FANOTIFY_METADATA_VERSION || length > room || length < metadata.metadata_len ||
      metadata.metadata_len < sizeof metadata) {
    return 0;
  }
  event->mask = metadata.mask;
  event->process = metadata.pid > 0 ? (uint32_t)metadata.pid : 0;
  event->parent.bytes = 0;
  event->old_parent.bytes = 0;
  event->target.bytes = 0;
  event->name = NULL;
  event->old_name = NULL;
  size_t offset = metadata.metadata_len;
  while (offset + INFO_HEADER_BYTES <= length) {
    uint16_t info_bytes;
    memcpy(&info_bytes, bytes + offset + 2, sizeof info_bytes);
    if (info_bytes < INFO_HEADER_BYTES || info_bytes > length - offset) return 0;
    if (!read_info(bytes[offset], bytes + offset, info_bytes, event)) return 0;
    offset += info_bytes;
  }
  return length;
}
