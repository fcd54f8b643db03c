/*
 * What a process may still do after confine(): each case runs in a child, which is killed (SIGSYS) by what the filter
 * forbids. As root it also proves that the rights are gone. Not under the sanitizers: they make calls of their own.
 */
#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534u

/* Descriptors, opened before confining. */
static int netlink_socket;
static int other_socket;

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

static const struct {
  const char *name;
  void (*act)(void);
  bool allowed;
} cases[] = {
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

int main(void) {
  unsigned failed = 0;
  const size_t count = sizeof cases / sizeof cases[0];
  netlink_socket = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
  other_socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  for (size_t i = 0; i < count; i++) {
    pid_t child = fork();
    if (child == 0) {
      const char *step = "";
      if (!confine(NOBODY, netlink_socket, &step)) {
        perror(step);
        _exit(2);
      }
      cases[i].act();
      _exit(0);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) return 1;
    bool right = cases[i].allowed ? WIFEXITED(status) && WEXITSTATUS(status) == 0
                                  : WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
    if (!right) {
      failed++;
      fprintf(stderr, "test/confine.c: not %s: %s\n", cases[i].allowed ? "allowed" : "forbidden", cases[i].name);
    }
  }
  printf("sense confinement tests: %u passed, %u failed\n", (unsigned)count - failed, failed);
  return failed == 0 ? 0 : 1;
}
