/*
 * What a process may still do after confine(): each case runs in a child, which is killed (SIGSYS) by what the filter
 * forbids. As root it also proves that the rights are gone. Not under the sanitizers: they make calls of their own.
 */
#include "confine.h"
#include "process_parent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534u

/* Descriptors, opened before confining. */
static int netlink_socket;
static int other_socket;
static bool was_root;
static pid_t test_process;

static void do_nothing(void) {
}
static void wait_a_moment(void) {
  struct timespec moment = {.tv_sec = 0, .tv_nsec = 1000000};
  (void)ppoll(NULL, 0, &moment, NULL);
}
static void write_nothing(void) {
  (void)!write(STDOUT_FILENO, "", 0);
}
static void send_to_kernel(void) {
  (void)sendto(netlink_socket, "", 0, MSG_DONTWAIT, NULL, 0);
}
static void map_memory(void) {
  if (mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED) _exit(1);
}
static void open_file(void) {
  (void)open("/etc/passwd", O_RDONLY);
}
static void open_socket(void) {
  (void)socket(AF_INET, SOCK_DGRAM, 0);
}
static void send_elsewhere(void) {
  (void)sendto(other_socket, "", 0, MSG_DONTWAIT, NULL, 0);
}
static void receive_elsewhere(void) {
  char byte;
  (void)recvfrom(other_socket, &byte, sizeof byte, MSG_DONTWAIT, NULL, NULL);
}
static void change_socket(void) {
  int one = 1;
  (void)setsockopt(other_socket, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
}
static void map_code(void) {
  (void)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static void make_process(void) {
  (void)fork();
}
static void signal_parent(void) {
  (void)kill(getppid(), 0);
}
static void trace_parent(void) {
  (void)syscall(SYS_ptrace, 0, 0, 0, 0);
}

static void read_file(void) {
  char bytes[16];
  int file = open("/proc/1/stat", O_RDONLY | O_CLOEXEC);
  if (file < 0 || read(file, bytes, sizeof bytes) <= 0) _exit(1);
}
static void read_link_of_another(void) {
  char target[256];
  char link[48];
  snprintf(link, sizeof link, "/proc/%d/exe", (int)test_process);
  if (readlinkat(AT_FDCWD, link, target, sizeof target) <= 0 && was_root) _exit(1);
}
static void write_file(void) {
  (void)open("/proc/self/comm", O_RDWR);
}
static void make_file(void) {
  (void)open("/tmp/holdfast-confine-test", O_CREAT | O_RDONLY, 0600);
}

static void make_queue(void) {
  if (fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_FID | FAN_CLOEXEC, O_RDONLY) < 0 && was_root) _exit(1);
}
static void take_lease(void) {
  int file = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
  if (file < 0 || (fcntl(file, F_SETLEASE, F_RDLCK) != 0 && errno == EACCES && was_root)) _exit(1);
}
static void change_flags(void) {
  (void)fcntl(STDOUT_FILENO, F_SETFL, O_NONBLOCK);
}
/* The right to is part of the one that marking takes. */
static void mount_something(void) {
  (void)mount("none", "/nowhere", "tmpfs", 0, NULL);
}

static void ask_for_parent(void) {
  if (process_parent((uint32_t)test_process) == 0) _exit(1);
}
static void ask_terminal(void) {
  int size = 0;
  (void)ioctl(STDIN_FILENO, FIONREAD, &size);
}

static void send_signal(int signal_number) {
  int process = (int)syscall(SYS_pidfd_open, test_process, 0);
  if (process < 0 || (syscall(SYS_pidfd_send_signal, process, signal_number, NULL, 0) != 0 && was_root)) _exit(1);
}
static void let_go_on(void) {
  send_signal(SIGCONT);
}
static void send_no_signal(void) {
  send_signal(0);
}

struct test_case {
  const char *name;
  void (*act)(void);
  bool allowed;
};

/* Whoever reads about processes may do more, and no more than that. */
static const struct test_case reader_cases[] = {
    {"end", do_nothing, true},
    {"write", write_nothing, true},
    {"read a file of /proc", read_file, true},
    {"see what another's process executes", read_link_of_another, true},
    {"receive from the second socket", receive_elsewhere, true},
    {"send to the second socket", send_elsewhere, false},
    {"open a file for writing", write_file, false},
    {"make a file", make_file, false},
    {"open a socket", open_socket, false},
    {"map code", map_code, false},
    {"make a process", make_process, false},
    {"signal a process", signal_parent, false},
    {"trace a process", trace_parent, false},
};

static const struct test_case cases[] = {
    {"end", do_nothing, true},
    {"wait", wait_a_moment, true},
    {"write", write_nothing, true},
    {"ask the kernel for interfaces", send_to_kernel, true},
    {"map memory", map_memory, true},
    {"open a file", open_file, false},
    {"open a socket", open_socket, false},
    {"send on another socket", send_elsewhere, false},
    {"set options other than a packet socket's", change_socket, false},
    {"map code", map_code, false},
    {"make a process", make_process, false},
    {"signal a process", signal_parent, false},
    {"trace a process", trace_parent, false},
};

/* Whoever watches files may mark more of them, and neither write nor send. */
static const struct test_case files_cases[] = {
    {"end", do_nothing, true},
    {"write", write_nothing, true},
    {"read a file of /proc", read_file, true},
    {"see what another's process executes", read_link_of_another, true},
    {"make another queue", make_queue, true},
    {"open a file for writing", write_file, false},
    {"make a file", make_file, false},
    {"open a socket", open_socket, false},
    {"send on a socket", send_to_kernel, false},
    {"map code", map_code, false},
    {"make a process", make_process, false},
    {"signal a process", signal_parent, false},
    {"trace a process", trace_parent, false},
    {"mount", mount_something, false},
    {"take a lease", take_lease, false},
};

/* Whoever asks before programs start. */
static const struct test_case verdict_cases[] = {
    {"end", do_nothing, true},
    {"write", write_nothing, true},
    {"see what another's process executes", read_link_of_another, true},
    {"make another queue", make_queue, true},
    {"take a lease", take_lease, true},
    {"see who started a process", ask_for_parent, true},
    {"ask a terminal", ask_terminal, false},
    {"change how a file is open", change_flags, false},
    {"open a file for writing", write_file, false},
    {"open a socket", open_socket, false},
    {"make a process", make_process, false},
    {"mount", mount_something, false},
};

/* Whoever removes an audit rule when its parent is gone may hardly do anything else. */
static const struct test_case guard_cases[] = {
    {"end", do_nothing, true},
    {"give the kernel an order", send_to_kernel, true},
    {"write elsewhere", write_nothing, false},
    {"read a file of /proc", read_file, false},
    {"open a file", open_file, false},
    {"open a socket", open_socket, false},
    {"send elsewhere", send_elsewhere, false},
    {"map memory", map_memory, false},
    {"map code", map_code, false},
    {"make a process", make_process, false},
    {"signal a process", signal_parent, false},
    {"mount", mount_something, false},
    {"take a lease", take_lease, false},
};

/* Whoever stops processes. */
static const struct test_case signal_cases[] = {
    {"end", do_nothing, true},
    {"write", write_nothing, true},
    {"read a file of /proc", read_file, true},
    {"let a process go on", let_go_on, true},
    {"send another signal", send_no_signal, false},
    {"signal a process by its number", signal_parent, false},
    {"trace a process", trace_parent, false},
    {"see what another's process executes", read_link_of_another, false},
    {"open a file for writing", write_file, false},
    {"open a socket", open_socket, false},
    {"send on a socket", send_to_kernel, false},
    {"map code", map_code, false},
    {"make a process", make_process, false},
    {"mount", mount_something, false},
};

typedef bool confinement(uint32_t user, int netlink, const char **step);

static unsigned try_cases(const struct test_case *list, size_t count, confinement *confining) {
  unsigned failed = 0;
  for (size_t i = 0; i < count; i++) {
    pid_t child = fork();
    if (child == 0) {
      const char *step = "";
      if (!confining(NOBODY, netlink_socket, &step)) {
        perror(step);
        _exit(2);
      }
      list[i].act();
      _exit(0);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) _exit(1);
    bool right = list[i].allowed ? WIFEXITED(status) && WEXITSTATUS(status) == 0
                                 : WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
    if (!right) {
      failed++;
      fprintf(stderr, "test/confine.c: not %s: %s\n", list[i].allowed ? "allowed" : "forbidden", list[i].name);
    }
  }
  return failed;
}

static bool confine_process_reader(uint32_t user, int netlink, const char **step) {
  return confine_reader(user, netlink, other_socket, step);
}

static bool confine_rule_guard(uint32_t user, int netlink, const char **step) {
  return confine_guard(user, netlink, other_socket, step);
}

static bool confine_watcher(uint32_t user, int netlink, const char **step) {
  (void)netlink;
  return confine_files(user, step);
}

static bool confine_asker(uint32_t user, int netlink, const char **step) {
  (void)netlink;
  return confine_verdicts(user, step);
}

static bool confine_signaller(uint32_t user, int netlink, const char **step) {
  (void)netlink;
  return confine_signals(user, step);
}

int main(void) {
  const size_t files_count = sizeof files_cases / sizeof files_cases[0];
  const size_t signal_count = sizeof signal_cases / sizeof signal_cases[0];
  const size_t verdict_count = sizeof verdict_cases / sizeof verdict_cases[0];
  const size_t count = sizeof cases / sizeof cases[0];
  const size_t guard_count = sizeof guard_cases / sizeof guard_cases[0];
  const size_t reader_count = sizeof reader_cases / sizeof reader_cases[0];
  was_root = geteuid() == 0;
  test_process = getpid();
  netlink_socket = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
  other_socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  unsigned failed = try_cases(cases, count, confine) + try_cases(reader_cases, reader_count, confine_process_reader) +
                    try_cases(files_cases, files_count, confine_watcher) +
                    try_cases(verdict_cases, verdict_count, confine_asker) +
                    try_cases(signal_cases, signal_count, confine_signaller) +
                    try_cases(guard_cases, guard_count, confine_rule_guard);
  const unsigned all = (unsigned)(count + reader_count + files_count + verdict_count + signal_count +
                                  guard_count);
  printf("sense confinement tests: %u passed, %u failed\n", all - failed, failed);
  return failed == 0 ? 0 : 1;
}
