/* Unit tests of how records and rules of the audit system are read, and joined with the connector's news. make test. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "arguments.h"
#include "audit_events.h"
#include "audit_rules.h"
#include "check.h"
#include "process_queue.h"

/* ---- events ---- */

static struct audit_events events;
static unsigned told;
static unsigned incomplete;
static struct process_record last;
static char last_text[TEXTS][MAX_ARGUMENTS_BYTES + 1];

static void take(void *context, const struct process_record *record, const char *texts) {
  (void)context;
  told++;
  if (record->flags & FLAG_INCOMPLETE) incomplete++;
  last = *record;
  for (unsigned i = 0; i < TEXTS; i++) {
    memcpy(last_text[i], texts, record->text_bytes[i]);
    last_text[i][record->text_bytes[i]] = '\0';
    texts += record->text_bytes[i];
  }
}

static void add_at(uint32_t type, const char *text, uint64_t now_ms) {
  audit_events_add(&events, type, text, strlen(text), now_ms, take, NULL);
}

static void add(uint32_t type, const char *text) {
  add_at(type, text, 0);
}

static bool arguments_are(const char *text, size_t bytes) {
  return last.text_bytes[TEXT_ARGUMENTS] == bytes && memcmp(last_text[TEXT_ARGUMENTS], text, bytes) == 0;
}
#define ARGUMENTS_ARE(text) arguments_are(text, sizeof(text) - 1)

#define CALL(serial, more)                                                                                   \
  "audit(1604994496.155:" serial "): arch=c000003e syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=4 items=2 " \
  "ppid=77 pid=4321 auid=1000 uid=1001 gid=1002 euid=0 suid=0 fsuid=0 egid=5 sgid=5 fsgid=5 tty=pts3 ses=9 " more

static void test_execution(void) {
  told = 0;
  add(AUDIT_SYSCALL, CALL("7", "comm=\"arp\" exe=\"/usr/sbin/arp\" subj=? key=\"k\""));
  add(AUDIT_EXECVE, "audit(1604994496.155:7): argc=3 a0=\"arp\" a1=\"-a\" a2=66696C652078");
  add(AUDIT_CWD, "audit(1604994496.155:7): cwd=\"/root\"");
  add(AUDIT_PATH, "audit(1604994496.155:7): item=0 name=\"/sbin/arp\" inode=5 dev=08:01 mode=0100755 nametype=NORMAL");
  add(AUDIT_PATH, "audit(1604994496.155:7): item=1 name=\"/lib64/ld.so\" inode=6 dev=08:01 nametype=NORMAL");
  add(AUDIT_PROCTITLE, "audit(1604994496.155:7): proctitle=61727000");
  CHECK(told == 0);
  add(AUDIT_EOE, "audit(1604994496.155:7): ");
  CHECK(told == 1 && last.header.type == RECORD_PROCESS_EXEC && last.time_ns == 1604994496155000000u);
  CHECK(last.process == 4321 && last.parent == 77 && last.user == 1001 && last.effective_user == 0);
  CHECK(last.group == 1002 && last.effective_group == 5 && last.login_user == 1000 && last.session == 9);
  CHECK(strcmp(last.name, "arp") == 0 && strcmp(last.terminal, "pts3") == 0);
  CHECK(last.flags == (FLAG_HAS_USERS | FLAG_HAS_GROUPS | FLAG_HAS_SESSION));
  CHECK(strcmp(last_text[TEXT_IMAGE], "/usr/sbin/arp") == 0 && strcmp(last_text[TEXT_DIRECTORY], "/root") == 0);
  CHECK(strcmp(last_text[TEXT_FILE_NAME], "/sbin/arp") == 0 && last.text_bytes[TEXT_CGROUP] == 0);
  CHECK(ARGUMENTS_ARE("arp\0-a\0file x\0") && last.arguments_bytes == 14);
  add(AUDIT_EOE, "audit(1604994496.155:7): ");
  CHECK(told == 1);
}

