#include "audit_events.h"

#include <linux/audit.h>
#include <string.h>

#define MILLISECOND_NS 1000000u
#define MAX_NUMBER_DIGITS 20u

/* What is left of a text. */
struct cursor {
  const char *at;
  const char *end;
};

/* One "name=value": the value without its quotes. */
struct pair {
  const char *name;
  size_t name_bytes;
  const char *value;
  size_t value_bytes;
  bool is_quoted;
};

static bool next_pair(struct cursor *cursor, struct pair *pair) {
  while (cursor->at < cursor->end) {
    while (cursor->at < cursor->end && *cursor->at == ' ') cursor->at++;
    const char *name = cursor->at;
    while (cursor->at < cursor->end && *cursor->at != '=' && *cursor->at != ' ') cursor->at++;
    /* A word that stands alone. */
    if (cursor->at == cursor->end || *cursor->at != '=') continue;
    pair->name = name;
    pair->name_bytes = (size_t)(cursor->at - name);
    cursor->at++;
    pair->is_quoted = cursor->at < cursor->end && *cursor->at == '"';
    if (pair->is_quoted) cursor->at++;
    pair->value = cursor->at;
    const char stop = pair->is_quoted ? '"' : ' ';
    const char *found = memchr(cursor->at, stop, (size_t)(cursor->end - cursor->at));
    cursor->at = found == NULL ? cursor->end : found;
    pair->value_bytes = (size_t)(cursor->at - pair->value);
    if (cursor->at < cursor->end) cursor->at++;
    return true;
  }
  return false;
}

static bool is_named(const struct pair *pair, const char *name) {
  return strlen(name) == pair->name_bytes && memcmp(pair->name, name, pair->name_bytes) == 0;
}

static bool is_value(const struct pair *pair, const char *value) {
  return strlen(value) == pair->value_bytes && memcmp(pair->value, value, pair->value_bytes) == 0;
}

/* Digits from `*at` on; false when there are none, or more than a number has. */
static bool read_digits(const char **at, const char *end, uint64_t *number) {
  const char *from = *at;
  uint64_t value = 0;
  while (*at < end && **at >= '0' && **at <= '9') value = value * 10u + (uint64_t)(*(*at)++ - '0');
  if (*at == from || (size_t)(*at - from) > MAX_NUMBER_DIGITS) return false;
  *number = value;
  return true;
}

static bool read_number(const struct pair *pair, uint32_t *number) {
  const char *at = pair->value;
  const char *end = pair->value + pair->value_bytes;
  uint64_t value = 0;
  if (!read_digits(&at, end, &value) || at != end || value > UINT32_MAX) return false;
  *number = (uint32_t)value;
  return true;
}

/* Numbers of execve(2) and execveat(2) by what the records call "arch" (linux/audit.h). */
static const struct {
  uint32_t architecture;
  uint32_t calls[2];
} executing[] = {
    {0xc000003e, {59, 322}},                        /* x86-64 */
    {0xc000003e, {0x40000000 + 520, 0x40000000 + 545}}, /* x32 */
    {0x40000003, {11, 358}},                        /* i386 */
    {0xc00000b7, {221, 281}},                       /* aarch64 */
    {0x40000028, {11, 387}},                        /* arm */
    {0xc00000f3, {221, 281}},                       /* riscv64 */
};

static bool is_executing(uint32_t architecture, uint32_t call) {
  for (size_t i = 0; i < sizeof executing / sizeof executing[0]; i++) {
    if (executing[i].architecture == architecture && (executing[i].calls[0] == call || executing[i].calls[1] == call)) {
      return true;
    }
  }
  return false;
}

/* A number of hexadecimal digits, small letters as the kernel's %x. */
static uint32_t read_hex(const struct pair *pair) {
  uint32_t value = 0;
  for (size_t i = 0; i < pair->value_bytes && i < 8; i++) {
    const char digit = pair->value[i];
    if (digit >= '0' && digit <= '9') value = value * 16u + (uint32_t)(digit - '0');
    else if (digit >= 'a' && digit <= 'f') value = value * 16u + (uint32_t)(digit - 'a') + 10u;
    else return 0;
  }
  return value;
}

static int hex_digit(char character) {
  if (character >= '0' && character <= '9') return character - '0';
  return character >= 'A' && character <= 'F' ? character - 'A' + 10 : -1;
}

/* Bytes that a value stands for; not more than `room` are written. False when it is of neither form: (null), "?". */
static bool decode(const struct pair *pair, char *text, size_t room, size_t *bytes) {
  if (pair->is_quoted) {
    *bytes = pair->value_bytes;
    if (room > 0) memcpy(text, pair->value, *bytes < room ? *bytes : room);
    return true;
  }
  if (pair->value_bytes == 0 || pair->value_bytes % 2 != 0) return false;
  for (size_t i = 0; i < pair->value_bytes; i++) {
    if (hex_digit(pair->value[i]) < 0) return false;
  }
  *bytes = pair->value_bytes / 2;
  for (size_t i = 0; i < *bytes && i < room; i++) {
    text[i] = (char)(hex_digit(pair->value[2 * i]) * 16 + hex_digit(pair->value[2 * i + 1]));
  }
  return true;
}

