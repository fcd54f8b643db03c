/*
 * The format of what `sense files` writes on standard output. Framing, alignment and byte order are those of records.h;
 * the types of records are others, and the first record is RECORD_FILES_HELLO.
 *
 * `sense verdicts` writes the same greeting with its own magic number, then a RECORD_VERDICT_REQUEST for every question,
 * and reads struct files_command on standard input, as `sense files` does.
 *
 * The reader is main/engine/sensors/files/records.ts. A change here needs a new FILES_FORMAT_VERSION.
 */
#ifndef SENSE_FILES_RECORDS_H
#define SENSE_FILES_RECORDS_H

#include "records.h"

#define FILES_MAGIC 0x46534648u    /* "HFSF" */
#define VERDICTS_MAGIC 0x56534648u /* "HFSV" */
#define FILES_FORMAT_VERSION 6u

/* Not among the types of the other streams: a reader of the wrong one notices. */
enum files_record_type {
  RECORD_FILES_HELLO = 32,
  RECORD_FILE_SYSTEM = 33,
  RECORD_FILES_STATISTICS = 34,
  RECORD_FILE_CREATED = 35,
  RECORD_FILE_ATTRIBUTES = 36,
  RECORD_FILE_WRITTEN = 37,
  RECORD_FILE_RENAMED = 38,
  RECORD_FILE_EXECUTED = 39,
  RECORD_FILE_DELETED = 40,
  RECORD_VERDICT_REQUEST = 41,
  RECORD_VERDICT_STATISTICS = 42,
  RECORD_FILE_OPENED = 43,
  RECORD_FILE_PROGRAM = 44,
};

/* What the kernel offers. */
enum files_ability {
  /* Both names of a rename in one event (5.17); else they are put together from two. */
  ABILITY_RENAME = 1u << 0,
  /* Which file an entry of a directory stood for (5.17): facts of what was created, paths below removed directories. */
  ABILITY_TARGET = 1u << 1,
};

/* What is true of a record of a file. */
enum files_flag {
  /* Size, mode, owner, inode, device and change time are those after the event. */
  FLAG_HAS_FACTS = 1u << 0,
  /* before_mode, before_user and before_group are known. */
  FLAG_HAS_BEFORE = 1u << 1,
  FLAG_DIRECTORY = 1u << 2,
  /* The process ended before /proc was read: only its number is known. */
  FLAG_PROCESS_GONE = 1u << 3,
  /* Entropy and the first bytes are known. */
  FLAG_HAS_SAMPLE = 1u << 4,
  /* The program's executable has no name any more. */
  FLAG_PROGRAM_DELETED = 1u << 5,
  /* A created file was also written to and closed: two news in one record. */
  FLAG_ALSO_WRITTEN = 1u << 6,
  /* Its texts are ASCII, which is quicker to read. */
  FLAG_PLAIN_TEXT = 1u << 7,
};

enum files_change {
  CHANGE_MODE = 1u << 0,
  CHANGE_OWNER = 1u << 1,
  CHANGE_TIMES = 1u << 2,
  CHANGE_EXTENDED = 1u << 3,
};

/* Texts behind a record of a file, in this order, without NULs between them. */
enum files_text {
  FILE_TEXT_PATH,
  FILE_TEXT_OTHER, /* renamed: the name before; created: what a symbolic link points to */
  FILE_TEXTS,
};

#define PROCESS_TITLE_BYTES 16u
#define SAMPLE_HEAD_BYTES 16u
/* PATH_MAX, and the longest name behind it. */
#define MAX_FILE_PATH_BYTES (4096u + 256u)
/* Programs that are told of by number. */
#define KNOWN_PROGRAMS 64u

struct file_record {
  struct record_header header;
  uint64_t time_ns;   /* since the epoch: when it was read, the kernel does not say when it happened */
  uint64_t inode;
  uint64_t device;    /* as stat(2) gives it */
  uint64_t bytes;
  uint32_t process;   /* 0: the kernel does not say, or it is of another pid namespace */
  uint32_t flags;     /* enum files_flag */
  uint32_t mode;      /* st_mode */
  uint32_t user;
  uint32_t group;
  uint32_t program;   /* number of the last RECORD_FILE_PROGRAM that describes it, from 1; 0: none */
  uint32_t times;     /* how many of the same this record stands for */
  uint32_t before_mode;
  uint32_t before_user;
  uint32_t before_group;
  uint16_t changed;   /* enum files_change; of attributes only */
  uint16_t entropy;   /* thousandths of a bit for each byte, of the first and the last 4 KiB */
  uint16_t text_bytes[FILE_TEXTS];
  unsigned char head[SAMPLE_HEAD_BYTES];
};

/* Before the first record of a file that names it, and whenever it is another one. Followed by its path and padding. */
struct file_program_record {
  struct record_header header;
  uint32_t number; /* 1 to KNOWN_PROGRAMS; what had this number is forgotten */
  uint32_t process;
  uint32_t flags;  /* FLAG_PROCESS_GONE, FLAG_PROGRAM_DELETED */
  uint32_t path_bytes;
  char name[PROCESS_TITLE_BYTES]; /* comm of the process, NUL-padded */
};

