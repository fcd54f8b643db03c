#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "complain.h"
#include "confine.h"
#include "moments.h"
#include "procfs.h"
#include "signal_records.h"

/* Stopped and not yet written down: the largest tree that is frozen in one go. */
#define MAX_HELD 256u
#define REQUESTS_AT_ONCE 128u
/* Three of them are missed before the engine takes it for hanging. */
#define PULSE_MS 10000u
/* Whoever is to be stopped may keep every core busy. */
#define ACTING_PRIORITY (-10)
#define NANOSECONDS 1000000000u

struct held_process {
  uint64_t start_ticks;
  uint32_t process;
  int descriptor;
};

struct signals {
  uint32_t self;
  uint32_t engine;
  unsigned held_count;
  struct held_process held[MAX_HELD];
  size_t used;
  _Alignas(8) unsigned char input[REQUESTS_AT_ONCE * sizeof(struct signal_request)];
};

static int send_to(int descriptor, int signal_number) {
  return (int)syscall(SYS_pidfd_send_signal, descriptor, signal_number, NULL, 0);
}

static struct held_process *find(struct signals *signals, const struct signal_request *request) {
  for (unsigned i = 0; i < signals->held_count; i++) {
    struct held_process *held = &signals->held[i];
    if (held->process == request->process && held->start_ticks == request->start_ticks) return held;
  }
  return NULL;
}

static void forget(struct signals *signals, struct held_process *held) {
  close(held->descriptor);
  *held = signals->held[--signals->held_count];
}

static void let_all_go_on(struct signals *signals) {
  while (signals->held_count > 0) {
    struct held_process *last = &signals->held[signals->held_count - 1];
    (void)send_to(last->descriptor, SIGCONT);
    forget(signals, last);
  }
}

static bool is_off_limits(const struct signals *signals, uint32_t process) {
  return process <= 1 || process > INT32_MAX || process == signals->self || process == signals->engine;
}

/*
 * A descriptor of exactly this process. First the descriptor, then the start: whoever has the number after that, the
 * descriptor is not theirs.
 */
static enum signal_outcome open_process(const struct signal_request *request, int *descriptor) {
  *descriptor = (int)syscall(SYS_pidfd_open, (pid_t)request->process, 0);
  if (*descriptor < 0) return errno == ESRCH ? OUTCOME_GONE : OUTCOME_FAILED;
  uint64_t start_ns;
  const uint64_t ns_per_tick = NANOSECONDS / (uint64_t)sysconf(_SC_CLK_TCK);
  if (!procfs_start(request->process, &start_ns)) {
    close(*descriptor);
    return OUTCOME_GONE;
  }
  if (start_ns / ns_per_tick == request->start_ticks) return OUTCOME_DONE;
  close(*descriptor);
  return OUTCOME_ANOTHER;
}

static enum signal_outcome stop_process(struct signals *signals, const struct signal_request *request) {
  if (signals->held_count == MAX_HELD) {
    errno = ENOSPC;
    return OUTCOME_FAILED;
  }
  int descriptor;
  const enum signal_outcome outcome = open_process(request, &descriptor);
  if (outcome != OUTCOME_DONE) return outcome;
  if (send_to(descriptor, SIGSTOP) != 0) {
    const int error = errno;
    close(descriptor);
    errno = error;
    return error == ESRCH ? OUTCOME_GONE : OUTCOME_FAILED;
  }
  signals->held[signals->held_count++] = (struct held_process){
      .start_ticks = request->start_ticks, .process = request->process, .descriptor = descriptor};
  return OUTCOME_DONE;
}

static enum signal_outcome send_once(struct signals *signals, const struct signal_request *request, int signal_number) {
  int descriptor;
  const enum signal_outcome outcome = open_process(request, &descriptor);
  if (outcome != OUTCOME_DONE) return outcome;
  const int error = send_to(descriptor, signal_number) == 0 ? 0 : errno;
  close(descriptor);
  if (error == 0) {
    struct held_process *held = find(signals, request);
    if (held != NULL) forget(signals, held);
    return OUTCOME_DONE;
  }
  errno = error;
  return error == ESRCH ? OUTCOME_GONE : OUTCOME_FAILED;
}