/* A path; empty when the value is none. */
static size_t decode_path(const struct pair *pair, char path[MAX_PATH_BYTES], uint32_t *flags) {
  size_t bytes = 0;
  if (!decode(pair, path, MAX_PATH_BYTES, &bytes)) return 0;
  if (bytes > MAX_PATH_BYTES) *flags |= FLAG_PATH_CUT;
  return bytes < MAX_PATH_BYTES ? bytes : MAX_PATH_BYTES;
}

/* d_path() in fs/d_path.c adds this. */
static const char deleted_mark[] = " (deleted)";

static void read_call(struct audit_slot *slot, struct cursor cursor, bool *is_told) {
  struct process_record *record = &slot->record;
  bool is_done = false;
  bool has_process = false;
  uint32_t architecture = 0;
  uint32_t call = 0;
  struct pair pair;
  const struct {
    const char *name;
    uint32_t *number;
  } numbers[] = {
      {"ppid", &record->parent},          {"uid", &record->user},   {"euid", &record->effective_user},
      {"gid", &record->group},            {"egid", &record->effective_group},
      {"auid", &record->login_user},      {"ses", &record->session},
  };
  while (next_pair(&cursor, &pair)) {
    if (is_named(&pair, "arch")) architecture = read_hex(&pair);
    if (is_named(&pair, "syscall")) (void)read_number(&pair, &call);
    if (is_named(&pair, "success")) is_done = is_value(&pair, "yes");
    if (is_named(&pair, "pid")) has_process = read_number(&pair, &record->process);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
      if (is_named(&pair, numbers[i].name)) (void)read_number(&pair, numbers[i].number);
    }
    size_t bytes = 0;
    if (is_named(&pair, "comm") && decode(&pair, record->name, PROCESS_NAME_BYTES - 1u, &bytes)) continue;
    if (is_named(&pair, "tty") && pair.value_bytes < TERMINAL_BYTES && !is_value(&pair, "(none)")) {
      memcpy(record->terminal, pair.value, pair.value_bytes);
    }
    if (is_named(&pair, "exe")) slot->image_bytes = decode_path(&pair, slot->image, &record->flags);
  }
  const size_t mark = sizeof deleted_mark - 1;
  if (slot->image_bytes > mark && memcmp(slot->image + slot->image_bytes - mark, deleted_mark, mark) == 0) {
    slot->image_bytes -= mark;
    record->flags |= FLAG_IMAGE_DELETED;
  }
  record->flags |= FLAG_HAS_USERS | FLAG_HAS_GROUPS | FLAG_HAS_SESSION;
  *is_told = is_done && has_process && is_executing(architecture, call);
}

static void append_argument(struct audit_slot *slot, const struct pair *pair) {
  const size_t used = slot->arguments_bytes < MAX_ARGUMENTS_BYTES ? slot->arguments_bytes : MAX_ARGUMENTS_BYTES;
  size_t bytes = 0;
  if (decode(pair, slot->arguments + used, MAX_ARGUMENTS_BYTES - used, &bytes)) slot->arguments_bytes += bytes;
  else slot->is_broken = true;
}

static void end_argument(struct audit_slot *slot) {
  if (slot->arguments_bytes < MAX_ARGUMENTS_BYTES) slot->arguments[slot->arguments_bytes] = '\0';
  slot->arguments_bytes++;
}

/* "a12", or "a12[3]" of an argument that takes several records. */
static bool argument_place(const struct pair *pair, uint64_t *argument, uint64_t *part, bool *is_part) {
  const char *at = pair->name + 1;
  const char *end = pair->name + pair->name_bytes;
  if (pair->name_bytes < 2 || pair->name[0] != 'a' || !read_digits(&at, end, argument)) return false;
  *is_part = at < end && *at == '[';
  if (!*is_part) return at == end;
  at++;
  return read_digits(&at, end, part) && end - at == 1 && *at == ']';
}

