/** Numbers of the format of native-helpers/sense/src/files_records.h that readers and tests share. */

/** The values of `type` in a record's header. */
export const FILE_RECORD_TYPE = {
  hello: 32,
  fileSystem: 33,
  statistics: 34,
  created: 35,
  attributes: 36,
  written: 37,
  renamed: 38,
  executed: 39,
  deleted: 40,
  opened: 43,
  program: 44,
} as const;

/** Bytes before the texts. */
export const FILE_FIXED_BYTES = { hello: 24, fileSystem: 32, statistics: 88, file: 104, program: 40 } as const;

/** Where struct file_record has its fields. */
export const FILE_AT = {
  time: 8,
  inode: 16,
  device: 24,
  bytes: 32,
  process: 40,
  flags: 44,
  mode: 48,
  user: 52,
  group: 56,
  program: 60,
  times: 64,
  beforeMode: 68,
  beforeUser: 72,
  beforeGroup: 76,
  changed: 80,
  entropy: 82,
  pathBytes: 84,
  otherBytes: 86,
  head: 88,
} as const;

/** Where struct file_program_record has its fields. */
export const PROGRAM_AT = { number: 8, process: 12, flags: 16, pathBytes: 20, name: 24 } as const;

/** enum files_flag. */
export const FILE_FLAG = {
  facts: 1,
  before: 2,
  directory: 4,
  processGone: 8,
  sample: 16,
  programDeleted: 32,
  alsoWritten: 64,
  plainText: 128,
} as const;

/** Programs are told of by numbers up to this. */
export const KNOWN_PROGRAMS = 64;
