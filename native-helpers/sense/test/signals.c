/*
 * Tests of sense signal against processes of their own. Run under the sanitizers: make test. As root the helper becomes
 * another user, so that its one right is tried as well.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "procfs.h"
#include "signal_records.h"
#include "signals.h"

#define NANOSECONDS 1000000000u
/* For what takes microseconds, on a machine that has much else to do: 10 s. */
#define MOST_LOOKS 2000
#define LOOK_US 5000

struct helper {
  pid_t process;
  int orders;
  int answers;
};

static volatile sig_atomic_t stopping;

static void stop_helper(int signal_number) {
  (void)signal_number;
  stopping = 1;
}

/* Whoever holds the end of a pipe keeps the other from seeing that it was closed. */
static void close_others(void) {
  for (int descriptor = STDERR_FILENO + 1; descriptor < 64; descriptor++) close(descriptor);
}

static void run_helper(int orders, int answers) {
  const struct arguments arguments = {.command = COMMAND_SIGNAL, .user = 65534};
  const struct sigaction action = {.sa_handler = stop_helper};
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  sigprocmask(SIG_BLOCK, &blocked, NULL);
  sigaction(SIGTERM, &action, NULL);
  dup2(orders, STDIN_FILENO);
  dup2(answers, STDOUT_FILENO);
  close_others();
  _exit((int)signals_run(&arguments, &stopping));
}

static bool read_whole(const struct helper *helper, void *record, size_t bytes) {
  for (size_t used = 0; used < bytes;) {
    const ssize_t count = read(helper->answers, (char *)record + used, bytes - used);
    if (count <= 0) return false;
    used += (size_t)count;
  }
  return true;
}

static struct helper start_helper(void) {
  int orders[2];
  int answers[2];
  if (pipe(orders) != 0 || pipe(answers) != 0) abort();
  struct helper helper = {.process = fork(), .orders = orders[1], .answers = answers[0]};
  if (helper.process == 0) run_helper(orders[0], answers[1]);
  close(orders[0]);
  close(answers[1]);
  struct signal_hello_record hello = {0};
  CHECK(read_whole(&helper, &hello, sizeof hello) && hello.magic == SIGNAL_MAGIC);
  CHECK(hello.header.type == RECORD_SIGNAL_HELLO && hello.version == SIGNAL_FORMAT_VERSION);
  return helper;
}

