/*
 * The format of what sense writes on standard output.
 *
 * A stream of records, each a multiple of 8 bytes and starting on a multiple of 8, in little-endian byte
 * order, so that a reader with a 32-bit view over its buffer reads every field without assembling bytes.
 * Times are two 32-bit words (seconds since the epoch, nanoseconds) because JavaScript, which reads them,
 * has no cheap 64-bit integer. Every record begins with a record_header. The first record is RECORD_HELLO.
 *
 * A slot stands for one interface. RECORD_INTERFACE says which interface a slot stands for and how it is,
 * before the slot's first packet and again whenever that changes; it may hand a slot to another interface.
 * Packets of one slot are in the order in which the kernel saw them; packets of different slots may be out
 * of order by up to TICK_LAG_MS. The stream simply ends: with the last complete record when sense was asked
 * to stop, anywhere when it was killed.
 *
 * The reader is main/engine/sensors/records.ts. A change here needs a new SENSE_FORMAT_VERSION.
 */
#ifndef SENSE_RECORDS_H
#define SENSE_RECORDS_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "record_header.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "records are written as they lie in memory: a little-endian machine is needed"
#endif

#define SENSE_MAGIC 0x4e534648u /* "HFSN" */
#define SENSE_FORMAT_VERSION 1u

#define RECORD_ALIGNMENT 8u
#define NAME_BYTES 16u
/* Longest detail text of an interface record. */
#define DETAIL_BYTES 256u
/* Longest frame: the largest snap length plus a restored VLAN tag or a cooked header. */
#define MAX_SNAP_BYTES 65535u
#define MAX_ADDED_BYTES 16u
/* Slot of an interface record about an interface for which there was no slot. */
#define NO_SLOT 0xffffu

/* How far behind the clock a tick is: whatever the kernel saw before a tick's time has been written. */
#define TICK_LAG_MS 150u

enum record_type {
  RECORD_HELLO = 1,
  RECORD_PACKET = 2,
  RECORD_STATISTICS = 3,
  RECORD_INTERFACE = 4,
  RECORD_TICK = 5,
};

enum interface_state {
  /* Packets flow. */
  INTERFACE_UP = 1,
  /* There, but switched off or without a link. */
  INTERFACE_DOWN = 2,
  /* Not there (any more). */
  INTERFACE_MISSING = 3,
  /* There, but cannot be watched: see error and detail. */
  INTERFACE_FAILED = 4,
};

struct hello_record {
  struct record_header header;
  uint32_t magic;
  uint32_t version;
  uint32_t snap_bytes;
  uint32_t slots; /* slot numbers are below this */
};

/* Followed by captured_bytes of frame and padding. */
struct packet_record {
  struct record_header header;
  uint32_t seconds;
  uint32_t nanoseconds;
  uint32_t captured_bytes;
  uint32_t wire_bytes;
};

/* About once a second for every slot in use. Counts go up while the slot stands for the same interface. */
struct statistics_record {
  struct record_header header;
  uint64_t packets; /* written as packet records */
  uint64_t bytes;   /* of those, on the wire */
  uint64_t dropped; /* lost in the kernel because the ring was full */
  uint64_t freezes; /* how often the ring became full */
};

/* Followed by detail_bytes of text (UTF-8, no NUL) and padding. */
struct interface_record {
  struct record_header header;
  uint32_t interface_index; /* the kernel's; 0 when missing */
  uint32_t link_type;       /* tcpdump.org/linktypes.html */
  uint16_t state;           /* enum interface_state */
  uint16_t error;           /* errno, 0 for none */
  uint32_t detail_bytes;
  char name[NAME_BYTES]; /* NUL-padded; may fill all bytes */
};

/* At least every 350 ms: wakes a blocking reader and moves its clock on when nothing else does. */
struct tick_record {
  struct record_header header;
  uint32_t seconds;
  uint32_t nanoseconds;
};

static_assert(sizeof(struct record_header) == 8, "layout");
static_assert(sizeof(struct hello_record) == 24, "layout");
static_assert(sizeof(struct packet_record) == 24, "layout");
static_assert(sizeof(struct statistics_record) == 40, "layout");
static_assert(sizeof(struct interface_record) == 40, "layout");
static_assert(sizeof(struct tick_record) == 16, "layout");

#define ALIGN_RECORD(bytes) (((bytes) + (RECORD_ALIGNMENT - 1u)) & ~(size_t)(RECORD_ALIGNMENT - 1u))
#define MAX_RECORD_BYTES ALIGN_RECORD(sizeof(struct packet_record) + MAX_SNAP_BYTES + MAX_ADDED_BYTES)

#endif
