/* Unit tests of what watches files, as far as it needs no rights. Run under the sanitizers: make test. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fanotify.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "files_commands.h"
#include "files_events.h"
#include "files_facts.h"
#include "files_kernel.h"
#include "files_known.h"
#include "files_mounts.h"
#include "files_opens.h"
#include "files_options.h"
#include "files_paths.h"
#include "files_program.h"
#include "files_recent.h"
#include "files_spool.h"
#include "files_target.h"
#include "process_parent.h"

/* ---- events ---- */

struct writer {
  unsigned char *bytes;
  size_t used;
};

/* An information record: a handle of four bytes that say `number`, and a name. */
static void add_info(struct writer *writer, unsigned char type, uint32_t number, const char *name) {
  unsigned char *info = writer->bytes + writer->used;
  const size_t name_bytes = name == NULL ? 0 : strlen(name) + 1;
  const uint16_t length = (uint16_t)((24 + name_bytes + 3) / 4 * 4);
  memset(info, 0, length);
  info[0] = type;
  memcpy(info + 2, &length, sizeof length);
  const uint32_t handle_bytes = 4;
  memcpy(info + 12, &handle_bytes, sizeof handle_bytes);
  const int32_t handle_type = 1;
  memcpy(info + 16, &handle_type, sizeof handle_type);
  memcpy(info + 20, &number, sizeof number);
  if (name != NULL) memcpy(info + 24, name, name_bytes);
  writer->used += length;
}

static struct writer begin_event(unsigned char *bytes) {
  return (struct writer){bytes, sizeof(struct fanotify_event_metadata)};
}

static size_t end_event(const struct writer *writer, uint64_t mask, int process) {
  const struct fanotify_event_metadata metadata = {
      .event_len = (uint32_t)writer->used,
      .vers = FANOTIFY_METADATA_VERSION,
      .metadata_len = sizeof metadata,
      .mask = mask,
      .fd = FAN_NOFD,
      .pid = process,
  };
  memcpy(writer->bytes, &metadata, sizeof metadata);
  return writer->used;
}

static uint32_t number_of(const struct files_handle *handle) {
  uint32_t number = 0;
  if (handle->bytes == sizeof number) memcpy(&number, handle->data, sizeof number);
  return number;
}

static void test_events(void) {
  unsigned char bytes[512] = {0};
  struct files_event event;
  struct writer writer = begin_event(bytes);
  add_info(&writer, FAN_EVENT_INFO_TYPE_DFID_NAME, 7, "name");
  add_info(&writer, FAN_EVENT_INFO_TYPE_FID, 8, NULL);
  size_t length = end_event(&writer, FAN_CREATE, 42);
  CHECK(files_event_read(bytes, length, &event) == length);
  CHECK(event.mask == FAN_CREATE && event.process == 42 && strcmp(event.name, "name") == 0 && event.old_name == NULL);
  CHECK(number_of(&event.parent) == 7 && number_of(&event.target) == 8 && event.old_parent.bytes == 0);

  writer = begin_event(bytes);
  add_info(&writer, FAN_EVENT_INFO_TYPE_OLD_DFID_NAME, 1, "before");
  add_info(&writer, FAN_EVENT_INFO_TYPE_NEW_DFID_NAME, 2, "after");
  add_info(&writer, 99, 3, "not known yet");
  length = end_event(&writer, FAN_RENAME, -1);
  CHECK(files_event_read(bytes, length, &event) == length && event.process == 0);
  CHECK(strcmp(event.old_name, "before") == 0 && strcmp(event.name, "after") == 0);
  CHECK(number_of(&event.old_parent) == 1 && number_of(&event.parent) == 2);

  for (size_t room = 0; room < length; room++) CHECK(files_event_read(bytes, room, &event) == 0);
  /* A name without an end, a handle longer than what is there, another version. */
  unsigned char bent[512];
  memcpy(bent, bytes, sizeof bent);
  memset(bent + sizeof(struct fanotify_event_metadata) + 24, 'x', length - sizeof(struct fanotify_event_metadata) - 24);
  CHECK(files_event_read(bent, length, &event) == 0);
  memcpy(bent, bytes, sizeof bent);
  bent[sizeof(struct fanotify_event_metadata) + 12] = 200;
  CHECK(files_event_read(bent, length, &event) == 0);
  memcpy(bent, bytes, sizeof bent);
  bent[4]++;
  CHECK(files_event_read(bent, length, &event) == 0);
}