static void test_others_are_left_out(void) {
  told = 0;
  /* open(2), and an execve(2) that failed. */
  add(AUDIT_SYSCALL, "audit(1.002:8): arch=c000003e syscall=2 success=yes exit=3 ppid=1 pid=2 comm=\"a\" exe=\"/a\"");
  add(AUDIT_PROCTITLE, "audit(1.002:8): proctitle=61");
  add(AUDIT_EOE, "audit(1.002:8): ");
  add(AUDIT_SYSCALL, "audit(1.002:9): arch=c000003e syscall=59 success=no exit=-2 ppid=1 pid=2 comm=\"a\" exe=\"/a\"");
  add(AUDIT_EOE, "audit(1.002:9): ");
  /* An EXECVE of which the call was not seen, and no record at all. */
  add(AUDIT_EXECVE, "audit(1.002:10): argc=1 a0=\"a\"");
  add(AUDIT_EOE, "audit(1.002:10): ");
  add(AUDIT_SYSCALL, "audit(1.002): arch=c000003e syscall=59 success=yes pid=2");
  add(AUDIT_SYSCALL, "");
  audit_events_flush(&events, 1000000, take, NULL);
  CHECK(told == 0);
}

static void test_mixed_and_deleted(void) {
  told = 0;
  add(AUDIT_SYSCALL, CALL("11", "comm=\"one\" exe=2F6D656D66643A78202864656C6574656429"));
  add(AUDIT_SYSCALL, CALL("12", "comm=6120622229 exe=\"/two\""));
  add(AUDIT_EXECVE, "audit(1604994496.155:12): argc=1 a0=\"two\"");
  add(AUDIT_EXECVE, "audit(1604994496.155:11): argc=1 a0=\"\"");
  add(AUDIT_EOE, "audit(1604994496.155:11): ");
  CHECK(told == 1 && (last.flags & FLAG_IMAGE_DELETED) && strcmp(last_text[TEXT_IMAGE], "/memfd:x") == 0);
  CHECK(ARGUMENTS_ARE("\0"));
  add(AUDIT_EOE, "audit(1604994496.155:12): ");
  CHECK(told == 2 && strcmp(last.name, "a b\")") == 0 && ARGUMENTS_ARE("two\0"));
}

static void test_long_arguments(void) {
  static char text[8400];
  told = 0;
  add(AUDIT_SYSCALL, CALL("13", "comm=\"x\" exe=\"/x\""));
  add(AUDIT_EXECVE, "audit(1604994496.155:13): argc=3 a0=\"x\" a1_len=12 a1[0]=\"abc\"");
  add(AUDIT_EXECVE, "audit(1604994496.155:13):  a1[1]=\"def\" a1[2]=2020");
  add(AUDIT_EXECVE, "audit(1604994496.155:13):  a2=\"end\"");
  add(AUDIT_EOE, "audit(1604994496.155:13): ");
  CHECK(told == 1 && ARGUMENTS_ARE("x\0abcdef  \0end\0") && (last.flags & FLAG_INCOMPLETE) == 0);
  /* Longer than what is kept: cut off, and said so. */
  add(AUDIT_SYSCALL, CALL("14", "comm=\"x\" exe=\"/x\""));
  int used = snprintf(text, sizeof text, "audit(1604994496.155:14): argc=1 a0_len=24000 a0[0]=\"");
  memset(text + used, 'y', 8000);
  snprintf(text + used + 8000, sizeof text - (size_t)used - 8000, "\"");
  add(AUDIT_EXECVE, text);
  for (unsigned part = 1; part < 3; part++) {
    used = snprintf(text, sizeof text, "audit(1604994496.155:14):  a0[%u]=\"", part);
    memset(text + used, 'y', 8000);
    snprintf(text + used + 8000, sizeof text - (size_t)used - 8000, "\"");
    add(AUDIT_EXECVE, text);
  }
  add(AUDIT_EOE, "audit(1604994496.155:14): ");
  CHECK(told == 2 && last.text_bytes[TEXT_ARGUMENTS] == MAX_ARGUMENTS_BYTES && last.arguments_bytes == 24001);
  CHECK((last.flags & FLAG_ARGUMENTS_CUT) && (last.flags & FLAG_INCOMPLETE) == 0);
  /* One that was lost on the way. */
  add(AUDIT_SYSCALL, CALL("15", "comm=\"x\" exe=\"/x\""));
  add(AUDIT_EXECVE, "audit(1604994496.155:15): argc=3 a0=\"x\" a2=\"z\"");
  add(AUDIT_EOE, "audit(1604994496.155:15): ");
  CHECK(told == 3 && (last.flags & FLAG_INCOMPLETE) && ARGUMENTS_ARE("x\0"));
}