static enum signal_outcome act(struct signals *signals, const struct signal_request *request) {
  if (is_off_limits(signals, request->process)) return OUTCOME_REFUSED;
  struct held_process *held = find(signals, request);
  switch (request->order) {
    case ORDER_STOP: return held != NULL ? OUTCOME_DONE : stop_process(signals, request);
    case ORDER_CONTINUE: return send_once(signals, request, SIGCONT);
    case ORDER_KILL: return send_once(signals, request, SIGKILL);
    case ORDER_KEEP:
      if (held != NULL) forget(signals, held);
      return OUTCOME_DONE;
    default: errno = EINVAL; return OUTCOME_FAILED;
  }
}

/* In one piece; where nobody reads it is left out, and the engine stops waiting for it. */
static void say(void *record, size_t bytes, enum signal_record_type type) {
  const struct record_header header = {(uint32_t)bytes, (uint16_t)type, 0};
  memcpy(record, &header, sizeof header);
  (void)!write(STDOUT_FILENO, record, bytes);
}

static void answer(struct signals *signals, const struct signal_request *request) {
  errno = 0;
  const enum signal_outcome outcome = act(signals, request);
  struct signal_result_record result = {.sequence = request->sequence,
                                        .outcome = outcome,
                                        .error = outcome == OUTCOME_FAILED ? (uint32_t)errno : 0};
  say(&result, sizeof result, RECORD_SIGNAL_RESULT);
}

/* False when nobody says anything any more. */
static bool read_requests(struct signals *signals) {
  const ssize_t count = read(STDIN_FILENO, signals->input + signals->used, sizeof signals->input - signals->used);
  if (count < 0) return errno == EAGAIN || errno == EINTR;
  if (count == 0) return false;
  signals->used += (size_t)count;
  size_t offset = 0;
  struct signal_request request;
  for (; signals->used - offset >= sizeof request; offset += sizeof request) {
    memcpy(&request, signals->input + offset, sizeof request);
    answer(signals, &request);
  }
  signals->used -= offset;
  memmove(signals->input, signals->input + offset, signals->used);
  return true;
}

static enum exit_code loop(struct signals *signals, const volatile sig_atomic_t *stopping) {
  uint64_t next_pulse = 0;
  sigset_t none;
  sigemptyset(&none);
  while (!*stopping) {
    const uint64_t now_ms = monotonic_ms();
    if (now_ms >= next_pulse) {
      struct signal_pulse_record pulse = {.held = signals->held_count};
      say(&pulse, sizeof pulse, RECORD_SIGNAL_PULSE);
      next_pulse = now_ms + PULSE_MS;
    }
    const uint64_t wait_ms = next_pulse - now_ms;
    struct pollfd watched[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = STDOUT_FILENO}};
    const struct timespec timeout = {(time_t)(wait_ms / 1000u), (long)(wait_ms % 1000u) * 1000000L};
    if (ppoll(watched, sizeof watched / sizeof watched[0], &timeout, &none) <= 0) continue;
    if (watched[0].revents != 0 && !read_requests(signals)) return EXIT_OUTPUT_ERROR;
    if (watched[1].revents & (POLLERR | POLLHUP)) return EXIT_OUTPUT_ERROR;
  }
  return EXIT_STOPPED;
}

enum exit_code signals_run(const struct arguments *arguments, const volatile sig_atomic_t *stopping) {
  static struct signals signals;
  signals.self = (uint32_t)getpid();
  signals.engine = (uint32_t)getppid();
  const int flags = fcntl(STDOUT_FILENO, F_GETFL);
  if (flags < 0 || fcntl(STDOUT_FILENO, F_SETFL, flags | O_NONBLOCK) != 0) return EXIT_OUTPUT_ERROR;
  (void)setpriority(PRIO_PROCESS, 0, ACTING_PRIORITY);
  const char *step = "";
  if (!confine_signals(arguments->user, &step)) {
    complain(step, errno);
    return EXIT_SYSTEM_ERROR;
  }
  struct signal_hello_record hello = {.magic = SIGNAL_MAGIC, .version = SIGNAL_FORMAT_VERSION};
  say(&hello, sizeof hello, RECORD_SIGNAL_HELLO);
  const enum exit_code code = loop(&signals, stopping);
  let_all_go_on(&signals);
  return code;
}
