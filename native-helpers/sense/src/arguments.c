#include "arguments.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "records.h"

/* Smaller cannot tell a TCP header from its payload. */
#define MIN_SNAP_BYTES 64u
#define MIN_RING_MEBIBYTES 1u
/* More waits longer than anybody would believe to be the present: a typing error. */
#define MAX_RING_MEBIBYTES 1024u
/* Tenths of a second of small packets at 500,000 packets/s. */
#define DEFAULT_RING_MEBIBYTES 16u
/* "nobody" on every Linux. */
#define DEFAULT_USER 65534u

const char arguments_help[] =
    "sense capture (--interface NAME... | --auto | --all) [options]\n"
    "                      write what the interfaces carry to standard output, as records (src/records.h)\n"
    "  --interface NAME    watch this one; may be given again; need not exist yet\n"
    "  --auto              watch those that carry traffic of their own, new ones too\n"
    "  --all               watch every one, loopback included, new ones too\n"
    "  --snap BYTES        keep this much of every packet (64-65535, default 65535)\n"
    "  --ring-mib MIB      kernel memory for packets of an interface (1-1024, default 16)\n"
    "  --promiscuous       see packets for other machines as well\n"
    "  --user UID          whom to become when started as root (default 65534, nobody)\n"
    "sense processes [options]\n"
    "                      write what processes begin, execute and end, as records (src/process_records.h)\n"
    "  --method METHOD     best (default), ebpf, audit or connector\n"
    "  --audit-rule WHEN   never (default) or allowed: whether a rule may be added to the audit system's while sense runs,\n"
    "                      where eBPF is not to be had, auditing is on and no audit daemon runs\n"
    "  --user UID          as above\n"
    "sense sockets [options]\n"
    "                      write which process makes, takes on and waits for connections (src/socket_records.h)\n"
    "  --method METHOD     best (default), ebpf or lists\n"
    "  --user UID          as above\n"
    "sense access [options]\n"
    "                      write which process reaches into another one, and which modules the kernel loads\n"
    "                      (src/access_records.h); needs eBPF\n"
    "  --own PID           tell signals to this process and its children\n"
    "  --user UID          as above\n"
    "sense files [options]\n"
    "                      write what happens to files to standard output, as records (src/files_records.h)\n"
    "  --only MOUNTPOINT   watch this file system and no others; may be given again\n"
    "  --include MOUNTPOINT\n"
    "                      watch this one as well, though it is on another machine or a program's\n"
    "  --exclude PATH      tell nothing of this file or folder\n"
    "  --own PID           tell nothing of what this process does\n"
    "  --method METHOD     best (default) or basic: as on kernels before 5.17\n"
    "  --user UID          as above\n"
    "sense verdicts [options]\n"
    "                      ask on standard output before files are executed; answers come on standard input\n"
    "  --only, --own, --user\n"
    "                      as above; children of the processes named with --own are not asked about either\n"
    "  --deadline-ms MS    allow what nobody answered in this time (1-60000, default 200)\n"
    "sense signal          stop processes, let them go on or end them as asked on standard input; answers come on standard\n"
    "                      output (src/signal_records.h)\n"
    "  --user UID          as above\n"
    "sense xattrs          read paths, each ended by a zero byte, and write their extended attributes (src/xattrs.h)\n"
    "sense check           say whether packets can be captured, and if not, why (exit 77)\n"
    "sense fifo PATH       make a named pipe that only its owner may open\n"
    "sense --version\n";

static bool number_within(const char *text, uint32_t min, uint32_t max, uint32_t *value) {
  if (text == NULL || text[0] < '0' || text[0] > '9') return false;
  char *end = NULL;
  errno = 0;
  unsigned long long parsed = strtoull(text, &end, 10);
  if (errno != 0 || *end != '\0' || parsed < min || parsed > max) return false;
  *value = (uint32_t)parsed;
  return true;
}