static void test_title_and_end(void) {
  told = 0;
  add(AUDIT_SYSCALL, CALL("16", "comm=\"x\" exe=\"/x\""));
  add(AUDIT_PROCTITLE, "audit(1604994496.155:16): proctitle=78002D6C");
  add(AUDIT_EOE, "audit(1604994496.155:16): ");
  CHECK(told == 1 && ARGUMENTS_ARE("x\0-l") && (last.flags & FLAG_INCOMPLETE) && (last.flags & FLAG_ARGUMENTS_CUT));
  /* The end of one does not come. */
  add_at(AUDIT_SYSCALL, CALL("17", "comm=\"x\" exe=\"/x\""), 5000);
  add_at(AUDIT_EXECVE, "audit(1604994496.155:17): argc=1 a0=\"x\"", 5000);
  audit_events_flush(&events, 5000 + AUDIT_EVENT_MS - 1, take, NULL);
  CHECK(told == 1);
  audit_events_flush(&events, 5000 + AUDIT_EVENT_MS, take, NULL);
  /* Its arguments are whole, but what else it was is not known. */
  CHECK(told == 2 && ARGUMENTS_ARE("x\0") && (last.flags & FLAG_INCOMPLETE));
  /* More than there is room for: the oldest is told. */
  const uint64_t before = events.unfinished;
  for (unsigned serial = 100; serial < 100 + 2 * AUDIT_SLOTS; serial++) {
    char text[512];
    snprintf(text, sizeof text, "audit(9.000:%u): arch=c000003e syscall=59 success=yes ppid=1 pid=%u comm=\"x\"", serial,
             serial);
    add_at(AUDIT_SYSCALL, text, 10000 + serial);
  }
  CHECK(told == 2 + AUDIT_SLOTS && events.unfinished == before + AUDIT_SLOTS && last.process == 100 + AUDIT_SLOTS - 1);
  audit_events_flush(&events, UINT64_MAX, take, NULL);
  CHECK(told == 2 + 2 * AUDIT_SLOTS);
}

/* More executions at once than there are slots: each is told once, and those that lost a part say so. */
static void test_interleaved_records(void) {
  enum { AT_ONCE = 3 * AUDIT_SLOTS };
  static const char *const parts[] = {"arch=c000003e syscall=59 success=yes ppid=1 pid=5 comm=\"x\"",
                                      "argc=1 a0=\"x\"", "cwd=\"/\"", ""};
  static const uint32_t types[] = {AUDIT_SYSCALL, AUDIT_EXECVE, AUDIT_CWD, AUDIT_EOE};
  const uint64_t before = events.unfinished;
  told = 0;
  incomplete = 0;
  for (unsigned part = 0; part < 4; part++) {
    for (unsigned serial = 1; serial <= AT_ONCE; serial++) {
      char text[256];
      snprintf(text, sizeof text, "audit(10.000:%u): %s", serial, parts[part]);
      add_at(types[part], text, 20000 + serial);
    }
  }
  CHECK(told == AT_ONCE && incomplete == AT_ONCE - AUDIT_SLOTS);
  CHECK(events.unfinished == before + incomplete);
}

