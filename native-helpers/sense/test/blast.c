/*
 * Sends a known number of small UDP packets as fast as asked, for tests and benchmarks on a veth pair.
 *
 *   blast INTERFACE COUNT [RATE [FLOWS [BYTES [VLAN]]]]
 *
 * COUNT packets (at most MAX_COUNT) of BYTES bytes (default 60) at RATE packets/s (default 0: as fast as it
 * goes), spread over FLOWS five-tuples (default 1000) in turn: 10.66.0.1:1024+n to 10.66.(n/250).(n%250+1):9999,
 * with the 802.1Q tag VLAN if there is one (default 0: none; counted in BYTES). The payload begins with the packet's number (64 bits, little-endian). The destination hardware address is
 * nobody's, so that no host answers. Prints {"sent":N,"refused":N,"seconds":S}: refused packets found the
 * device's queue full and were not sent again.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* Bounds, so that a slip does not flood anything for long. */
#define MAX_COUNT 20000000ull
#define MAX_SECONDS 120.0
#define MAX_FLOWS 60000ull
#define MIN_BYTES 60ull
#define MAX_BYTES 1500ull
#define BATCH 64u
#define IP_HEADER_BYTES 20u
#define UDP_HEADER_BYTES 8u
#define VLAN_TAG_BYTES 4u
#define MAX_VLAN 4094ull

static double now_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static uint64_t argument(int count, char **values, int index, uint64_t fallback, uint64_t min, uint64_t max) {
  if (index >= count) return fallback;
  char *end = NULL;
  unsigned long long value = strtoull(values[index], &end, 10);
  if (*end != '\0' || value < min || value > max) {
    fprintf(stderr, "blast: %s is not between %llu and %llu\n", values[index], (unsigned long long)min,
            (unsigned long long)max);
    exit(64);
  }
  return value;
}

static void put16(unsigned char *bytes, uint64_t value) {
  bytes[0] = (unsigned char)(value >> 8);
  bytes[1] = (unsigned char)value;
}

static void fill_frame(unsigned char *frame, uint64_t flow, uint64_t bytes, uint64_t vlan) {
  static const unsigned char addresses[2 * ETH_ALEN] = {2, 0, 0, 0, 0x66, 2, 2, 0, 0, 0, 0x66, 1};
  memcpy(frame, addresses, sizeof addresses);
  unsigned char *type = frame + sizeof addresses;
  if (vlan > 0) {
    put16(type, ETH_P_8021Q);
    put16(type + 2, vlan);
    type += VLAN_TAG_BYTES;
  }
  put16(type, ETH_P_IP);
  unsigned char *ip = type + 2;
  const uint64_t ip_bytes = bytes - (uint64_t)(ip - frame);
  ip[0] = 0x45;
  put16(ip + 2, ip_bytes);
  ip[8] = 64;
  ip[9] = IPPROTO_UDP;
  const unsigned char source[] = {10, 66, 0, 1};
  const unsigned char target[] = {10, 66, (unsigned char)(flow / 250), (unsigned char)(flow % 250 + 1)};
  memcpy(ip + 12, source, sizeof source);
  memcpy(ip + 16, target, sizeof target);
  uint32_t sum = 0;
  for (unsigned i = 0; i < IP_HEADER_BYTES; i += 2) sum += (uint32_t)(ip[i] << 8 | ip[i + 1]);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  put16(ip + 10, ~sum & 0xffff);
  unsigned char *udp = ip + IP_HEADER_BYTES;
  put16(udp, 1024 + flow);
  put16(udp + 2, 9999);
  put16(udp + 4, ip_bytes - IP_HEADER_BYTES);
}

int main(int count, char **values) {
  if (count < 3) {
    fputs("blast INTERFACE COUNT [RATE [FLOWS [BYTES [VLAN]]]]\n", stderr);
    return 64;
  }
  const uint64_t packets = argument(count, values, 2, 0, 1, MAX_COUNT);
  const uint64_t rate = argument(count, values, 3, 0, 0, MAX_COUNT);
  const uint64_t flows = argument(count, values, 4, 1000, 1, MAX_FLOWS);
  const uint64_t bytes = argument(count, values, 5, MIN_BYTES, MIN_BYTES, MAX_BYTES);
  const uint64_t vlan = argument(count, values, 6, 0, 0, MAX_VLAN);
  const uint64_t header_bytes = ETH_HLEN + (vlan > 0 ? VLAN_TAG_BYTES : 0) + IP_HEADER_BYTES + UDP_HEADER_BYTES;

  int descriptor = socket(AF_PACKET, SOCK_RAW, 0);
  struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(values[1])};
  int one = 1;
  if (descriptor < 0 || address.sll_ifindex == 0 ||
      setsockopt(descriptor, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof one) != 0 ||
      bind(descriptor, (const struct sockaddr *)(const void *)&address, sizeof address) != 0) {
    fprintf(stderr, "blast: %s: %s\n", values[1], strerror(errno));
    return 71;
  }

  unsigned char *frames = calloc(flows, bytes);
  if (frames == NULL) return 71;
  for (uint64_t flow = 0; flow < flows; flow++) fill_frame(frames + flow * bytes, flow, bytes, vlan);

  struct mmsghdr messages[BATCH] = {0};
  struct iovec parts[BATCH][2];
  unsigned char numbers[BATCH][MAX_BYTES] = {{0}};
  uint64_t sent = 0;
  uint64_t refused = 0;
  const double begin = now_seconds();
  double elapsed = 0;
  while (sent + refused < packets && elapsed < MAX_SECONDS) {
    uint64_t next = sent + refused;
    if (rate > 0) {
      /* Never more than a batch ahead of the schedule. */
      double due = begin + (double)next / (double)rate;
      double wait = due - now_seconds();
      if (wait > 0) {
        struct timespec pause = {.tv_sec = (time_t)wait, .tv_nsec = (long)((wait - (double)(time_t)wait) * 1e9)};
        nanosleep(&pause, NULL);
      }
    }
    unsigned batch = packets - next < BATCH ? (unsigned)(packets - next) : BATCH;
    for (unsigned i = 0; i < batch; i++) {
      uint64_t number = next + i;
      memcpy(numbers[i], &number, sizeof number);
      parts[i][0] = (struct iovec){frames + number % flows * bytes, header_bytes};
      parts[i][1] = (struct iovec){numbers[i], bytes - header_bytes};
      messages[i].msg_hdr = (struct msghdr){.msg_iov = parts[i], .msg_iovlen = 2};
    }
    int done = sendmmsg(descriptor, messages, batch, 0);
    if (done > 0) {
      sent += (uint64_t)done;
    } else if (errno == ENOBUFS || errno == EAGAIN) {
      refused++;
    } else if (errno != EINTR) {
      fprintf(stderr, "blast: %s\n", strerror(errno));
      return 71;
    }
    elapsed = now_seconds() - begin;
  }
  printf("{\"sent\":%llu,\"refused\":%llu,\"seconds\":%.3f}\n", (unsigned long long)sent,
         (unsigned long long)refused, elapsed);
  free(frames);
  return 0;
}