static void test_hostile_events(void) {
  unsigned char whole[256];
  struct writer writer = begin_event(whole);
  add_info(&writer, FAN_EVENT_INFO_TYPE_DFID_NAME, 7, "some name");
  add_info(&writer, FAN_EVENT_INFO_TYPE_FID, 8, NULL);
  const size_t length = end_event(&writer, FAN_DELETE, 1);
  bool bounded = true;
  for (unsigned round = 0; round < 20000; round++) {
    /* On the heap and of the exact length, so that the sanitizer sees every step beyond it. */
    unsigned char *bytes = malloc(length);
    memcpy(bytes, whole, length);
    for (unsigned changes = 1 + random_number() % 4; changes > 0; changes--) {
      bytes[random_number() % length] = (unsigned char)random_number();
    }
    struct files_event event;
    const size_t read = files_event_read(bytes, length, &event);
    if (read > length) bounded = false;
    if (read > 0 && event.name != NULL && strlen(event.name) >= length) bounded = false;
    if (event.parent.bytes > HANDLE_BYTES && read > 0) bounded = false;
    free(bytes);
  }
  CHECK(bounded);
}

/* ---- mounts ---- */

static void test_mounts(void) {
  struct mount mount;
  CHECK(files_mount_parse("36 35 98:0 / /mnt/a\\040b\\134 rw,noatime master:1 - ext4 /dev/root rw", &mount));
  CHECK(mount.id == 36 && mount.major == 98 && mount.minor == 0 && mount.is_whole);
  CHECK(strcmp(mount.point, "/mnt/a b\\") == 0 && strcmp(mount.type, "ext4") == 0);
  CHECK(files_mount_parse("1 2 0:5 /sub /x rw - btrfs none rw", &mount) && !mount.is_whole);
  CHECK(!files_mount_parse("", &mount) && !files_mount_parse("1 2 0:5 / /x rw", &mount));
  CHECK(!files_mount_parse("1 2 0:5 / x rw - ext4 a b", &mount) && !files_mount_parse("1 2 5 / /x rw - ext4 a b", &mount));
  char line[2048] = "1 2 0:5 / /";
  memset(line + 11, 'x', 1000);
  memcpy(line + 1011, " rw - ext4 a b", 15);
  CHECK(!files_mount_parse(line, &mount));

  static struct mount_table table;
  CHECK(files_mount_parse("1 2 8:1 /part /first rw - ext4 a b", &mount) && files_mount_add(&table, &mount));
  CHECK(files_mount_parse("3 2 8:1 / /whole rw - ext4 a b", &mount) && files_mount_add(&table, &mount));
  CHECK(files_mount_parse("4 2 8:1 / /again rw - ext4 a b", &mount) && files_mount_add(&table, &mount));
  CHECK(table.count == 1 && strcmp(table.mounts[0].point, "/whole") == 0);
  for (uint32_t minor = 2; minor <= MAX_FILE_SYSTEMS; minor++) {
    mount.minor = minor;
    CHECK(files_mount_add(&table, &mount));
  }
  mount.minor = 1000;
  CHECK(!files_mount_add(&table, &mount));

  CHECK(files_kind_of("ext4") == KIND_REAL && files_kind_of("tmpfs") == KIND_REAL && files_kind_of("overlay") == KIND_REAL);
  CHECK(files_kind_of("proc") == KIND_VIRTUAL && files_kind_of("cgroup2") == KIND_VIRTUAL);
  CHECK(files_kind_of("nfs4") == KIND_REMOTE && files_kind_of("fuse.sshfs") == KIND_REMOTE);
  CHECK(files_kind_of("squashfs") == KIND_IMAGE);
  static struct mount_table here;
  CHECK(files_mounts_read(&here) && here.count > 0);
}

/* ---- paths ---- */

