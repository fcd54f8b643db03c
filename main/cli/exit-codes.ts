/** What the command's exit status says. The first three and 130 are promises to scripts. */
export const EXIT = {
  fine: 0,
  /** `analyze --fail-on LEVEL` found an alert of that level or worse. */
  alertsFound: 1,
  /** A wrong option, a file that is not a capture, a configuration with errors. */
  wrongInput: 2,
  /** Right input, but it could not be done: no engine is running, the disk is full. */
  failed: 3,
  /** Ctrl-C: 128 and the number of SIGINT, as shells do. */
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
