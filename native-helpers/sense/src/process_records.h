/*
 * The format of what `sense processes` writes on standard output. Framing, alignment and byte order are those of
 * records.h; the types of records are others, and the first record is RECORD_PROCESS_HELLO.
 *
 * The eBPF program (bpf/processes.bpf.c) fills the same struct process_record, so that it is copied, not translated;
 * only its paths, which it can give as components alone, are put together on the way (paths.h). That is why this file
 * includes nothing but record_header.h when it is compiled for the kernel.
 *
 * The reader is main/engine/sensors/processes/records.ts. A change here needs a new PROCESS_FORMAT_VERSION; a further
 * method does not, as the reader refuses those that it does not know.
 */
#ifndef SENSE_PROCESS_RECORDS_H
#define SENSE_PROCESS_RECORDS_H

#include "record_header.h"
#ifndef __bpf__
#include "records.h"
#endif

#define PROCESS_MAGIC 0x50534648u /* "HFSP" */
#define PROCESS_FORMAT_VERSION 2u

/* Not among the types of enum record_type: a reader of the wrong stream notices. */
enum process_record_type {
  RECORD_PROCESS_HELLO = 16,
  RECORD_PROCESS_FORK = 17,
  RECORD_PROCESS_EXEC = 18,
  RECORD_PROCESS_EXIT = 19,
  RECORD_PROCESS_CREDENTIALS = 20,
  RECORD_PROCESS_STATISTICS = 21,
};

enum process_method {
  /* An eBPF program on the kernel's trace points: complete. */
  METHOD_EBPF = 1,
  /* The proc connector's news with /proc read at once: what ends sooner than it is read is told without its facts. */
  METHOD_CONNECTOR = 2,
  /* The audit system's records of every execve(2), with the proc connector's news of the rest: complete. */
  METHOD_AUDIT = 3,
};

/* What is true of a record. */
enum process_flag {
  /* The executable has no name any more, or never had one. */
  FLAG_IMAGE_DELETED = 1u << 0,
  /* Texts are cut off at their bounds. */
  FLAG_ARGUMENTS_CUT = 1u << 1,
  FLAG_PATH_CUT = 1u << 2,
  /* The process had ended before its facts were read: only the identifiers are known. */
  FLAG_INCOMPLETE = 1u << 3,
  /* Each says that the facts of its name are known. */
  FLAG_HAS_USERS = 1u << 4,
  FLAG_HAS_GROUPS = 1u << 5,
  FLAG_HAS_STREAMS = 1u << 6,
  FLAG_HAS_CAPABILITIES = 1u << 7,
  FLAG_HAS_SESSION = 1u << 8,
};

/* Texts behind an exec record, in this order, without NULs between them. */
enum process_text {
  TEXT_FILE_NAME, /* what was asked to be executed: a script's path, maybe relative */
  TEXT_IMAGE,     /* the program that runs: absolute path */
  TEXT_DIRECTORY, /* working directory */
  TEXT_CGROUP,    /* path in the unified hierarchy */
  TEXT_ARGUMENTS, /* each followed by a NUL, as in /proc/PID/cmdline */
  TEXTS,
};

#define PROCESS_NAME_BYTES 16u
#define TERMINAL_BYTES 16u
#define STREAMS 3u
#define REMOTE_ADDRESS_BYTES 16u

/* PATH_MAX. */
#define MAX_PATH_BYTES 4096u
#define MAX_CGROUP_BYTES 1024u
/*
 * What is kept of a command line. Together with the paths it fits into what the kernel gives a program for each
 * processor (32 KiB); compilers' and linkers' longest are of about this length.
 */
#define MAX_ARGUMENTS_BYTES 16384u

#define UNSET_ID 0xffffffffu

/*
 * Identifiers are those of the machine (the first namespaces). Of a change of credentials only the process and what it
 * changed to are told, users or groups.
 */
struct process_record {
  struct record_header header;
  uint64_t time_ns;         /* since the epoch; the eBPF program: since the machine started */
  uint64_t start_ns;        /* since the machine started, suspended time included; of the process */
  uint64_t parent_start_ns; /* 0: not known */
  uint64_t inode;           /* of the executable; 0: not known */
  uint64_t capabilities;    /* effective, as bits */
  uint32_t process;
  uint32_t parent;
  uint32_t user;
  uint32_t effective_user;
  uint32_t group;
  uint32_t effective_group;
  uint32_t login_user; /* UNSET_ID: nobody logged in */
  uint32_t session;    /* audit session; UNSET_ID for none */
  uint32_t exit_status; /* as wait(2) gives it */
  uint32_t flags;
  uint32_t stream_mode[STREAMS];   /* st_mode of descriptors 0 to 2; 0: closed or not known */
  uint32_t stream_device[STREAMS]; /* major << 20 | minor, of devices; of sockets the family, 0: not known */
  uint32_t arguments_bytes;        /* of the whole command line; more than there is text when it is cut off */
  uint32_t text_bytes[TEXTS];
  char name[PROCESS_NAME_BYTES];  /* comm, NUL-padded */
  char terminal[TERMINAL_BYTES];  /* "pts3", "tty1", NUL-padded; empty: none */
  /* With whom the first of the streams that is a socket of the network is connected; IPv4 as ::ffff:a.b.c.d. */
  uint8_t remote[REMOTE_ADDRESS_BYTES];
  uint32_t remote_port; /* 0: none is */
  uint32_t reserved;
};

/* Followed by detail_bytes of text and padding: why a better method is not in use, and what this one changed on the machine;
 * empty for the best one. */
struct process_hello_record {
  struct record_header header;
  uint32_t magic;
  uint32_t version;
  uint32_t method; /* enum process_method */
  uint32_t detail_bytes;
  uint64_t boot_time_ns; /* when the machine started, since the epoch: added to start_ns */
};

/* Totals since the start: at most once a second while they change, at least every 5 s (pulse.h). */
struct process_statistics_record {
  struct record_header header;
  uint64_t forks;
  uint64_t execs;
  uint64_t exits;
  uint64_t credentials;
  uint64_t dropped;    /* records that found the kernel's buffer full, and news of the connector that it counted as lost */
  uint64_t incomplete; /* written with FLAG_INCOMPLETE */
};

#define MAX_TEXT_BYTES (3u * MAX_PATH_BYTES + MAX_CGROUP_BYTES + MAX_ARGUMENTS_BYTES)

#ifndef __bpf__
static_assert(sizeof(struct process_record) == 192, "layout");
static_assert(sizeof(struct process_hello_record) == 32, "layout");
static_assert(sizeof(struct process_statistics_record) == 56, "layout");
static_assert(sizeof(struct process_record) + MAX_TEXT_BYTES <= 32768u, "fits the kernel's memory of one processor");
static_assert(ALIGN_RECORD(sizeof(struct process_record) + MAX_TEXT_BYTES) <= MAX_RECORD_BYTES, "fits a record");
#endif

#endif