static void test_paths(void) {
  static struct files_paths paths;
  char path[MAX_FILE_PATH_BYTES];
  struct files_handle handle = {.bytes = 8, .type = 1, .data = "1234567"};
  files_paths_note(&paths, 3, &handle, "/some/where", 11);
  CHECK(files_paths_find(&paths, 3, -1, &handle, path) == 11 && memcmp(path, "/some/where", 11) == 0);
  /* Of another file system, of another type, another handle: asked for, which fails here. */
  CHECK(files_paths_find(&paths, 4, -1, &handle, path) == 0);
  handle.type = 2;
  CHECK(files_paths_find(&paths, 3, -1, &handle, path) == 0);
  handle.type = 1;
  files_paths_forget(&paths);
  CHECK(files_paths_find(&paths, 3, -1, &handle, path) == 0);
  char longer[REMEMBERED_PATH_BYTES + 1];
  memset(longer, 'x', sizeof longer);
  files_paths_note(&paths, 3, &handle, longer, sizeof longer);
  CHECK(files_paths_find(&paths, 3, -1, &handle, path) == 0);
  const int folder = open("/usr", O_PATH | O_DIRECTORY);
  CHECK(files_path_of_descriptor(folder, false, path) == 4 && memcmp(path, "/usr", 4) == 0);
  close(folder);
}

/* ---- facts ---- */

static void test_facts(void) {
  static struct files_states states;
  struct stat status = {.st_dev = 1, .st_ino = 2, .st_mode = S_IFREG | 0644, .st_nlink = 1, .st_size = 5};
  struct file_record record = {.header = {.type = RECORD_FILE_WRITTEN}};
  files_facts(&states, &status, &record);
  CHECK(record.flags == FLAG_HAS_FACTS && record.inode == 2 && record.bytes == 5 && record.changed == 0);

  const struct {
    mode_t mode;
    uid_t user;
    time_t modified;
    nlink_t links;
    uint32_t changed;
  } steps[] = {
      {S_IFREG | 04644, 0, 0, 1, CHANGE_MODE}, {S_IFREG | 04644, 7, 0, 1, CHANGE_OWNER},
      {S_IFREG | 04644, 7, 9, 1, CHANGE_TIMES}, {S_IFREG | 04644, 7, 9, 1, CHANGE_EXTENDED},
      {S_IFREG | 04644, 7, 9, 2, 0},            {S_IFREG | 0600, 8, 9, 2, CHANGE_MODE | CHANGE_OWNER},
  };
  for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
    const mode_t before = status.st_mode;
    status.st_mode = steps[i].mode;
    status.st_uid = steps[i].user;
    status.st_mtim.tv_sec = steps[i].modified;
    status.st_nlink = steps[i].links;
    status.st_ctim.tv_sec++;
    record = (struct file_record){.header = {.type = RECORD_FILE_ATTRIBUTES}};
    files_facts(&states, &status, &record);
    CHECK(record.changed == steps[i].changed && (record.flags & FLAG_HAS_BEFORE) && record.before_mode == before);
  }
  /* Seen already with this change, or never seen: everything may have changed. */
  record = (struct file_record){.header = {.type = RECORD_FILE_ATTRIBUTES}};
  files_facts(&states, &status, &record);
  CHECK(record.changed == 15 && (record.flags & FLAG_HAS_BEFORE) == 0);
  status.st_ino = 3;
  record = (struct file_record){.header = {.type = RECORD_FILE_ATTRIBUTES}};
  files_facts(&states, &status, &record);
  CHECK(record.changed == 15 && (record.flags & FLAG_HAS_BEFORE) == 0);
}

static void test_entropy(void) {
  unsigned char bytes[65536];
  memset(bytes, 'a', sizeof bytes);
  CHECK(files_entropy(bytes, sizeof bytes) == 0 && files_entropy(bytes, 1) == 0 && files_entropy(bytes, 0) == 0);
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)i;
  CHECK(files_entropy(bytes, sizeof bytes) == 8000);
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = i % 4 == 0;
  /* -(1/4 log2 1/4 + 3/4 log2 3/4) = 0.8113 */
  const uint32_t uneven = files_entropy(bytes, 8192);
  CHECK(uneven >= 810 && uneven <= 812);

  char name[] = "/tmp/holdfast-files-test-XXXXXX";
  const int file = mkstemp(name);
  unlink(name);
  struct file_record record = {0};
  CHECK(!files_sample(file, 0, &record) && record.flags == 0);
  memset(bytes, 'a', 4096);
  memset(bytes + 4096, 'b', 8192);
  CHECK(write(file, bytes, 12288) == 12288 && files_sample(file, 12288, &record));
  /* Half of what is looked at is the beginning, half the end. */
  CHECK(record.entropy == 1000 && record.flags == FLAG_HAS_SAMPLE && record.head[0] == 'a');
  close(file);
}

