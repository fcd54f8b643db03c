#include "tracing.h"

#include <errno.h>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include "access_records.h"

#ifdef SENSE_WITH_EBPF

/* Made by bpftool; other people's code under other warnings. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wcast-qual"
#pragma GCC diagnostic ignored "-Wcast-align"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wnull-dereference"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include "access.skel.h"
#include "processes.skel.h"
#include "sockets.skel.h"
#pragma GCC diagnostic pop

/* The ring's layout: kernel/bpf/ringbuf.c. Pages: the consumer's position, the producer's, then the data twice. */
static bool map_ring(struct tracing *tracing, int ring, size_t bytes) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  void *consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, ring, 0);
  if (consumer == MAP_FAILED) return false;
  void *producer = mmap(NULL, page + 2 * bytes, PROT_READ, MAP_SHARED, ring, (off_t)page);
  if (producer == MAP_FAILED) return false;
  tracing->ring = ring;
  tracing->consumer = consumer;
  tracing->producer = producer;
  tracing->data = (const unsigned char *)producer + page;
  tracing->mask = bytes - 1;
  return true;
}

/* What a program hands out once it is loaded. */
struct loaded {
  int ring;
  const volatile uint64_t *dropped;
};

/*
 * Each program has types and functions of its own name and the same form. Both give 0, or a negative error number. The
 * second is what follows the macro: it attaches the program, after its ring is mapped.
 */
#define DEFINE_PROGRAM(name)                                                        \
  static struct name *name##_program;                                               \
  static int load_##name(struct loaded *loaded) {                                   \
    name##_program = name##__open();                                                \
    if (name##_program == NULL) return -errno;                                      \
    const int error = name##__load(name##_program);                                 \
    if (error < 0) return error;                                                    \
    loaded->ring = name##_program->maps.ring.map_fd;                                \
    loaded->dropped = (const volatile uint64_t *)&name##_program->bss->dropped;     \
    return 0;                                                                       \
  }                                                                                 \
  static int attach_##name(struct tracing *tracing)

DEFINE_PROGRAM(processes) {
  (void)tracing;
  return processes__attach(processes_program);
}

DEFINE_PROGRAM(sockets) {
  (void)tracing;
  return sockets__attach(sockets_program);
}

/* Some kernels have no modules, and some no trace point for locks of memory: the rest is worth having without. */
DEFINE_PROGRAM(access) {
  tracing->own = (volatile uint32_t *)&access_program->bss->own;
  const int error = access__on_signal__attach(access_program);
  if (error < 0) return error;
  uint32_t attached = PART_SIGNALS;
  if ((tracing->parts & PART_MEMORY) != 0 && access__on_memory_lock__attach(access_program) >= 0) {
    attached |= PART_MEMORY;
  }
  if ((tracing->parts & PART_MODULES) != 0 && access__on_module_load__attach(access_program) >= 0 &&
      access__on_module_free__attach(access_program) >= 0) {
    attached |= PART_MODULES;
  }
  tracing->parts = attached;
  return 0;
}

static const struct {
  int (*load)(struct loaded *loaded);
  int (*attach)(struct tracing *tracing);
} programs[] = {
    [TRACED_PROCESSES] = {load_processes, attach_processes},
    [TRACED_SOCKETS] = {load_sockets, attach_sockets},
    [TRACED_ACCESS] = {load_access, attach_access},
};

bool tracing_open(struct tracing *tracing, enum traced traced, const char **step) {
  *step = "load the eBPF program";
  struct loaded loaded = {.ring = -1};
  int error = programs[traced].load(&loaded);
  if (error < 0) {
    errno = -error;
    return false;
  }
  *step = "map the ring of the eBPF program";
  struct bpf_map_info information = {0};
  union bpf_attr question = {.info = {.bpf_fd = (uint32_t)loaded.ring, .info_len = sizeof information}};
  question.info.info = (uint64_t)(uintptr_t)&information;
  if (syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &question, sizeof question) != 0) return false;
  if (!map_ring(tracing, loaded.ring, information.max_entries)) return false;
  tracing->dropped = loaded.dropped;
  *step = "attach the eBPF program";
  error = programs[traced].attach(tracing);
  if (error < 0) {
    errno = -error;
    return false;
  }
  return true;
}

#else

bool tracing_open(struct tracing *tracing, enum traced traced, const char **step) {
  (void)tracing;
  (void)traced;
  *step = "use eBPF, sense was built without it";
  errno = ENOTSUP;
  return false;
}

#endif

/* Bytes of a record's header in the ring; its first word is the length with two bits of state. */
#define RING_HEADER_BYTES BPF_RINGBUF_HDR_SZ
#define RING_STATE_BITS (BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT)

size_t tracing_drain(struct tracing *tracing, size_t limit, void (*take)(void *, const unsigned char *, size_t),
                     void *context) {
  size_t taken = 0;
  uint64_t position = *tracing->consumer;
  const uint64_t end = __atomic_load_n(tracing->producer, __ATOMIC_ACQUIRE);
  while (position < end && taken < limit) {
    const unsigned char *header = tracing->data + (position & tracing->mask);
    const uint32_t word = __atomic_load_n((const uint32_t *)(const void *)header, __ATOMIC_ACQUIRE);
    /* Being written: later ones wait behind it. */
    if (word & BPF_RINGBUF_BUSY_BIT) break;
    const uint32_t bytes = word & ~(uint32_t)RING_STATE_BITS;
    if ((word & BPF_RINGBUF_DISCARD_BIT) == 0) take(context, header + RING_HEADER_BYTES, bytes);
    position += (bytes + RING_HEADER_BYTES + 7u) & ~(uint64_t)7u;
    __atomic_store_n(tracing->consumer, position, __ATOMIC_RELEASE);
    taken++;
  }
  return taken;
}