/* Whatever it is, nothing is read or written beyond its bounds; the sanitizers watch. */
static void test_hostile_records(void) {
  static const char *const samples[] = {
      CALL("1", "comm=\"x\" exe=\"/x\""),
      "audit(1604994496.155:1): argc=3 a0=\"x\" a1_len=12 a1[0]=\"abc\"",
      "audit(1604994496.155:1):  a1[1]=646566 a2=\"end\"",
      "audit(1604994496.155:1): cwd=2F61",
      "audit(1604994496.155:1): item=0 name=\"/x\" inode=1",
      "audit(1604994496.155:1): proctitle=7800",
      "audit(1604994496.155:1): ",
  };
  static const uint32_t types[] = {AUDIT_SYSCALL,   AUDIT_EXECVE, AUDIT_EXECVE, AUDIT_CWD, AUDIT_PATH,
                                   AUDIT_PROCTITLE, AUDIT_EOE};
  static const char alphabet[] = "=\" []()a0x9F:.\0\xff";
  char key[OWN_KEY_BYTES];
  for (unsigned round = 0; round < 60000; round++) {
    const unsigned sample = random_number() % (sizeof samples / sizeof samples[0]);
    const size_t length = strlen(samples[sample]);
    /* Exactly as long as it is: a byte too far is noticed. */
    char *text = malloc(length + 1);
    if (text == NULL) return;
    memcpy(text, samples[sample], length);
    for (unsigned i = random_number() % 4; i > 0; i--) {
      text[random_number() % length] = alphabet[random_number() % (sizeof alphabet - 1)];
    }
    const size_t kept = random_number() % 8 == 0 ? random_number() % (length + 1) : length;
    char *exact = realloc(text, kept == 0 ? 1 : kept);
    if (exact == NULL) exact = text;
    const uint32_t type = random_number() % 8 == 0 ? types[random_number() % 7] : types[sample];
    audit_events_add(&events, type, exact, kept, round / 8, take, NULL);
    (void)audit_change_of(exact, kept, key, sizeof key);
    free(exact);
  }
  audit_events_flush(&events, UINT64_MAX, take, NULL);
  CHECK(told > 0);
}