/* ---- what was told lately ---- */

static unsigned sums;
static uint32_t last_sum;

static void note_sum(void *context, const struct recent_write *write) {
  (void)context;
  sums++;
  last_sum = write->held;
}

static void test_recent(void) {
  static struct files_recent recent;
  struct files_event event = {.process = 5, .name = "a"};
  event.target = event.parent = (struct files_handle){.bytes = 4, .type = 1, .data = "abc"};
  CHECK(files_recent_written(&recent, 1, &event, 1000, note_sum, NULL));
  /* What nobody wants to know of is not held back either. */
  CHECK(files_recent_written(&recent, 1, &event, 1001, note_sum, NULL));
  files_recent_note(&recent, 1, &event);
  CHECK(!files_recent_written(&recent, 1, &event, 1002, note_sum, NULL));
  CHECK(!files_recent_written(&recent, 1, &event, 1003, note_sum, NULL) && recent.holding == 1);
  files_recent_due(&recent, 1100, note_sum, NULL);
  CHECK(sums == 0);
  files_recent_due(&recent, 1001 + RECENT_MS, note_sum, NULL);
  CHECK(sums == 1 && last_sum == 2 && recent.holding == 0);
  /* The sum counts as told. */
  CHECK(!files_recent_written(&recent, 1, &event, 1002 + RECENT_MS, note_sum, NULL));
  struct files_event other = event;
  other.process = 6;
  files_recent_settle(&recent, 2, &other, note_sum, NULL);
  CHECK(sums == 1);
  files_recent_settle(&recent, 1, &other, note_sum, NULL);
  CHECK(sums == 2 && last_sum == 1);
  CHECK(files_recent_written(&recent, 1, &other, 1003 + RECENT_MS, note_sum, NULL));
  event.target.bytes = 0;
  CHECK(files_recent_written(&recent, 1, &event, 1, note_sum, NULL) && files_recent_written(&recent, 1, &event, 1, note_sum, NULL));
}

static void test_busy(void) {
  static struct files_recent recent;
  for (unsigned i = 0; i < WRITER_FILES; i++) CHECK(!files_recent_is_busy(&recent, 9, 1000));
  CHECK(files_recent_is_busy(&recent, 9, 1000));
  CHECK(!files_recent_is_busy(&recent, 10, 1000));
  CHECK(files_recent_is_busy(&recent, 9, 1000 + WRITER_MS + 1));
  CHECK(!files_recent_is_busy(&recent, 9, 1000 + 4 * WRITER_MS));
}

/* Who writes what looks ordered for long is looked at less, until something does not. */
static void test_calm(void) {
  static struct files_recent recent;
  unsigned looked = 0;
  for (unsigned i = 0; i < CALM_FILES + WRITER_FILES; i++) {
    if (!files_recent_is_busy(&recent, 9, 1000)) continue;
    looked++;
    files_recent_looked(&recent, 9, false);
  }
  CHECK(looked == CALM_FILES);
  looked = 0;
  for (unsigned i = 0; i < 10 * CALM_STEP; i++) looked += files_recent_is_busy(&recent, 9, 1000);
  CHECK(looked == 10);
  files_recent_looked(&recent, 10, true);
  CHECK(!files_recent_is_busy(&recent, 9, 1000) || !files_recent_is_busy(&recent, 9, 1000));
  files_recent_looked(&recent, 9, true);
  CHECK(files_recent_is_busy(&recent, 9, 1000) && files_recent_is_busy(&recent, 9, 1000));
}

/* ---- options, programs, spool ---- */

static bool parse(struct files_options *options, int count, char *const *values) {
  char problem[160] = "";
  const bool right = files_options_parse(options, count, values, problem, sizeof problem);
  CHECK(right == (problem[0] == '\0'));
  return right;
}

