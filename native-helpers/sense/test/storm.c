/*
 * storm COUNT: in a network namespace of its own, makes COUNT connections over loopback as fast as it can, each by a
 * process that does nothing else and ends at once. Prints how long that took. Needs root.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

/* As many live at the same time. */
#define AT_ONCE 4u
#define MAX_COUNT 100000ul
/* Connections that wait to be taken on. */
#define BACKLOG 1024

static int connect_once(const char *port) {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return connect(descriptor, (const struct sockaddr *)&address, sizeof address) == 0 ? 0 : 71;
}

/* Answers every connection with one byte, and closes it. */
static void serve(int listening) {
  for (;;) {
    const int accepted = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
    if (accepted < 0) continue;
    (void)!send(accepted, "x", 1, MSG_NOSIGNAL);
    close(accepted);
  }
}

static int open_namespace(void) {
  if (unshare(CLONE_NEWNET) != 0) return -1;
  const int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct ifreq loopback = {.ifr_flags = IFF_UP};
  memcpy(loopback.ifr_name, "lo", 3);
  const int result = ioctl(descriptor, SIOCSIFFLAGS, &loopback);
  close(descriptor);
  return result;
}

int main(int count, char **values) {
  if (count > 2 && strcmp(values[1], "one") == 0) return connect_once(values[2]);
  const unsigned long wanted = count > 1 ? strtoul(values[1], NULL, 10) : 0;
  if (wanted == 0 || wanted > MAX_COUNT) return 64;
  if (open_namespace() != 0) {
    perror("storm: cannot make a network namespace");
    return 77;
  }
  const int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t length = sizeof address;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listening, (const struct sockaddr *)&address, sizeof address) != 0 || listen(listening, BACKLOG) != 0 ||
      getsockname(listening, (struct sockaddr *)&address, &length) != 0) {
    return 71;
  }
  const pid_t server = fork();
  if (server == 0) serve(listening);
  char port[8];
  char program[] = "/proc/self/exe";
  char one[] = "one";
  snprintf(port, sizeof port, "%u", ntohs(address.sin_port));
  char *arguments[] = {values[0], one, port, NULL};
  struct timespec begun;
  struct timespec ended;
  clock_gettime(CLOCK_MONOTONIC, &begun);
  unsigned living = 0;
  unsigned long refused = 0;
  int status = 0;
  for (unsigned long i = 0; i < wanted; i++) {
    if (posix_spawn(NULL, program, NULL, NULL, arguments, environ) != 0) return 71;
    if (++living < AT_ONCE) continue;
    if (wait(&status) > 0) living--;
    if (status != 0) refused++;
  }
  for (; living > 0; living--) {
    if (wait(&status) > 0 && status != 0) refused++;
  }
  clock_gettime(CLOCK_MONOTONIC, &ended);
  kill(server, SIGKILL);
  (void)wait(NULL);
  printf("%lu connections in %.3f s, %lu failed\n", wanted,
         (double)(ended.tv_sec - begun.tv_sec) + (double)(ended.tv_nsec - begun.tv_nsec) / 1e9, refused);
  return 0;
}
