/*
 * Stands in for a VPN in tests: makes a tun interface, switches it on, and lets COUNT packets come out of it.
 *
 *   tunnel NAME COUNT
 *
 * The packets are IPv4/UDP, 10.68.0.1 to 10.68.0.2, one every 10 ms, beginning half a second after the interface is
 * there. The interface goes with this process, which ends when its standard input does.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_COUNT 1000
#define SETTLE_NANOSECONDS 500000000L
#define INTERVAL_NANOSECONDS 10000000L

static int complain(const char *what) {
  fprintf(stderr, "tunnel: %s: %s\n", what, strerror(errno));
  return 71;
}

int main(int count, char **values) {
  char *end = NULL;
  long packets = count == 3 ? strtol(values[2], &end, 10) : -1;
  if (packets < 0 || packets > MAX_COUNT || *end != '\0' || strlen(values[1]) >= IFNAMSIZ) {
    fputs("tunnel NAME COUNT\n", stderr);
    return 64;
  }
  int device = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
  if (device < 0) return complain("/dev/net/tun");
  struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
  snprintf(request.ifr_name, sizeof request.ifr_name, "%s", values[1]);
  if (ioctl(device, TUNSETIFF, &request) != 0) return complain(values[1]);
  int control = socket(AF_INET, SOCK_DGRAM, 0);
  request.ifr_flags = IFF_UP;
  if (control < 0 || ioctl(control, SIOCSIFFLAGS, &request) != 0) return complain(values[1]);

  static const unsigned char packet[] = {
      0x45, 0, 0, 32, 0, 0, 0, 0, 64, IPPROTO_UDP, 0x66, 0x42, 10, 68, 0, 1, 10, 68, 0, 2, /* IPv4 */
      0x27, 0x0f, 0x27, 0x0f, 0, 12, 0, 0, 't', 'e', 's', 't',                              /* UDP */
  };
  struct timespec pause = {.tv_sec = 0, .tv_nsec = SETTLE_NANOSECONDS};
  for (long i = 0; i < packets; i++) {
    nanosleep(&pause, NULL);
    if (write(device, packet, sizeof packet) != (ssize_t)sizeof packet) return complain("write");
    pause.tv_nsec = INTERVAL_NANOSECONDS;
  }
  char byte;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
  return 0;
}