static void test_options(void) {
  struct files_options options;
  char *good[] = {"--only", "/home", "--exclude", "/home/x", "--own", "12", "--deadline-ms", "50", "--method", "basic"};
  CHECK(parse(&options, 10, good) && options.only.count == 1 && options.deadline_ms == 50 && options.basic);
  CHECK(options.user == 65534 && files_options_own(&options, 12) && !files_options_own(&options, 13));
  CHECK(path_list_covers(&options.exclude, "/home/x", 7) && path_list_covers(&options.exclude, "/home/x/y", 9));
  CHECK(!path_list_covers(&options.exclude, "/home/xy", 8) && !path_list_covers(&options.exclude, "/home", 5));
  CHECK(path_list_has(&options.only, "/home", 5) && !path_list_has(&options.only, "/home/x", 7));
  char *wrong[][2] = {{"--only", "home"}, {"--only", "/x/"}, {"--own", "0"}, {"--own", "1x"}, {"--user", "0"},
                      {"--deadline-ms", "0"}, {"--method", "worst"}, {"--what", "1"}};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) CHECK(!parse(&options, 2, wrong[i]));
  CHECK(!parse(&options, 1, good));
  char *trust[] = {"--trusted", "/usr", "--trusted", "/srv/x", "--distrusted", "/usr/local"};
  CHECK(parse(&options, 6, trust) && files_options_trust(&options, "/usr/bin/x", 10));
  CHECK(files_options_trust(&options, "/srv/x/y", 8) && !files_options_trust(&options, "/srv/y", 6));
  CHECK(!files_options_trust(&options, "/usr/local/x", 12) && files_options_trust(&options, "/usr/localx", 11));
  CHECK(!files_options_trust(&options, "/usr2/x", 7) && !files_options_trust(&options, "", 0));
  CHECK(parse(&options, 0, trust) && !files_options_trust(&options, "/usr/bin/x", 10));
  char *many[2 * (MAX_OWN_PROCESSES + 1)];
  for (unsigned i = 0; i <= MAX_OWN_PROCESSES; i++) {
    many[2 * i] = "--own";
    many[2 * i + 1] = "5";
  }
  CHECK(parse(&options, 2 * (int)MAX_OWN_PROCESSES, many) && !parse(&options, 2 * (int)MAX_OWN_PROCESSES + 2, many));
}

static void test_programs(void) {
  static struct file_programs programs;
  struct file_program *own = file_programs_find(&programs, (uint32_t)getpid());
  own->is_told = true;
  file_programs_forget_all(&programs);
  CHECK(file_programs_find(&programs, (uint32_t)getpid()) == own && own->is_told);
  own->path[0] = '?';
  file_programs_forget(&programs, (uint32_t)getpid());
  CHECK(!file_programs_find(&programs, (uint32_t)getpid())->is_told);
  CHECK(own->path_bytes > 1 && own->path[0] == '/' && own->flags == 0 && own->name[0] != '\0');
  CHECK(file_programs_find(&programs, 0x7fffffff)->flags == FLAG_PROCESS_GONE);
  CHECK(process_parent((uint32_t)getpid()) == (uint32_t)getppid());
  CHECK(process_parent(0x7fffffff) == 0 && process_parent(0) == 0);
}

/* ---- the file of an event, commands, opens ---- */

static void test_handle_inodes(void) {
  struct files_handle handle = {.bytes = 8, .type = 1};
  const uint32_t words[] = {7, 8, 9};
  memcpy(handle.data, words, sizeof words);
  CHECK(files_handle_inode(&handle) == 7);
  handle.bytes = 12;
  CHECK(files_handle_inode(&handle) == (8 | 9ull << 32));
  handle.type = 0x81;
  CHECK(files_handle_inode(&handle) == (7 | 8ull << 32));
  handle.type = 0x4d;
  CHECK(files_handle_inode(&handle) == 0);
  handle.bytes = 20;
  CHECK(files_handle_inode(&handle) == (7 | 8ull << 32));
  handle.type = 0xfb;
  CHECK(files_handle_inode(&handle) == 0);
}

struct taken {
  unsigned count;
  uint32_t last;
  char path[16];
};

