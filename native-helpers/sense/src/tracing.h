/* The eBPF programs (bpf/): put into the kernel, and read. */
#ifndef SENSE_TRACING_H
#define SENSE_TRACING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum traced {
  /* bpf/processes.bpf.c */
  TRACED_PROCESSES,
  /* bpf/sockets.bpf.c */
  TRACED_SOCKETS,
  /* bpf/access.bpf.c */
  TRACED_ACCESS,
};

struct tracing {
  /* Readable when there are records. */
  int ring;
  const unsigned char *data;
  volatile uint64_t *consumer;
  const volatile uint64_t *producer;
  const volatile uint64_t *dropped;
  uint64_t mask;
  /* Of TRACED_ACCESS. Before opening: what to watch (enum access_part); afterwards what of it the kernel can tell. */
  uint32_t parts;
  /* Of TRACED_ACCESS: the process whose signals are told; 0: nobody's. */
  volatile uint32_t *own;
};

/*
 * Loads and attaches a program. It stays attached until this process ends. On failure false with errno and in `step`
 * what could not be done; ENOTSUP when sense was built without the program.
 */
bool tracing_open(struct tracing *tracing, enum traced traced, const char **step);

/*
 * Hands every record that there is to `take`, at most `limit`; they are gone when it returns. How many there were.
 */
size_t tracing_drain(struct tracing *tracing, size_t limit, void (*take)(void *, const unsigned char *, size_t),
                     void *context);

#endif
