/** The scanning thread: rules in YARA, and files one after the other. It blocks while it looks at one. */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { codeOf, messageOf } from '../../runtime/failure.ts';
import { openRegularFile } from '../../runtime/open-regular.ts';
import { BACKGROUND_NICE, setNice } from '../../runtime/priority.ts';
import {
  type ContentVerdict,
  compileYara,
  descriptionOf,
  readYaraFiles,
  scanContent,
  severityOf,
  techniquesOf,
  YaraFailure,
  YaraScanner,
} from '../../yara/index.ts';
import type {
  FileIdentity,
  FileVerdict,
  ScanAnswer,
  ScanEnd,
  ScanHit,
  ScanRequest,
  ScanWorkerData,
} from './scan-messages.ts';

const port = parentPort;
if (port === null) throw new Error('scan-worker.ts runs as a worker thread');
const post = (answer: ScanAnswer): void => port.postMessage(answer);
const data = workerData as ScanWorkerData;
const { rules, userId, timeoutMs, maxFileBytes, unpack, isGentle = false, staysSmall = false } = data;
if (isGentle) setNice(BACKGROUND_NICE);

/** Far from where scans fail, also after an archive of as many parts as settings allow; some 10 MB by then. */
const WORN = 500;
/** yara-x takes content into its own memory, which never shrinks. */
const SWOLLEN_BYTES = 4 * 2 ** 20;
/** A folder full of large programs does not make a thread for each. */
const SWOLLEN_AFTER_MS = 5_000;
/** Verdicts are kept by what was looked at: files that come again cost a hash; copies too, unless rules ask for names. */
const MAX_VERDICTS = 20_000;
/** Content whose memory is given back at once; far above what several buffers share. */
const LARGE_BYTES = 2 ** 20;
type Judged = Pick<FileVerdict, 'hits' | 'contents' | 'gaps'>;
const verdicts = new Map<string, Judged>();

const read = readYaraFiles(rules, userId);
const compiled = compileYara(read.files);
const readsNames = compiled.variables.length > 0;
const scanner = new YaraScanner(compiled, timeoutMs);
const begunMs = performance.now();
post({
  type: 'ready',
  rules: compiled.facts.size,
  problems: [...read.problems.map((problem) => ({ ...problem, line: 1 })), ...compiled.problems],
});

port.on('message', (request: ScanRequest | ScanEnd) => {
  if (request === 'end') {
    port.close();
    return;
  }
  const { id, path, openAt, only } = request;
  try {
    post({ type: 'verdict', id, ...judgeFile(path, openAt, only) });
    if (scanner.wear >= WORN || isSwollen()) post({ type: 'worn' });
  } catch (error) {
    // Then it ends, and is begun anew.
    if (error instanceof YaraFailure) throw error;
    post({ type: 'unread', id, reason: codeOf(error) || messageOf(error) });
  }
});

function isSwollen(): boolean {
  return staysSmall && scanner.largestBytes > SWOLLEN_BYTES && performance.now() - begunMs > SWOLLEN_AFTER_MS;
}

/** @throws what the kernel says about a file that cannot be read */
function judgeFile(
  path: string,
  openAt: ScanRequest['openAt'],
  only: FileIdentity | undefined,
): { readonly verdict: FileVerdict; readonly isChanged: boolean } {
  const { content, sizeBytes, isChanged } = readContent(path, openAt, only);
  try {
    return { verdict: judgeContent(path, content, sizeBytes), isChanged };
  } finally {
    // This thread makes so little garbage that a large file would stay in memory for minutes.
    if (content.buffer.byteLength >= LARGE_BYTES) content.buffer.transfer(0);
  }
}

function judgeContent(path: string, content: Buffer, sizeBytes: number): FileVerdict {
  const sha256 = createHash('sha256').update(content).digest('hex');
  const key = readsNames ? `${sha256} ${path}` : sha256;
  let judged = verdicts.get(key);
  if (judged === undefined) {
    judged = judge(scanContent(scanner, content, path, unpack));
    if (verdicts.size >= MAX_VERDICTS) verdicts.delete(verdicts.keys().next().value!);
    verdicts.set(key, judged);
  }
  const { hits, contents, gaps } = judged;
  const cut = `larger than ${maxFileBytes / 2 ** 20} MiB: only its beginning was looked at`;
  return {
    path,
    sizeBytes,
    sha256,
    sha1: createHash('sha1').update(content).digest('hex'),
    md5: createHash('md5').update(content).digest('hex'),
    hits,
    contents,
    gaps: sizeBytes > content.length ? [...gaps, cut] : gaps,
  };
}

function judge({ hits, contents, gaps }: ContentVerdict): Judged {
  const told = hits.map(
    ({ rule, patterns, inside }): ScanHit => ({
      rule: rule.name,
      description: descriptionOf(rule),
      severity: severityOf(rule),
      techniques: techniquesOf(rule),
      source: rule.file,
      inside,
      patterns,
    }),
  );
  return { hits: told, contents, gaps };
}

/** Neither links nor devices, and nothing that waits; a link of /proc is the open file itself. */
function readContent(
  path: string,
  openAt: ScanRequest['openAt'],
  only: FileIdentity | undefined,
): { readonly content: Buffer<ArrayBuffer>; readonly sizeBytes: number; readonly isChanged: boolean } {
  const descriptor =
    typeof openAt === 'string' ? openRegularFile(openAt, true) : openRegularFile(openAt ? Buffer.from(openAt) : path);
  try {
    const entry = fstatSync(descriptor, { bigint: true });
    if (only !== undefined && (Number(entry.dev) !== only.device || Number(entry.ino) !== only.inode)) {
      throw new Error('it is another file by now');
    }
    const sizeBytes = Number(entry.size);
    const content = Buffer.allocUnsafe(Math.min(sizeBytes, maxFileBytes));
    let length = 0;
    for (let count = -1; count !== 0 && length < content.length; length += count) {
      count = readSync(descriptor, content, length, content.length - length, null);
    }
    const isChanged = only !== undefined && fstatSync(descriptor, { bigint: true }).ctimeNs !== only.changeTimeNs;
    return { content: content.subarray(0, length), sizeBytes, isChanged };
  } finally {
    closeSync(descriptor);
  }
}
