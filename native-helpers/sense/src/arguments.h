/* The command line. */
#ifndef SENSE_ARGUMENTS_H
#define SENSE_ARGUMENTS_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "files_options.h"

/* Interfaces watched at once. Each costs a ring; more than this is no workstation. */
#define MAX_SLOTS 16u

enum command {
  COMMAND_CAPTURE,
  /* Tells of every process that begins, executes a program and ends. */
  COMMAND_PROCESSES,
  /* Tells of every file that is written, created, renamed, removed, changed or executed. */
  COMMAND_FILES,
  /* Asks whether files may be executed and opened. */
  COMMAND_VERDICTS,
  /* Tells of every connection with its process, and of every socket that waits for them. */
  COMMAND_SOCKETS,
  /* Tells which process reaches into another one, and which modules the kernel loads. */
  COMMAND_ACCESS,
  /* Stops processes, lets them go on, and ends them. */
  COMMAND_SIGNAL,
  /* Tells extended attributes of files. */
  COMMAND_XATTRS,
  /* Says whether packets could be captured, and why not. */
  COMMAND_CHECK,
  /* Makes a named pipe: Node has no call for it. */
  COMMAND_FIFO,
  COMMAND_HELP,
  COMMAND_VERSION,
};

enum selection {
  /* The interfaces named with --interface. */
  SELECT_NAMED,
  /* Those that carry traffic of their own: see interface_is_automatic. */
  SELECT_AUTOMATIC,
  /* Every interface, loopback included. */
  SELECT_ALL,
};

/* How processes and sockets are watched: see enum process_method and enum socket_method. */
enum method_wish {
  WISH_BEST,
  WISH_EBPF,
  WISH_AUDIT,
  WISH_CONNECTOR,
  WISH_LISTS,
};

struct arguments {
  enum command command;
  enum selection selection;
  unsigned names;
  char name[MAX_SLOTS][IFNAMSIZ];
  uint32_t snap_bytes;
  uint32_t ring_mebibytes;
  bool promiscuous;
  /* Who to become when started as root. */
  uint32_t user;
  /* COMMAND_PROCESSES, COMMAND_SOCKETS */
  enum method_wish method;
  /* COMMAND_PROCESSES: a rule may be added to the audit system's where no daemon runs. */
  bool may_add_audit_rule;
  /* COMMAND_FILES, COMMAND_VERDICTS */
  struct files_options files;
  /* COMMAND_ACCESS: whose signals are told; 0: nobody's. */
  uint32_t own;
  /* COMMAND_FIFO */
  const char *path;
};

/* Reads the command line. False: `problem` says in one sentence what is wrong. */
bool arguments_parse(struct arguments *arguments, int count, char *const *values, char *problem, size_t problem_bytes);

extern const char arguments_help[];

#endif