static void take_one(void *context, const struct files_command *command, const char *path) {
  struct taken *taken = context;
  taken->count++;
  taken->last = command->command;
  snprintf(taken->path, sizeof taken->path, "%s", path == NULL ? "" : path);
}

static void test_commands(void) {
  static struct files_commands commands;
  struct taken taken = {0};
  int ends[2];
  CHECK(pipe(ends) == 0);
  const struct files_command deny = {ANSWER_DENY, 5, 0, 0};
  const struct files_command watch = {WATCH_OPENS, 0, 5, 0};
  unsigned char bytes[sizeof deny + sizeof watch + 8] = {0};
  memcpy(bytes, &deny, sizeof deny);
  memcpy(bytes + sizeof deny, &watch, sizeof watch);
  memcpy(bytes + sizeof deny + sizeof watch, "/a/bc", 5);
  for (size_t i = 0; i < sizeof bytes; i++) {
    CHECK(write(ends[1], bytes + i, 1) == 1 && files_commands_read(&commands, ends[0], take_one, &taken));
  }
  CHECK(taken.count == 2 && taken.last == WATCH_OPENS && strcmp(taken.path, "/a/bc") == 0 && commands.used == 0);
  const struct files_command wrong[] = {{0, 0, 0, 0}, {8, 0, 0, 0}, {ANSWER_ALLOW, 0, 8, 0}, {WATCH_OPENS, 0, 5000, 0}};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    commands.used = 0;
    CHECK(write(ends[1], &wrong[i], sizeof wrong[i]) == sizeof wrong[i]);
    CHECK(!files_commands_read(&commands, ends[0], take_one, &taken) && errno == EPROTO);
  }
  close(ends[1]);
  CHECK(!files_commands_read(&commands, ends[0], take_one, &taken) && errno == 0 && taken.count == 2);
  close(ends[0]);
}

static void test_opens(void) {
  static struct files_opens opens;
  struct files_event event = {.process = 5};
  event.target = (struct files_handle){.bytes = 4, .type = 1, .data = "abc"};
  CHECK(files_opens_is_news(&opens, &event, 1000) && !files_opens_is_news(&opens, &event, 1001));
  CHECK(files_opens_is_news(&opens, &event, 1000 + OPEN_AGAIN_MS));
  event.process = 6;
  CHECK(files_opens_is_news(&opens, &event, 1002));
  /* It executes another program, which opens the same file. */
  files_opens_forget(&opens, 5);
  CHECK(!files_opens_is_news(&opens, &event, 1003));
  files_opens_forget(&opens, 6);
  CHECK(files_opens_is_news(&opens, &event, 1004) && !files_opens_is_news(&opens, &event, 1005));
  /* No file system is watched, or the path is none. */
  static struct file_systems systems;
  files_opens_watch(&opens, &systems, "/etc/passwd", 0);
  files_opens_watch(&opens, &systems, "etc/passwd", 0);
  files_opens_watch(&opens, &systems, "/nowhere/at/all", 0);
  CHECK(opens.marked == 0);
  /* There was no room; by now the marked files are gone, and their marks with them. */
  opens.marked = MAX_WATCHED_OPENS;
  files_opens_watch(&opens, &systems, "/etc/passwd", 1);
  CHECK(opens.marked == 0 && opens.count_again_ms == 1 + COUNT_AGAIN_MS);
  opens.marked = MAX_WATCHED_OPENS;
  files_opens_watch(&opens, &systems, "/etc/passwd", COUNT_AGAIN_MS);
  CHECK(opens.marked == MAX_WATCHED_OPENS);
}

static void test_counting_marks(void) {
  static const char head[] = "pos:\t0\nflags:\t02004002\nfanotify flags:a event-flags:88000\nfanotify sdev:1 mask:8\n";
  static const char line[] = "fanotify ino:4f969 sdev:800013 mflags:0 mask:3b ignored_mask:40000000 fhandle-bytes:8\n";
  FILE *file = tmpfile();
  CHECK(file != NULL);
  if (file == NULL) return;
  fputs(head, file);
  /* Longer than what is read at once, with the mark at every place. */
  for (unsigned i = 0; i < 200; i++) fputs(line, file);
  fputs("xfanotify ino:1\nfanotify in", file);
  CHECK(fflush(file) == 0 && lseek(fileno(file), 0, SEEK_SET) == 0);
  CHECK(files_opens_count(fileno(file)) == 200);
  fclose(file);
}

