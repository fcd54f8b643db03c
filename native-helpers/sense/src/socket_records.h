/*
 * The format of what `sense sockets` writes on standard output. Framing, alignment and byte order are those of
 * records.h; the types of records are others, and the first record is RECORD_SOCKET_HELLO.
 *
 * The eBPF program (bpf/sockets.bpf.c) fills the same struct socket_record, so that it is copied, not translated; only
 * the path of the program, which it can give as components alone, is put together on the way (paths.h). That is why
 * this file includes nothing but record_header.h when it is compiled for the kernel.
 *
 * The reader is main/engine/sensors/sockets/records.ts. A change here needs a new SOCKET_FORMAT_VERSION.
 */
#ifndef SENSE_SOCKET_RECORDS_H
#define SENSE_SOCKET_RECORDS_H

#include "record_header.h"
#ifndef __bpf__
#include "records.h"
#endif

#define SOCKET_MAGIC 0x4b534648u /* "HFSK" */
#define SOCKET_FORMAT_VERSION 1u

/* Not among the types of the other streams: a reader of the wrong one notices. */
enum socket_record_type {
  RECORD_SOCKET_HELLO = 64,
  /* A connection is being made from here. */
  RECORD_SOCKET_CONNECT = 65,
  /* One that was made from elsewhere was taken on by a process. */
  RECORD_SOCKET_ACCEPT = 66,
  /* A process sends to somebody for the first time from this socket, without a connection (UDP). */
  RECORD_SOCKET_SEND = 67,
  RECORD_SOCKET_LISTEN = 68,
  RECORD_SOCKET_UNLISTEN = 69,
  /* Met in a list of sockets: who has it is not said, only `inode`. */
  RECORD_SOCKET_FOUND = 70,
  RECORD_SOCKET_FOUND_LISTENER = 71,
  /* The first list is complete. */
  RECORD_SOCKET_LISTED = 72,
  RECORD_SOCKET_STATISTICS = 73,
};

enum socket_method {
  /* An eBPF program where connections are made: complete, with the process. */
  SOCKET_METHOD_EBPF = 1,
  /* Lists of sockets (sock_diag(7)) again and again: what is shorter than the time between two may be missed. */
  SOCKET_METHOD_LISTS = 2,
};

enum socket_flag {
  /* The executable has no name any more, or never had one. */
  SOCKET_FLAG_IMAGE_DELETED = 1u << 0,
  SOCKET_FLAG_PATH_CUT = 1u << 1,
  /* The local port was asked for, not given: of a socket that sends, others may begin. */
  SOCKET_FLAG_BOUND = 1u << 2,
};

#define SOCKET_ADDRESS_BYTES 16u
#define SOCKET_NAME_BYTES 16u
/* PATH_MAX; with room for one more component, which the eBPF program's bounds need. */
#define SOCKET_PATH_BYTES 4096u
#define SOCKET_TEXT_BYTES (SOCKET_PATH_BYTES + 256u)

/*
 * Identifiers are those of the machine (the first namespaces). Addresses are those of IPv6; IPv4 as ::ffff:a.b.c.d.
 * Ports are in the machine's byte order. Followed by image_bytes of text (the absolute path of the program) and padding.
 */
struct socket_record {
  struct record_header header;
  uint64_t time_ns;  /* since the epoch; the eBPF program: since the machine started */
  uint64_t start_ns; /* since the machine started, suspended time included; of the process; 0: not known */
  uint64_t inode;    /* of the socket, as in /proc/PID/fd; 0: not known */
  uint32_t process;  /* 0: not known */
  uint32_t parent;
  uint32_t user; /* of the process; of a found socket: its owner */
  uint32_t effective_user;
  uint32_t network; /* inode of the network namespace */
  uint32_t flags;
  uint16_t protocol; /* IP protocol number: 6, 17 */
  uint16_t local_port; /* 0: not known; in another network namespace a port may be chosen after it was told */
  uint16_t remote_port;
  uint16_t image_bytes;
  uint8_t local[SOCKET_ADDRESS_BYTES];
  uint8_t remote[SOCKET_ADDRESS_BYTES];
  char name[SOCKET_NAME_BYTES]; /* comm, NUL-padded */
};

/* Followed by detail_bytes of text and padding: why a better method is not in use; empty for the best one. */
struct socket_hello_record {
  struct record_header header;
  uint32_t magic;
  uint32_t version;
  uint32_t method; /* enum socket_method */
  uint32_t detail_bytes;
  uint64_t boot_time_ns; /* when the machine started, since the epoch: added to start_ns */
  uint32_t network;      /* inode of the own network namespace; 0: not known */
  uint32_t padding;
};

/* Totals since the start: at most once a second while they change, at least every 5 s (pulse.h). */
struct socket_statistics_record {
  struct record_header header;
  uint64_t connects;
  uint64_t accepts;
  uint64_t sends;
  uint64_t listens;
  uint64_t unlistens;
  uint64_t found;   /* of both kinds */
  uint64_t lists;   /* complete lists */
  uint64_t dropped; /* records that found the kernel's buffer full */
};

#ifndef __bpf__
static_assert(sizeof(struct socket_record) == 112, "layout");
static_assert(sizeof(struct socket_hello_record) == 40, "layout");
static_assert(sizeof(struct socket_statistics_record) == 72, "layout");
#endif

#endif
