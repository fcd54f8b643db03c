/** What a place from which programs are started without anybody asking is made of. */
import type { AutostartPlace } from '../../../../contract/events.ts';

/** How what a file starts is written in it. */
export const CONTENT_FORMS = [
  'anacrontab',
  'apt',
  'binary-format',
  'bus-service',
  'code',
  'desktop',
  'git',
  'interface',
  'joined',
  'kernel-value',
  'keys',
  'log-rotation',
  'manager',
  'markup',
  'php',
  'preload',
  'python-path',
  'script',
  'ssh-client',
  'ssh-server',
  'sudoers',
  'sysctl',
  'system-crontab',
  'unit',
  'user-crontab',
  'window-manager',
] as const;
export type ContentForm = (typeof CONTENT_FORMS)[number];

/** Paths without a slash at the end. In folders "*" stands for any part of one name: "/usr/lib/python3*". */
export interface AutostartRow {
  readonly place: AutostartPlace;
  readonly form: ContentForm;
  /** Whom it runs as where the file does not say: the user whose home it is in, that of the file's name, or root. */
  readonly owner: 'root' | 'home' | 'file-name' | 'nobody';
  readonly files?: readonly string[];
  readonly folders?: readonly string[];
  /** The same in every home, without a slash at the beginning. */
  readonly homeFiles?: readonly string[];
  readonly homeFolders?: readonly string[];
  /** Only names of a folder that end like this. */
  readonly endings?: readonly string[];
  /** Names of a folder that start nothing. */
  readonly ignored?: RegExp;
  /** Folders in the folder whose name ends like this are read as well: "ssh.service.d". */
  readonly subfolders?: readonly string[];
  /** Only what lies directly in the folder counts: below it are thousands of files that start nothing. */
  readonly isFlat?: boolean;
  /** Users can write into the folder: links are not followed. */
  readonly isOpen?: boolean;
  /**
   * Most of what stands in such files starts nothing, and people and programs write them all the time: a write alone
   * says nothing, a line that starts something does.
   */
  readonly isToldByContent?: boolean;
  /** Too many files to look at again and again: only their writes are seen. */
  readonly isSeenByWrites?: boolean;
  /** Only where a file system of this type is mounted on the folder: looking may mount it otherwise. */
  readonly onFileSystem?: string;
  /** The kernel makes the content while it is read: no time of the file tells that it changed. */
  readonly isOfKernel?: boolean;
}