/* As the kernel's dev_valid_name. */
static bool interface_name_valid(const char *name) {
  size_t length = strnlen(name, IFNAMSIZ);
  if (length == 0 || length >= IFNAMSIZ || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return false;
  return strpbrk(name, "/: \t\n\v\f\r") == NULL;
}

static bool add_interface(struct arguments *arguments, const char *name, char *problem, size_t problem_bytes) {
  if (name == NULL || !interface_name_valid(name)) {
    snprintf(problem, problem_bytes, "--interface needs the name of an interface, at most 15 characters");
    return false;
  }
  for (unsigned i = 0; i < arguments->names; i++) {
    if (strcmp(arguments->name[i], name) == 0) return true;
  }
  if (arguments->names == MAX_SLOTS) {
    snprintf(problem, problem_bytes, "more than %u interfaces", MAX_SLOTS);
    return false;
  }
  snprintf(arguments->name[arguments->names++], IFNAMSIZ, "%s", name);
  return true;
}

struct number_option {
  const char *name;
  uint32_t min;
  uint32_t max;
  uint32_t *value;
};

static bool parse_capture(struct arguments *arguments, int count, char *const *values, char *problem,
                          size_t problem_bytes) {
  const struct number_option numbers[] = {
      {"--snap", MIN_SNAP_BYTES, MAX_SNAP_BYTES, &arguments->snap_bytes},
      {"--ring-mib", MIN_RING_MEBIBYTES, MAX_RING_MEBIBYTES, &arguments->ring_mebibytes},
      {"--user", 1, UINT32_MAX - 1, &arguments->user},
  };
  unsigned selections = 0;
  for (int i = 0; i < count; i++) {
    const char *option = values[i];
    const char *value = i + 1 < count ? values[i + 1] : NULL;
    const struct number_option *number = NULL;
    for (size_t n = 0; n < sizeof numbers / sizeof numbers[0]; n++) {
      if (strcmp(option, numbers[n].name) == 0) number = &numbers[n];
    }
    if (number != NULL) {
      if (!number_within(value, number->min, number->max, number->value)) {
        snprintf(problem, problem_bytes, "%s needs a number from %u to %u", number->name, number->min, number->max);
        return false;
      }
      i++;
    } else if (strcmp(option, "--interface") == 0) {
      if (!add_interface(arguments, value, problem, problem_bytes)) return false;
      i++;
    } else if (strcmp(option, "--auto") == 0) {
      arguments->selection = SELECT_AUTOMATIC;
      selections++;
    } else if (strcmp(option, "--all") == 0) {
      arguments->selection = SELECT_ALL;
      selections++;
    } else if (strcmp(option, "--promiscuous") == 0) {
      arguments->promiscuous = true;
    } else {
      snprintf(problem, problem_bytes, "unknown option %.40s", option);
      return false;
    }
  }
  if (arguments->names > 0) selections++;
  if (selections != 1) {
    snprintf(problem, problem_bytes, "exactly one of --interface NAME, --auto and --all is needed");
    return false;
  }
  return true;
}

/* Of `sense processes` and `sense sockets`, each with a method for where there is no eBPF. */
static bool parse_watch(struct arguments *arguments, int count, char *const *values, char *problem,
                        size_t problem_bytes) {
  static const struct {
    const char *name;
    enum method_wish wish;
    enum command of;
  } methods[] = {
      {"best", WISH_BEST, COMMAND_PROCESSES},           {"ebpf", WISH_EBPF, COMMAND_PROCESSES},
      {"audit", WISH_AUDIT, COMMAND_PROCESSES},         {"connector", WISH_CONNECTOR, COMMAND_PROCESSES},
      {"best", WISH_BEST, COMMAND_SOCKETS},             {"ebpf", WISH_EBPF, COMMAND_SOCKETS},
      {"lists", WISH_LISTS, COMMAND_SOCKETS},
  };
  for (int i = 0; i < count; i += 2) {
    const char *value = i + 1 < count ? values[i + 1] : NULL;
    bool right = false;
    if (strcmp(values[i], "--user") == 0) {
      right = number_within(value, 1, UINT32_MAX - 1, &arguments->user);
    } else if (strcmp(values[i], "--audit-rule") == 0 && arguments->command == COMMAND_PROCESSES) {
      arguments->may_add_audit_rule = value != NULL && strcmp(value, "allowed") == 0;
      right = arguments->may_add_audit_rule || (value != NULL && strcmp(value, "never") == 0);
    } else if (strcmp(values[i], "--method") == 0) {
      for (size_t m = 0; value != NULL && m < sizeof methods / sizeof methods[0]; m++) {
        if (methods[m].of != arguments->command || strcmp(value, methods[m].name) != 0) continue;
        arguments->method = methods[m].wish;
        right = true;
      }
    }
    if (!right) {
      snprintf(problem, problem_bytes, "%.40s is no option here, or needs another value", values[i]);
      return false;
    }
  }
  return true;
}

/* Of `sense signal`. */
static bool parse_signal(struct arguments *arguments, int count, char *const *values, char *problem,
                         size_t problem_bytes) {
  for (int i = 0; i < count; i += 2) {
    const char *value = i + 1 < count ? values[i + 1] : NULL;
    if (strcmp(values[i], "--user") == 0 && number_within(value, 1, UINT32_MAX - 1, &arguments->user)) continue;
    snprintf(problem, problem_bytes, "%.40s is no option here, or needs another value", values[i]);
    return false;
  }
  return true;
}

/* Of `sense access`. */
static bool parse_access(struct arguments *arguments, int count, char *const *values, char *problem,
                         size_t problem_bytes) {
  for (int i = 0; i < count; i += 2) {
    const char *value = i + 1 < count ? values[i + 1] : NULL;
    const bool is_user = strcmp(values[i], "--user") == 0;
    const bool is_own = strcmp(values[i], "--own") == 0;
    if ((is_user && number_within(value, 1, UINT32_MAX - 1, &arguments->user)) ||
        (is_own && number_within(value, 1, INT32_MAX, &arguments->own))) {
      continue;
    }
    snprintf(problem, problem_bytes, "%.40s is no option here, or needs another value", values[i]);
    return false;
  }
  return true;
}

bool arguments_parse(struct arguments *arguments, int count, char *const *values, char *problem,
                     size_t problem_bytes) {
  *arguments = (struct arguments){
      .command = COMMAND_CAPTURE,
      .selection = SELECT_NAMED,
      .snap_bytes = MAX_SNAP_BYTES,
      .ring_mebibytes = DEFAULT_RING_MEBIBYTES,
      .user = DEFAULT_USER,
  };
  const char *command = count > 1 ? values[1] : "";
  if (strcmp(command, "capture") == 0) {
    return parse_capture(arguments, count - 2, values + 2, problem, problem_bytes);
  }
  if (strcmp(command, "processes") == 0) {
    arguments->command = COMMAND_PROCESSES;
    return parse_watch(arguments, count - 2, values + 2, problem, problem_bytes);
  }
  if (strcmp(command, "sockets") == 0) {
    arguments->command = COMMAND_SOCKETS;
    return parse_watch(arguments, count - 2, values + 2, problem, problem_bytes);
  }
  if (strcmp(command, "signal") == 0) {
    arguments->command = COMMAND_SIGNAL;
    return parse_signal(arguments, count - 2, values + 2, problem, problem_bytes);
  }
  if (strcmp(command, "access") == 0) {
    arguments->command = COMMAND_ACCESS;
    return parse_access(arguments, count - 2, values + 2, problem, problem_bytes);
  }
  if (strcmp(command, "files") == 0 || strcmp(command, "verdicts") == 0) {
    arguments->command = command[0] == 'f' ? COMMAND_FILES : COMMAND_VERDICTS;
    return files_options_parse(&arguments->files, count - 2, values + 2, problem, problem_bytes);
  }
  if (strcmp(command, "xattrs") == 0 && count == 2) {
    arguments->command = COMMAND_XATTRS;
    return true;
  }
  if (strcmp(command, "fifo") == 0 && count == 3) {
    arguments->command = COMMAND_FIFO;
    arguments->path = values[2];
    return true;
  }
  if (strcmp(command, "check") == 0 && count == 2) {
    arguments->command = COMMAND_CHECK;
    return true;
  }
  if (strcmp(command, "--version") == 0) {
    arguments->command = COMMAND_VERSION;
    return true;
  }
  if (strcmp(command, "--help") == 0) {
    arguments->command = COMMAND_HELP;
    return true;
  }
  snprintf(problem, problem_bytes, "what to do? See sense --help");
  return false;
}
