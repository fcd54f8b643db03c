#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access.h"
#include "arguments.h"
#include "capture.h"
#include "files.h"
#include "files_verdicts.h"
#include "processes.h"
#include "records.h"
#include "signals.h"
#include "sockets.h"
#include "xattrs.h"

static volatile sig_atomic_t stopping;

static void stop(int signal_number) {
  (void)signal_number;
  stopping = 1;
}

/*
 * The signals that ask to stop are let in only where sense waits (ppoll in capture.c and output.c): none can
 * come between looking at `stopping` and going to sleep.
 */
static void handle_signals(void) {
  const int signals[] = {SIGTERM, SIGINT, SIGHUP};
  struct sigaction action = {.sa_handler = stop};
  sigset_t blocked;
  sigemptyset(&action.sa_mask);
  sigemptyset(&blocked);
  for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
    sigaddset(&blocked, signals[i]);
    sigaction(signals[i], &action, NULL);
  }
  sigprocmask(SIG_BLOCK, &blocked, NULL);
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  sigemptyset(&ignore.sa_mask);
  sigaction(SIGPIPE, &ignore, NULL);
}

static int make_fifo(const char *path) {
  if (mkfifo(path, S_IRUSR | S_IWUSR) == 0) return EXIT_STOPPED;
  fprintf(stderr, "sense: cannot make %s: %s\n", path, strerror(errno));
  return EXIT_SYSTEM_ERROR;
}

static int run(int count, char *const *values) {
  struct arguments arguments;
  char problem[160];
  if (!arguments_parse(&arguments, count, values, problem, sizeof problem)) {
    fprintf(stderr, "sense: %s\n", problem);
    return EXIT_USAGE_ERROR;
  }
  switch (arguments.command) {
    case COMMAND_HELP: fputs(arguments_help, stdout); return EXIT_STOPPED;
    case COMMAND_VERSION: printf("sense, record format %u\n", SENSE_FORMAT_VERSION); return EXIT_STOPPED;
    case COMMAND_FIFO: return make_fifo(arguments.path);
    case COMMAND_CHECK: return (int)capture_check();
    case COMMAND_XATTRS: return xattrs_run(arguments.user);
    case COMMAND_CAPTURE:
    case COMMAND_FILES:
    case COMMAND_VERDICTS:
    case COMMAND_PROCESSES:
    case COMMAND_SOCKETS:
    case COMMAND_ACCESS:
    case COMMAND_SIGNAL: break;
  }
  if (isatty(STDOUT_FILENO)) {
    fputs("sense: records are not for a terminal; send standard output somewhere\n", stderr);
    return EXIT_USAGE_ERROR;
  }
  handle_signals();
  if (arguments.command == COMMAND_PROCESSES) return (int)processes_run(&arguments, &stopping);
  if (arguments.command == COMMAND_SOCKETS) return (int)sockets_run(&arguments, &stopping);
  if (arguments.command == COMMAND_ACCESS) return (int)access_run(&arguments, &stopping);
  if (arguments.command == COMMAND_SIGNAL) return (int)signals_run(&arguments, &stopping);
  if (arguments.command == COMMAND_FILES) return (int)files_run(&arguments.files, &stopping);
  if (arguments.command == COMMAND_VERDICTS) return (int)verdicts_run(&arguments.files, &stopping);
  return (int)capture_run(&arguments, &stopping);
}

int main(int count, char **values) {
  int code = run(count, values);
  if (code == EXIT_STOPPED && fflush(stdout) != 0) code = EXIT_OUTPUT_ERROR;
  /* Not exit(): its handlers make calls that the filter of system calls forbids. */
  _exit(code);
}
