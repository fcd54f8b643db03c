#include "ring.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define BYTES_PER_MEBIBYTE (1024u * 1024u)
#define BLOCKS_PER_MEBIBYTE (BYTES_PER_MEBIBYTE / BLOCK_BYTES)
/* TPACKET_V3 packs packets of any size; the kernel only wants a number that divides the block. */
#define NOMINAL_FRAME_BYTES 2048u
/* No packet has it (IANA ieee-802-numbers). */
#define RESERVED_PROTOCOL 0xffffu

bool ring_open(struct ring *ring, bool with_header, uint32_t snap_bytes) {
  *ring = (struct ring){.socket = -1};
  /* Protocol 0: nothing arrives before ring_bind. */
  int descriptor = socket(AF_PACKET, (with_header ? SOCK_RAW : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return false;
  int version = TPACKET_V3;
  /* A filter that takes everything and says how much of it to keep. */
  struct sock_filter keep[] = {BPF_STMT(BPF_RET | BPF_K, snap_bytes)};
  struct sock_fprog filter = {.len = 1, .filter = keep};
  int one = 1;
  if (setsockopt(descriptor, SOL_PACKET, PACKET_VERSION, &version, sizeof version) != 0 ||
      setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) != 0 ||
      setsockopt(descriptor, SOL_SOCKET, SO_LOCK_FILTER, &one, sizeof one) != 0) {
    int error = errno;
    close(descriptor);
    errno = error;
    return false;
  }
  ring->socket = descriptor;
  return true;
}

static int request_ring(const struct ring *ring, uint32_t blocks) {
  struct tpacket_req3 request = {0};
  if (blocks > 0) {
    request.tp_block_size = BLOCK_BYTES;
    request.tp_block_nr = blocks;
    request.tp_frame_size = NOMINAL_FRAME_BYTES;
    request.tp_frame_nr = blocks * (BLOCK_BYTES / NOMINAL_FRAME_BYTES);
    request.tp_retire_blk_tov = BLOCK_TIMEOUT_MS;
  }
  return setsockopt(ring->socket, SOL_PACKET, PACKET_RX_RING, &request, sizeof request);
}

bool ring_allocate(struct ring *ring, uint32_t mebibytes) {
  if (ring->memory != NULL) return true;
  uint32_t blocks = mebibytes * BLOCKS_PER_MEBIBYTE;
  while (request_ring(ring, blocks) != 0) {
    if (errno != ENOMEM || blocks <= BLOCKS_PER_MEBIBYTE) return false;
    blocks /= 2;
  }
  void *memory = mmap(NULL, (size_t)blocks * BLOCK_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, ring->socket, 0);
  if (memory == MAP_FAILED) {
    int error = errno;
    (void)request_ring(ring, 0);
    errno = error;
    return false;
  }
  ring->memory = memory;
  ring->blocks = blocks;
  ring->next = 0;
  return true;
}

void ring_release(struct ring *ring) {
  if (ring->memory == NULL) return;
  (void)munmap(ring->memory, (size_t)ring->blocks * BLOCK_BYTES);
  (void)request_ring(ring, 0);
  ring->memory = NULL;
  ring->blocks = 0;
}

static bool bind_to(const struct ring *ring, int interface_index, uint16_t protocol) {
  struct sockaddr_ll address = {
      .sll_family = AF_PACKET,
      .sll_protocol = htons(protocol),
      .sll_ifindex = interface_index,
  };
  return bind(ring->socket, (const struct sockaddr *)(const void *)&address, sizeof address) == 0;
}

bool ring_bind(struct ring *ring, int interface_index, bool loopback, bool promiscuous) {
  /* Loopback shows every packet twice, going out and coming in: the second is enough. */
  int ignore = loopback ? 1 : 0;
  if (setsockopt(ring->socket, SOL_PACKET, PACKET_IGNORE_OUTGOING, &ignore, sizeof ignore) != 0) return false;
  if (!bind_to(ring, interface_index, ETH_P_ALL)) return false;
  if (promiscuous) {
    struct packet_mreq membership = {.mr_ifindex = interface_index, .mr_type = PACKET_MR_PROMISC};
    if (setsockopt(ring->socket, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership, sizeof membership) != 0) return false;
  }
  return true;
}

void ring_unbind(struct ring *ring, int interface_index) {
  /* Protocol 0 would keep the old one. Fails only where the interface is gone, and then there is nothing to do. */
  (void)bind_to(ring, interface_index, RESERVED_PROTOCOL);
}

static struct tpacket_block_desc *block_at(const struct ring *ring, uint32_t index) {
  /* Blocks are page-aligned: the cast through void says that alignment is known. */
  return (struct tpacket_block_desc *)(void *)(ring->memory + (size_t)index * BLOCK_BYTES);
}

struct tpacket_block_desc *ring_block(const struct ring *ring) {
  if (ring->memory == NULL) return NULL;
  struct tpacket_block_desc *block = block_at(ring, ring->next);
  uint32_t status = __atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE);
  return (status & TP_STATUS_USER) ? block : NULL;
}

void ring_return(struct ring *ring, struct tpacket_block_desc *block) {
  __atomic_store_n(&block->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
  ring->next = ring->next + 1 == ring->blocks ? 0 : ring->next + 1;
}

bool ring_statistics(const struct ring *ring, uint32_t *dropped, uint32_t *freezes) {
  struct tpacket_stats_v3 statistics = {0};
  socklen_t bytes = sizeof statistics;
  if (getsockopt(ring->socket, SOL_PACKET, PACKET_STATISTICS, &statistics, &bytes) != 0) return false;
  *dropped = statistics.tp_drops;
  *freezes = statistics.tp_freeze_q_cnt;
  return true;
}

int ring_take_error(const struct ring *ring) {
  int error = 0;
  socklen_t bytes = sizeof error;
  if (getsockopt(ring->socket, SOL_SOCKET, SO_ERROR, &error, &bytes) != 0) return errno;
  return error;
}