static void test_changes(void) {
  static const struct {
    const char *text;
    enum audit_change change;
    const char *key;
  } cases[] = {
      {"audit(1.1:1): op=add_rule key=(null) list=4 res=1", CHANGE_RULES, ""},
      {"audit(1.1:1): auid=1 ses=2 op=remove_rule key=\"mine\" list=4 res=1", CHANGE_RULES, "mine"},
      {"audit(1.1:1): op=set audit_enabled=0 old=1 auid=0 ses=1 res=1", CHANGE_RULES, ""},
      {"audit(1.1:1): op=set audit_pid=44 old=0 auid=0 ses=1 res=1", CHANGE_RULES, ""},
      {"audit(1.1:1): op=set audit_backlog_limit=8192 old=64 auid=0 ses=1 res=1", CHANGE_NONE, ""},
      {"audit(1.1:1): op=updated_rules path=\"/etc/passwd\" key=\"k\" list=4 res=1", CHANGE_NONE, "k"},
      {"nonsense", CHANGE_NONE, ""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char key[OWN_KEY_BYTES];
    CHECK(audit_change_of(cases[i].text, strlen(cases[i].text), key, sizeof key) == cases[i].change);
    CHECK(strcmp(key, cases[i].key) == 0);
  }
}

/* ---- rules ---- */

/* What two rules tell together. */
static enum audit_coverage coverage(struct audit_rule_data first, struct audit_rule_data second) {
  struct audit_judgement judgement = {0};
  audit_judge(&judgement, &first, sizeof first);
  audit_judge(&judgement, &second, sizeof second);
  return audit_coverage_of(&judgement);
}

static struct audit_rule_data rule_of(uint32_t list, uint32_t action) {
  struct audit_rule_data rule = {.flags = list, .action = action};
  rule.mask[AUDIT_WORD(SYS_execve)] |= AUDIT_BIT(SYS_execve);
  rule.mask[AUDIT_WORD(SYS_execveat)] |= AUDIT_BIT(SYS_execveat);
  return rule;
}

static struct audit_rule_data with(struct audit_rule_data rule, uint32_t field, uint32_t value) {
  rule.fields[rule.field_count] = field;
  rule.values[rule.field_count] = value;
  rule.fieldflags[rule.field_count] = AUDIT_EQUAL;
  rule.field_count++;
  return rule;
}

static void test_rules(void) {
  const struct audit_rule_data none = {.flags = AUDIT_FILTER_EXIT};
  const struct audit_rule_data all = rule_of(AUDIT_FILTER_EXIT, AUDIT_ALWAYS);
  const struct audit_rule_data leaving_out = {.flags = AUDIT_FILTER_EXCLUDE};
  CHECK(coverage(none, none) == COVERAGE_NONE);
  CHECK(coverage(all, none) == COVERAGE_WHOLE);
  CHECK(coverage(all, rule_of(AUDIT_FILTER_TASK, AUDIT_NEVER)) == COVERAGE_PARTIAL);
  CHECK(coverage(all, rule_of(AUDIT_FILTER_EXIT, AUDIT_NEVER)) == COVERAGE_PARTIAL);
  CHECK(coverage(all, with(leaving_out, AUDIT_MSGTYPE, AUDIT_PROCTITLE)) == COVERAGE_WHOLE);
  CHECK(coverage(all, with(leaving_out, AUDIT_MSGTYPE, AUDIT_EXECVE)) == COVERAGE_PARTIAL);
  CHECK(coverage(with(all, AUDIT_EUID, 0), none) == COVERAGE_PARTIAL);
  CHECK(coverage(with(with(all, AUDIT_SUCCESS, 1), AUDIT_FILTERKEY, 0), none) == COVERAGE_WHOLE);
  CHECK(coverage(with(all, AUDIT_ARCH, 0x12345), none) == COVERAGE_NONE);
  struct audit_rule_data one = none;
  one.action = AUDIT_ALWAYS;
  one.mask[AUDIT_WORD(SYS_execve)] |= AUDIT_BIT(SYS_execve);
  CHECK(coverage(one, none) == COVERAGE_PARTIAL);
  /* Says that it has more fields than there are, and a longer text than came. */
  one = all;
  one.field_count = 1000;
  CHECK(coverage(one, none) == COVERAGE_NONE);
  one = all;
  one.buflen = 1000;
  CHECK(coverage(one, none) == COVERAGE_NONE);
}

static void test_own_rule(void) {
  union own_rule rule;
  uint32_t keeper = 0;
  uint64_t start_ns = 0;
  struct audit_judgement judgement = {0};
  const size_t bytes = audit_own_rule(&rule, 4242, 987654321000u);
  CHECK(audit_rule_is_own(&rule.data, bytes, &keeper, &start_ns) && keeper == 4242 && start_ns == 987654321000u);
  audit_judge(&judgement, &rule.data, bytes);
  CHECK(audit_coverage_of(&judgement) == COVERAGE_WHOLE);
  CHECK(!audit_rule_is_own(&rule.data, bytes - 1, &keeper, &start_ns));
  /* Somebody else's with a key like ours. */
  rule.data.values[1] = 0;
  CHECK(!audit_rule_is_own(&rule.data, bytes, &keeper, &start_ns));
  CHECK(!audit_key_is_own("holdfast-processes-", &keeper, &start_ns));
  CHECK(!audit_key_is_own("holdfast-processes-1-2-3", &keeper, &start_ns));
  CHECK(!audit_key_is_own("holdfast-processes-1-2 ", &keeper, &start_ns));
  CHECK(!audit_key_is_own("mine", &keeper, &start_ns));
}

/* ---- the queue ---- */

static struct process_queue queue;
static unsigned written;
static char story[4096];

static void write_story(void *context, const struct process_record *record, const char *texts) {
  (void)context;
  written++;
  const size_t used = strlen(story);
  const char *kind = record->header.type == RECORD_PROCESS_EXEC ? "exec" : "exit";
  size_t before = 0;
  for (unsigned i = 0; i < TEXT_ARGUMENTS; i++) before += record->text_bytes[i];
  snprintf(story + used, sizeof story - used, "%s %u %.*s|", kind, record->process,
           (int)record->text_bytes[TEXT_ARGUMENTS], texts + before);
}

static const struct queue_writer writer = {write_story, NULL};

static struct process_record record_of(unsigned type, uint32_t process, uint64_t time_ms, const char *arguments) {
  struct process_record record = {.time_ns = time_ms * 1000000u, .process = process};
  record.header.type = (uint16_t)type;
  record.text_bytes[TEXT_ARGUMENTS] = (uint32_t)strlen(arguments);
  return record;
}

static void hold(unsigned type, uint32_t process, uint64_t time_ms, const char *arguments, uint64_t until_ms) {
  const struct process_record record = record_of(type, process, time_ms, arguments);
  queue_hold(&queue, &record, arguments, until_ms, &writer);
}

static void tell(uint32_t process, uint64_t time_ms, const char *arguments, uint64_t until_ms) {
  const struct process_record record = record_of(RECORD_PROCESS_EXEC, process, time_ms, arguments);
  queue_tell(&queue, &record, arguments, until_ms, &writer);
}

static void test_queue(void) {
  story[0] = '\0';
  hold(RECORD_PROCESS_EXEC, 1, 100, "", 600);
  hold(RECORD_PROCESS_EXIT, 1, 101, "", 0);
  hold(RECORD_PROCESS_EXEC, 2, 102, "", 602);
  queue_release(&queue, 100, &writer);
  CHECK(written == 0 && queue_due_ms(&queue) == 600);
  /* In another order than they happened. */
  tell(2, 102, "two", 700);
  queue_release(&queue, 110, &writer);
  CHECK(written == 0);
  tell(1, 99, "one", 700);
  queue_release(&queue, 110, &writer);
  CHECK(strcmp(story, "exec 1 one|exit 1 |exec 2 two|") == 0 && queue_due_ms(&queue) == UINT64_MAX);
  /* One of a later execution of the same process is not taken for it; what is not told leaves at its time. */
  story[0] = '\0';
  hold(RECORD_PROCESS_EXEC, 3, 200, "proc", 700);
  tell(3, 300, "later", 800);
  queue_release(&queue, 699, &writer);
  CHECK(strcmp(story, "") == 0);
  queue_release(&queue, 700, &writer);
  CHECK(strcmp(story, "exec 3 proc|") == 0);
  /* The connector lost its news. */
  queue_release(&queue, 800, &writer);
  CHECK(strcmp(story, "exec 3 proc|exec 3 later|") == 0);
}

/* Nothing is lost or told twice, however much there is. */
static void test_full_queue(void) {
  static char arguments[12000];
  memset(arguments, 'z', sizeof arguments - 1);
  written = 0;
  unsigned held = 0;
  for (uint32_t process = 0; process < 3000; process++) {
    story[0] = '\0';
    arguments[random_number() % 9000] = '\0';
    hold(RECORD_PROCESS_EXEC, process, process, "", 100000);
    held++;
    if (process % 3 != 0) tell(process, process, arguments, 100000);
    memset(arguments, 'z', sizeof arguments - 1);
  }
  queue_empty(&queue, &writer);
  CHECK(held == 3000 && written >= held && written <= held + 2000);
  CHECK(queue_due_ms(&queue) == UINT64_MAX && queue.held.used == 0 && queue.told.used == 0);
}

static void test_options(void) {
  struct arguments arguments;
  char problem[160];
  char *words[] = {"sense", "processes", "--method", "audit", "--audit-rule", "allowed"};
  char *wrong[] = {"sense", "processes", "--audit-rule", "perhaps"};
  char *elsewhere[] = {"sense", "sockets", "--audit-rule", "allowed"};
  CHECK(arguments_parse(&arguments, 6, words, problem, sizeof problem));
  CHECK(arguments.method == WISH_AUDIT && arguments.may_add_audit_rule);
  CHECK(arguments_parse(&arguments, 4, words, problem, sizeof problem) && !arguments.may_add_audit_rule);
  CHECK(!arguments_parse(&arguments, 4, wrong, problem, sizeof problem));
  CHECK(!arguments_parse(&arguments, 4, elsewhere, problem, sizeof problem));
}

int main(void) {
  test_execution();
  test_others_are_left_out();
  test_mixed_and_deleted();
  test_long_arguments();
  test_title_and_end();
  test_interleaved_records();
  test_hostile_records();
  test_changes();
  test_rules();
  test_own_rule();
  test_queue();
  test_full_queue();
  test_options();
  return checks_told("sense audit unit tests");
}