/* Followed by detail_bytes of text and padding: what is missing; empty for nothing. */
struct files_hello_record {
  struct record_header header;
  uint32_t magic;
  uint32_t version;
  uint32_t abilities; /* enum files_ability */
  uint32_t detail_bytes;
};

enum file_system_state {
  FILE_SYSTEM_WATCHED = 1,
  /* On another machine, or in a program (FUSE): asking about its files could take for ever. */
  FILE_SYSTEM_NOT_WANTED = 2,
  /* The kernel refused: see error. */
  FILE_SYSTEM_REFUSED = 3,
  FILE_SYSTEM_GONE = 4,
};

/* Of a file system, when it is found, watched or gone. Followed by its mount point, its type and padding. */
struct file_system_record {
  struct record_header header;
  uint32_t device_major;
  uint32_t device_minor;
  uint32_t state; /* enum file_system_state */
  uint32_t error; /* errno, 0 for none */
  uint32_t path_bytes;
  uint32_t type_bytes;
};

/* Totals since the start: at most once a second while they change, at least every 5 s (pulse.h). */
struct files_statistics_record {
  struct record_header header;
  uint64_t events;     /* that the kernel told */
  uint64_t told;       /* records of files */
  uint64_t coalesced;  /* left out, because the same was told a moment ago; told again in a sum */
  uint64_t excluded;   /* of our own processes and in excluded folders */
  uint64_t unresolved; /* whose path could not be found out */
  uint64_t overflows;  /* how often a queue of the kernel was full; it does not say how many events were lost */
  uint64_t sampled;    /* files that were read for their entropy */
  uint64_t watched;    /* file systems, now */
  uint64_t dropped;    /* records for which there was no room, because nobody read them */
  uint64_t opens;      /* files of which openings are told; those that are gone are among them for a while */
};

enum verdict_kind {
  VERDICT_EXECUTE = 1,
  VERDICT_OPEN = 2,
};

/*
 * Somebody has it open for writing: what is written through a mapping goes on without another time of change. Not told of
 * files that root alone may change.
 */
#define VERDICT_IS_BEING_WRITTEN 1u

/* Somebody waits for the answer. Followed by path_bytes of path and padding. */
struct verdict_request_record {
  struct record_header header;
  uint64_t inode;
  uint64_t device;
  uint64_t change_ns;
  uint64_t bytes;
  uint32_t question; /* names this question in the answer */
  uint32_t process;
  uint32_t kind; /* enum verdict_kind */
  uint32_t mode;
  uint32_t user;
  uint32_t path_bytes; /* 0: it is longer than a pipe takes at once */
  uint32_t descriptor; /* of ours: /proc/PID/fd/N opens exactly this file as long as the question waits */
  uint32_t flags;      /* VERDICT_IS_BEING_WRITTEN */
};

struct verdict_statistics_record {
  struct record_header header;
  uint64_t asked;
  uint64_t allowed;
  uint64_t denied;
  uint64_t timeouts; /* allowed, because no answer came in time */
  uint64_t crowded;  /* allowed, because too many were waiting */
  uint64_t exempt;   /* allowed unasked: our own processes */
  uint64_t guarded;  /* files that are marked one by one */
  uint64_t overflows;
  uint64_t median_us; /* of what was asked: from the kernel's question to our answer; 0 while there was none */
  uint64_t deaf;      /* how often nobody was asked for a while, because too many answers had not come in time */
  uint64_t known;     /* allowed unasked: the same content was allowed before, or it is in a trusted folder */
  uint64_t known_median_us;
  uint64_t overall_median_us; /* of both together: what whoever starts a program waits */
};

enum files_command_kind {
  ANSWER_ALLOW = 1,
  ANSWER_DENY = 2,
  /* Allowed until the file changes: nobody asks again. */
  ANSWER_ALLOW_REMEMBER = 3,
  /* Ask for every open of `path`, or no more. */
  GUARD_PATH = 4,
  UNGUARD_PATH = 5,
  /* What was remembered and guarded is so no more. */
  FORGET_ALL = 6,
  /* To `sense files`: tell of every opening of `path`. */
  WATCH_OPENS = 7,
};

/* On standard input. With a path it is followed by path_bytes of it, padded to 8 bytes. */
struct files_command {
  uint32_t command; /* enum files_command_kind */
  uint32_t question;
  uint32_t path_bytes;
  uint32_t unused;
};

static_assert(sizeof(struct file_record) == 104, "layout");
static_assert(sizeof(struct file_program_record) == 40, "layout");
static_assert(MAX_FILE_PATH_BYTES <= UINT16_MAX, "lengths of texts fit");
static_assert(sizeof(struct files_hello_record) == 24, "layout");
static_assert(sizeof(struct file_system_record) == 32, "layout");
static_assert(sizeof(struct files_statistics_record) == 88, "layout");
static_assert(sizeof(struct verdict_request_record) == 72, "layout");
static_assert(sizeof(struct verdict_statistics_record) == 112, "layout");
static_assert(sizeof(struct files_command) == 16, "layout");

#endif