/* Arguments come in order; one that is missing was lost, and what follows it does not make a command line. */
static void read_arguments(struct audit_slot *slot, struct cursor cursor) {
  struct pair pair;
  while (next_pair(&cursor, &pair)) {
    uint64_t argument = 0;
    uint64_t part = 0;
    bool is_part = false;
    if (is_named(&pair, "argc")) {
      slot->has_arguments = read_number(&pair, &slot->argument_count);
      continue;
    }
    /* The lengths of long ones ("a1_len") say nothing new. */
    if (!argument_place(&pair, &argument, &part, &is_part)) continue;
    if (is_part && argument == slot->next_argument && part == slot->next_part) {
      slot->next_part++;
      append_argument(slot, &pair);
      continue;
    }
    if (slot->next_part > 0) {
      end_argument(slot);
      slot->next_argument++;
      slot->next_part = 0;
    }
    if (argument != slot->next_argument || (is_part && part != 0)) slot->is_broken = true;
    if (slot->is_broken) return;
    append_argument(slot, &pair);
    if (is_part) {
      slot->next_part = 1;
    } else {
      end_argument(slot);
      slot->next_argument++;
    }
  }
}

static void read_directory(struct audit_slot *slot, struct cursor cursor) {
  struct pair pair;
  while (next_pair(&cursor, &pair)) {
    if (is_named(&pair, "cwd")) slot->directory_bytes = decode_path(&pair, slot->directory, &slot->record.flags);
  }
}

/* The first path is what was asked to be executed: a script, where the program that runs is its interpreter. */
static void read_path(struct audit_slot *slot, struct cursor cursor) {
  struct pair pair;
  uint32_t item = UINT32_MAX;
  while (next_pair(&cursor, &pair)) {
    if (is_named(&pair, "item")) (void)read_number(&pair, &item);
    if (item != 0) return;
    if (is_named(&pair, "name")) slot->file_name_bytes = decode_path(&pair, slot->file_name, &slot->record.flags);
  }
}

/* The command line as ps shows it, cut off by the kernel after 128 bytes: where no EXECVE record came. */
static void read_title(struct audit_slot *slot, struct cursor cursor) {
  struct pair pair;
  while (!slot->has_arguments && slot->arguments_bytes == 0 && next_pair(&cursor, &pair)) {
    size_t bytes = 0;
    if (!is_named(&pair, "proctitle") || !decode(&pair, slot->arguments, MAX_ARGUMENTS_BYTES, &bytes)) continue;
    slot->arguments_bytes = bytes < MAX_ARGUMENTS_BYTES ? bytes : MAX_ARGUMENTS_BYTES;
    slot->record.flags |= FLAG_ARGUMENTS_CUT;
  }
}

static size_t put(char *texts, const char *text, size_t bytes, uint32_t *length) {
  if (bytes > 0) memcpy(texts, text, bytes);
  *length = (uint32_t)bytes;
  return bytes;
}

static void tell(struct audit_events *events, struct audit_slot *slot, audit_take *take, void *context) {
  struct process_record *record = &slot->record;
  if (slot->next_part > 0) {
    end_argument(slot);
    slot->next_argument++;
  }
  const bool is_whole = slot->has_arguments && !slot->is_broken && slot->next_argument == slot->argument_count;
  if (!is_whole) record->flags |= FLAG_INCOMPLETE;
  record->arguments_bytes = (uint32_t)slot->arguments_bytes;
  size_t arguments_bytes = slot->arguments_bytes;
  if (arguments_bytes > MAX_ARGUMENTS_BYTES) {
    arguments_bytes = MAX_ARGUMENTS_BYTES;
    record->flags |= FLAG_ARGUMENTS_CUT;
  }
  char *texts = events->texts;
  size_t used = put(texts, slot->file_name, slot->file_name_bytes, &record->text_bytes[TEXT_FILE_NAME]);
  used += put(texts + used, slot->image, slot->image_bytes, &record->text_bytes[TEXT_IMAGE]);
  used += put(texts + used, slot->directory, slot->directory_bytes, &record->text_bytes[TEXT_DIRECTORY]);
  record->text_bytes[TEXT_CGROUP] = 0;
  (void)put(texts + used, slot->arguments, arguments_bytes, &record->text_bytes[TEXT_ARGUMENTS]);
  slot->used = false;
  take(context, record, texts);
}

static struct audit_slot *find(struct audit_events *events, uint64_t time_ms, uint64_t serial) {
  for (unsigned i = 0; i < AUDIT_SLOTS; i++) {
    struct audit_slot *slot = &events->slots[i];
    if (slot->used && slot->serial == serial && slot->time_ms == time_ms) return slot;
  }
  return NULL;
}

/* Before its end came: it may lack its path or folder though its arguments are whole, and counts as incomplete. */
static void tell_unfinished(struct audit_events *events, struct audit_slot *slot, audit_take *take, void *context) {
  events->unfinished++;
  slot->record.flags |= FLAG_INCOMPLETE;
  tell(events, slot, take, context);
}

