/** Logs: files and the journal followed, their lines read into events. */

export { type LogFile, type LogFormat, USUAL_LOG_FILES } from './formats.ts';
export {
  canReadJournal,
  type JournalAbility,
  type JournalCursorStore,
  JournalReader,
  type JournalReaderOptions,
} from './journal.ts';
export type { LogPosition, LogPositionStore } from './position.ts';
export { type FollowedFile, LogTail, type LogTailLimits, type LogTailOptions } from './tail.ts';
