/*
 * The format of what `sense access` writes on standard output. Framing, alignment and byte order are those of records.h;
 * the types of records are others, and the first record is RECORD_ACCESS_HELLO.
 *
 * The eBPF program (bpf/access.bpf.c) fills the same struct access_record, so that it is copied, not translated; only
 * its paths are put together on the way (paths.h).
 *
 * The reader is main/engine/sensors/access/records.ts. A change here needs a new ACCESS_FORMAT_VERSION.
 */
#ifndef SENSE_ACCESS_RECORDS_H
#define SENSE_ACCESS_RECORDS_H

#include "record_header.h"
#ifndef __bpf__
#include "records.h"
#endif

#define ACCESS_MAGIC 0x41534648u /* "HFSA" */
#define ACCESS_FORMAT_VERSION 1u

/* Not among the types of the other streams: a reader of the wrong one notices. */
enum access_record_type {
  RECORD_ACCESS_HELLO = 96,
  /* A process began to trace another one: ptrace(2). */
  RECORD_ACCESS_TRACE = 97,
  RECORD_ACCESS_READ = 98,
  RECORD_ACCESS_WRITE = 99,
  /* A process sent a signal to one of those that were named with --own, or to a child of one. */
  RECORD_ACCESS_SIGNAL = 100,
  RECORD_ACCESS_MODULE_LOAD = 101,
  RECORD_ACCESS_MODULE_UNLOAD = 102,
  RECORD_ACCESS_STATISTICS = 103,
};

/* By what the memory of another process was reached. */
enum access_way {
  WAY_NONE = 0,
  WAY_PTRACE = 1,
  /* process_vm_readv(2), process_vm_writev(2) */
  WAY_PROCESS_VM = 2,
  /* /proc/PID/mem */
  WAY_MEMORY_FILE = 3,
};

enum access_flag {
  ACCESS_FLAG_IMAGE_DELETED = 1u << 0,
  ACCESS_FLAG_TARGET_DELETED = 1u << 1,
  ACCESS_FLAG_PATH_CUT = 1u << 2,
};

/* What is watched, as bits: some of it some kernels have no trace points for. */
enum access_part {
  PART_SIGNALS = 1u << 0, /* traces and signals */
  PART_MEMORY = 1u << 1,
  PART_MODULES = 1u << 2,
};

/* Texts behind a record, in this order, without NULs between them. */
enum access_text {
  ACCESS_TEXT_IMAGE,  /* the program that did it: absolute path */
  ACCESS_TEXT_TARGET, /* that of the target */
  ACCESS_TEXT_MODULE, /* the file that a module was loaded from; empty where it came from memory */
  ACCESS_TEXTS,
};

#define ACCESS_NAME_BYTES 16u
/* MODULE_NAME_LEN on 64-bit machines (linux/moduleparam.h). */
#define MODULE_NAME_BYTES 56u
/* PATH_MAX. */
#define ACCESS_PATH_BYTES 4096u
#define ACCESS_TEXT_BYTES (ACCESS_TEXTS * ACCESS_PATH_BYTES)

/* Identifiers are those of the machine (the first namespaces). What does not belong to the type is 0. */
struct access_record {
  struct record_header header;
  uint64_t time_ns;  /* since the epoch; the eBPF program: since the machine started */
  uint64_t start_ns; /* since the machine started, suspended time included; of the process */
  uint64_t target_start_ns;
  uint64_t taints; /* of a module: bits as in Documentation/admin-guide/tainted-kernels.rst */
  uint32_t process;
  uint32_t parent;
  uint32_t user;
  uint32_t effective_user;
  uint32_t target;
  uint32_t target_user; /* effective */
  uint32_t flags;
  uint16_t signal;
  uint16_t way; /* enum access_way */
  uint16_t text_bytes[ACCESS_TEXTS];
  uint16_t reserved;
  char name[ACCESS_NAME_BYTES];        /* comm, NUL-padded */
  char target_name[ACCESS_NAME_BYTES];
  char module[MODULE_NAME_BYTES];      /* NUL-padded */
};

/* Followed by detail_bytes of text and padding: what is not watched, and why; empty when everything is. */
struct access_hello_record {
  struct record_header header;
  uint32_t magic;
  uint32_t version;
  uint32_t parts; /* enum access_part */
  uint32_t detail_bytes;
  uint64_t boot_time_ns; /* when the machine started, since the epoch: added to start_ns */
};

/* Totals since the start: at most once a second while they change, at least every 5 s (pulse.h). */
struct access_statistics_record {
  struct record_header header;
  uint64_t traces;
  uint64_t reads;
  uint64_t writes;
  uint64_t signals;
  uint64_t loads;
  uint64_t unloads;
  uint64_t dropped; /* records that found the kernel's buffer full */
};

#ifndef __bpf__
static_assert(sizeof(struct access_record) == 168, "layout");
static_assert(sizeof(struct access_hello_record) == 32, "layout");
static_assert(sizeof(struct access_statistics_record) == 64, "layout");
static_assert(ALIGN_RECORD(sizeof(struct access_record) + ACCESS_TEXT_BYTES) <= MAX_RECORD_BYTES, "fits a record");
#endif

#endif