static void test_spool(void) {
  static struct spool spool;
  int ends[2];
  CHECK(pipe(ends) == 0);
  spool_open(&spool, ends[1]);
  size_t made = 0;
  const size_t each = 1000;
  while (spool_record(&spool, RECORD_FILE_CREATED, each, false) != NULL) made++;
  CHECK(spool.dropped == 1 && made == (SPOOL_BYTES - SPOOL_RESERVE) / each);
  CHECK(spool_record(&spool, RECORD_FILES_STATISTICS, each, true) != NULL);
  /* Nobody reads: the pipe takes what it can. */
  spool_flush(&spool);
  CHECK(!spool_is_empty(&spool) && !spool.closed && spool.from > 0);
  static unsigned char bytes[1 << 20];
  size_t total = 0;
  ssize_t count;
  while (!spool_is_empty(&spool)) {
    spool_flush(&spool);
    if ((count = read(ends[0], bytes, sizeof bytes)) > 0) total += (size_t)count;
    if (spool.used > 0 && spool.from > SPOOL_BYTES / 2) {
      CHECK(spool_record(&spool, RECORD_FILE_CREATED, each, false) != NULL && spool.from == 0);
      made++;
    }
  }
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  while ((count = read(ends[0], bytes, sizeof bytes)) > 0) total += (size_t)count;
  CHECK(total == (made + 1) * each);
  close(ends[0]);
  CHECK(spool_record(&spool, RECORD_FILE_CREATED, each, false) != NULL);
  spool_flush(&spool);
  CHECK(spool.closed && spool.error == EPIPE);
  close(ends[1]);
}

/* ---- contents that may be executed ---- */

static void test_known_contents(void) {
  static struct known_contents known;
  const struct known_content content = {.device = 3, .inode = 7, .change_ns = 100};
  const struct known_content none = {.device = 3, .change_ns = 100};
  CHECK(!known_contents_has(&known, &content));
  known_contents_add(&known, &content);
  known_contents_add(&known, &none);
  CHECK(known_contents_has(&known, &content) && !known_contents_has(&known, &none));
  struct known_content other = content;
  other.device = 4;
  CHECK(!known_contents_has(&known, &other));
  /* It was written to: only what it holds now is known. */
  const struct known_content later = {.device = 3, .inode = 7, .change_ns = 200};
  CHECK(!known_contents_has(&known, &later));
  known_contents_add(&known, &later);
  CHECK(known_contents_has(&known, &later) && !known_contents_has(&known, &content));
  known_contents_forget(&known);
  CHECK(!known_contents_has(&known, &later));

  /* Whatever comes it takes no more room, and the latest is there. */
  unsigned latest = 0, all = 0;
  const unsigned count = 3 * KNOWN_SETS * KNOWN_IN_A_SET;
  for (unsigned i = 1; i <= count; i++) {
    other = (struct known_content){.device = i % 5, .inode = i * 64u, .change_ns = i};
    known_contents_add(&known, &other);
    latest += known_contents_has(&known, &other);
  }
  for (unsigned i = 1; i <= count; i++) {
    other = (struct known_content){.device = i % 5, .inode = i * 64u, .change_ns = i};
    all += known_contents_has(&known, &other);
  }
  CHECK(latest == count && all <= KNOWN_SETS * KNOWN_IN_A_SET && all > KNOWN_SETS);

  CHECK(known_content_settled(&content, 100 + SETTLED_NS) && !known_content_settled(&content, 99 + SETTLED_NS));
  /* The clock was set back. */
  CHECK(!known_content_settled(&content, 50));
}

int main(void) {
  signal(SIGPIPE, SIG_IGN);
  test_events();
  test_hostile_events();
  test_mounts();
  test_paths();
  test_facts();
  test_entropy();
  test_recent();
  test_busy();
  test_calm();
  test_options();
  test_programs();
  test_handle_inodes();
  test_commands();
  test_opens();
  test_counting_marks();
  test_spool();
  test_known_contents();
  return checks_told("sense file tests");
}
