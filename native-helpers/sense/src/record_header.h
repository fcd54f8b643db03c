/*
 * How every record begins (records.h). In a file of its own for the eBPF programs, which fill records too: they are
 * compiled without the C library, and have the kernel's names of types alone.
 */
#ifndef SENSE_RECORD_HEADER_H
#define SENSE_RECORD_HEADER_H

#ifdef __bpf__
typedef __u8 uint8_t;
typedef __u16 uint16_t;
typedef __u32 uint32_t;
typedef __u64 uint64_t;
#else
#include <stdint.h>
#endif

struct record_header {
  uint32_t record_bytes; /* this header and the padding included; a multiple of 8 */
  uint16_t type;
  uint16_t slot; /* 0 where the record is not about an interface */
};

#endif
