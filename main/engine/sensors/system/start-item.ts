/** One thing that a file starts: a line of a table, a command of a unit. */
export interface StartItem {
  /** As it stands in the file, at most MAX_LINE long. */
  readonly content: string;
  /** Whom it runs as; undefined where the file does not say. */
  readonly user: string | undefined;
}