/* An empty slot; where there is none the oldest event is told as it is. */
static struct audit_slot *make_room(struct audit_events *events, audit_take *take, void *context) {
  struct audit_slot *oldest = &events->slots[0];
  for (unsigned i = 0; i < AUDIT_SLOTS; i++) {
    struct audit_slot *slot = &events->slots[i];
    if (!slot->used) return slot;
    if (slot->since_ms < oldest->since_ms) oldest = slot;
  }
  tell_unfinished(events, oldest, take, context);
  return oldest;
}

static void begin(struct audit_slot *slot, uint64_t time_ms, uint64_t serial, uint64_t now_ms) {
  slot->used = true;
  slot->time_ms = time_ms;
  slot->serial = serial;
  slot->since_ms = now_ms;
  slot->record = (struct process_record){
      .header = {.type = RECORD_PROCESS_EXEC},
      .time_ns = time_ms * MILLISECOND_NS,
      .login_user = UNSET_ID,
      .session = UNSET_ID,
  };
  slot->argument_count = 0;
  slot->next_argument = 0;
  slot->next_part = 0;
  slot->is_broken = false;
  slot->has_arguments = false;
  slot->arguments_bytes = 0;
  slot->image_bytes = 0;
  slot->directory_bytes = 0;
  slot->file_name_bytes = 0;
}

/* "audit(1604994496.155:92733): ": what follows is left in the cursor. */
static bool read_stamp(struct cursor *cursor, uint64_t *time_ms, uint64_t *serial) {
  static const char opening[] = "audit(";
  const size_t bytes = sizeof opening - 1;
  if ((size_t)(cursor->end - cursor->at) < bytes || memcmp(cursor->at, opening, bytes) != 0) return false;
  uint64_t seconds = 0;
  uint64_t milliseconds = 0;
  cursor->at += bytes;
  if (!read_digits(&cursor->at, cursor->end, &seconds) || cursor->at == cursor->end || *cursor->at++ != '.') return false;
  if (!read_digits(&cursor->at, cursor->end, &milliseconds) || cursor->at == cursor->end || *cursor->at++ != ':') {
    return false;
  }
  if (!read_digits(&cursor->at, cursor->end, serial)) return false;
  if (cursor->end - cursor->at < 2 || cursor->at[0] != ')' || cursor->at[1] != ':') return false;
  cursor->at += 2;
  *time_ms = seconds * 1000u + milliseconds;
  return true;
}

void audit_events_add(struct audit_events *events, uint32_t type, const char *text, size_t length, uint64_t now_ms,
                      audit_take *take, void *context) {
  struct cursor cursor = {text, text + length};
  uint64_t time_ms = 0;
  uint64_t serial = 0;
  if (!read_stamp(&cursor, &time_ms, &serial)) return;
  struct audit_slot *slot = find(events, time_ms, serial);
  if (type == AUDIT_SYSCALL) {
    /* Of other calls, and of those that failed, there is nothing to tell. */
    bool is_told = false;
    if (slot != NULL) return;
    slot = make_room(events, take, context);
    begin(slot, time_ms, serial, now_ms);
    read_call(slot, cursor, &is_told);
    slot->used = is_told;
    return;
  }
  if (slot == NULL) return;
  switch (type) {
    case AUDIT_EXECVE: read_arguments(slot, cursor); break;
    case AUDIT_CWD: read_directory(slot, cursor); break;
    case AUDIT_PATH: read_path(slot, cursor); break;
    case AUDIT_PROCTITLE: read_title(slot, cursor); break;
    case AUDIT_EOE: tell(events, slot, take, context); break;
    default: break;
  }
}

void audit_events_flush(struct audit_events *events, uint64_t now_ms, audit_take *take, void *context) {
  for (unsigned i = 0; i < AUDIT_SLOTS; i++) {
    struct audit_slot *slot = &events->slots[i];
    if (!slot->used || now_ms - slot->since_ms < AUDIT_EVENT_MS) continue;
    tell_unfinished(events, slot, take, context);
  }
}

enum audit_change audit_change_of(const char *text, size_t length, char *key, size_t room) {
  static const char *const changes[] = {"add_rule", "remove_rule"};
  struct cursor cursor = {text, text + length};
  uint64_t time_ms = 0;
  uint64_t serial = 0;
  enum audit_change change = CHANGE_NONE;
  struct pair pair;
  key[0] = '\0';
  if (!read_stamp(&cursor, &time_ms, &serial)) return CHANGE_NONE;
  while (next_pair(&cursor, &pair)) {
    if (is_named(&pair, "audit_enabled") || is_named(&pair, "audit_pid")) change = CHANGE_RULES;
    for (size_t i = 0; is_named(&pair, "op") && i < sizeof changes / sizeof changes[0]; i++) {
      if (is_value(&pair, changes[i])) change = CHANGE_RULES;
    }
    size_t bytes = 0;
    if (is_named(&pair, "key") && decode(&pair, key, room - 1, &bytes)) key[bytes < room ? bytes : room - 1] = '\0';
  }
  return change;
}