/* Its exit code. */
static int exit_of(struct helper *helper) {
  int status = 0;
  if (waitpid(helper->process, &status, 0) != helper->process) abort();
  close(helper->answers);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int await_end(struct helper *helper) {
  close(helper->orders);
  return exit_of(helper);
}

/* The orders end only after it: it would else not be known which of the two ended it. */
static int end_by_signal(struct helper *helper) {
  kill(helper->process, SIGTERM);
  const int code = exit_of(helper);
  close(helper->orders);
  return code;
}

static uint64_t start_of(pid_t process) {
  uint64_t start_ns = 0;
  if (!procfs_start((uint32_t)process, &start_ns)) return 0;
  return start_ns / (NANOSECONDS / (uint64_t)sysconf(_SC_CLK_TCK));
}

static char state_of(pid_t process) {
  char path[32];
  char line[512] = "";
  snprintf(path, sizeof path, "/proc/%d/stat", (int)process);
  FILE *file = fopen(path, "r");
  if (file == NULL) return '-';
  const size_t count = fread(line, 1, sizeof line - 1, file);
  fclose(file);
  line[count] = '\0';
  const char *end = strrchr(line, ')');
  return end == NULL ? '-' : end[2];
}

static bool becomes(pid_t process, char state) {
  for (int looks = 0; looks < MOST_LOOKS; looks++) {
    if (state_of(process) == state) return true;
    usleep(LOOK_US);
  }
  return false;
}

/* Only what has closed the pipes of the helper and sleeps is a target: one that is stopped before would hold them. */
static pid_t start_target(void) {
  int ready[2];
  if (pipe(ready) != 0) abort();
  const pid_t process = fork();
  if (process == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close_others();
    for (;;) pause();
  }
  close(ready[1]);
  char nothing;
  CHECK(read(ready[0], &nothing, 1) == 0);
  close(ready[0]);
  CHECK(becomes(process, 'S'));
  return process;
}

static void end_target(pid_t process) {
  kill(process, SIGKILL);
  waitpid(process, NULL, 0);
}

static struct signal_result_record ask_at(const struct helper *helper, enum signal_order order, uint32_t process,
                                          uint64_t start) {
  static uint32_t sequence;
  const struct signal_request request = {.sequence = ++sequence, .process = process, .start_ticks = start, .order = order};
  struct signal_result_record result = {0};
  if (write(helper->orders, &request, sizeof request) != (ssize_t)sizeof request) abort();
  do {
    /* A pulse is shorter than an answer. */
    if (!read_whole(helper, &result.header, sizeof result.header)) return result;
    if (!read_whole(helper, &result.sequence, result.header.record_bytes - sizeof result.header)) return result;
  } while (result.header.type == RECORD_SIGNAL_PULSE);
  CHECK(result.sequence == sequence && result.header.record_bytes == sizeof result);
  return result;
}

static uint32_t ask(const struct helper *helper, enum signal_order order, pid_t process) {
  return ask_at(helper, order, (uint32_t)process, start_of(process)).outcome;
}

static void test_arguments(void) {
  struct arguments arguments;
  char problem[160];
  char *right[] = {"sense", "signal", "--user", "1000"};
  CHECK(arguments_parse(&arguments, 2, right, problem, sizeof problem) && arguments.command == COMMAND_SIGNAL);
  CHECK(arguments_parse(&arguments, 4, right, problem, sizeof problem) && arguments.user == 1000);
  CHECK(!arguments_parse(&arguments, 3, right, problem, sizeof problem));
  char *wrong[] = {"sense", "signal", "--own", "42"};
  CHECK(!arguments_parse(&arguments, 4, wrong, problem, sizeof problem));
}

static void test_orders(void) {
  struct helper helper = start_helper();
  const pid_t target = start_target();
  CHECK(ask(&helper, ORDER_STOP, target) == OUTCOME_DONE && becomes(target, 'T'));
  CHECK(ask(&helper, ORDER_STOP, target) == OUTCOME_DONE);
  CHECK(ask(&helper, ORDER_CONTINUE, target) == OUTCOME_DONE && becomes(target, 'S'));
  CHECK(ask(&helper, ORDER_STOP, target) == OUTCOME_DONE && becomes(target, 'T'));
  CHECK(ask(&helper, ORDER_KILL, target) == OUTCOME_DONE && becomes(target, 'Z'));
  const uint64_t start = start_of(target);
  end_target(target);
  CHECK(ask_at(&helper, ORDER_STOP, (uint32_t)target, start).outcome == OUTCOME_GONE);
  CHECK(await_end(&helper) == EXIT_OUTPUT_ERROR);
}

static void test_others(void) {
  struct helper helper = start_helper();
  const pid_t target = start_target();
  /* The number was given to another one. */
  CHECK(ask_at(&helper, ORDER_STOP, (uint32_t)target, start_of(target) + 1).outcome == OUTCOME_ANOTHER);
  CHECK(ask_at(&helper, ORDER_KILL, (uint32_t)target, start_of(target) - 1).outcome == OUTCOME_ANOTHER);
  CHECK(ask(&helper, ORDER_STOP, 1) == OUTCOME_REFUSED);
  CHECK(ask_at(&helper, ORDER_KILL, 0, 0).outcome == OUTCOME_REFUSED);
  CHECK(ask_at(&helper, ORDER_KILL, UINT32_MAX, 0).outcome == OUTCOME_REFUSED);
  CHECK(ask(&helper, ORDER_KILL, helper.process) == OUTCOME_REFUSED);
  CHECK(ask(&helper, ORDER_STOP, getpid()) == OUTCOME_REFUSED);
  const struct signal_result_record odd = ask_at(&helper, (enum signal_order)9, (uint32_t)target, start_of(target));
  CHECK(odd.outcome == OUTCOME_FAILED && odd.error == EINVAL);
  CHECK(state_of(target) == 'S');
  (void)await_end(&helper);
  end_target(target);
}

/* Whatever pieces they come in, every request is answered once, in order. */
static void test_pieces(void) {
  struct helper helper = start_helper();
  const pid_t target = start_target();
  struct signal_request requests[300];
  const size_t count = sizeof requests / sizeof requests[0];
  for (uint32_t i = 0; i < count; i++) {
    const enum signal_order order = i % 2 == 0 ? ORDER_STOP : ORDER_CONTINUE;
    requests[i] = (struct signal_request){
        .sequence = i, .process = (uint32_t)target, .start_ticks = start_of(target), .order = order};
  }
  for (size_t sent = 0; sent < sizeof requests;) {
    size_t piece = 1 + random_number() % 200;
    if (piece > sizeof requests - sent) piece = sizeof requests - sent;
    if (write(helper.orders, (const char *)requests + sent, piece) != (ssize_t)piece) abort();
    sent += piece;
  }
  bool right = true;
  for (uint32_t i = 0; i < count; i++) {
    struct signal_result_record result = {0};
    if (!read_whole(&helper, &result.header, sizeof result.header)) abort();
    if (!read_whole(&helper, &result.sequence, result.header.record_bytes - sizeof result.header)) abort();
    if (result.header.type == RECORD_SIGNAL_PULSE) i--;
    else right = right && result.sequence == i && result.outcome == OUTCOME_DONE;
  }
  CHECK(right);
  (void)await_end(&helper);
  end_target(target);
}

static void test_ends(void) {
  for (int by_signal = 0; by_signal <= 1; by_signal++) {
    struct helper helper = start_helper();
    const pid_t forgotten = start_target();
    const pid_t kept = start_target();
    CHECK(ask(&helper, ORDER_STOP, forgotten) == OUTCOME_DONE && ask(&helper, ORDER_STOP, kept) == OUTCOME_DONE);
    CHECK(ask(&helper, ORDER_KEEP, kept) == OUTCOME_DONE);
    CHECK(becomes(forgotten, 'T') && becomes(kept, 'T'));
    /* Half a request before the end is none. */
    if (!by_signal) CHECK(write(helper.orders, "\1\2\3", 3) == 3);
    if (by_signal) CHECK(end_by_signal(&helper) == EXIT_STOPPED);
    else CHECK(await_end(&helper) == EXIT_OUTPUT_ERROR);
    CHECK(becomes(forgotten, 'S') && state_of(kept) == 'T');
    end_target(forgotten);
    end_target(kept);
  }
}

int main(void) {
  test_arguments();
  test_orders();
  test_others();
  test_pieces();
  test_ends();
  return checks_told("sense signal tests");
}
