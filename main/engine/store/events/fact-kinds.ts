/** What kind of value each fact of an event has, so that what comes out of the database can be held against it. Pure. */
import type { Credentials, FileFacts, FileHashes, HostEvent, HostProcess } from '../../../../contract/events.ts';

type Kind = 'text' | 'number' | 'flag' | 'texts' | 'facts' | 'words' | 'text-or-number' | 'text-or-facts';
type FactsOf<T> = T extends unknown ? keyof T : never;
type Streams = NonNullable<HostProcess['standardStreams']>;
type Fact =
  | Exclude<FactsOf<HostEvent> | keyof HostProcess, 'process'>
  | keyof FileFacts
  | keyof FileHashes
  | keyof Credentials
  | keyof Streams
  | keyof NonNullable<Streams['remote']>;

/** `words`: texts by names that the log or the environment chose. */
const KINDS: Readonly<Record<Fact, Kind>> = {
  access: 'text',
  action: 'text',
  address: 'text',
  after: 'facts',
  answers: 'texts',
  arguments: 'texts',
  before: 'facts',
  capabilities: 'texts',
  chain: 'text',
  changed: 'texts',
  commandLine: 'text',
  container: 'text',
  content: 'text',
  currentDirectory: 'text',
  device: 'number',
  direction: 'text',
  egid: 'number',
  entropy: 'number',
  environment: 'words',
  error: 'text',
  euid: 'number',
  exitCode: 'number',
  fields: 'words',
  // A log's is its path.
  file: 'text-or-facts',
  fileSystem: 'text',
  flowId: 'text',
  gid: 'number',
  hashes: 'facts',
  home: 'text',
  hook: 'text',
  id: 'number',
  identifier: 'text',
  image: 'text',
  inode: 'number',
  input: 'text',
  isImageDeleted: 'flag',
  isSuccess: 'flag',
  isTainting: 'flag',
  kind: 'text',
  linkTarget: 'text',
  localAddress: 'text',
  localPort: 'number',
  loginUid: 'number',
  magic: 'text',
  md5: 'text',
  member: 'text',
  message: 'text',
  method: 'text',
  mode: 'number',
  name: 'text',
  networkNamespace: 'number',
  output: 'text',
  package: 'text',
  path: 'text',
  pathBytes: 'text',
  pid: 'number',
  place: 'text',
  port: 'number',
  previousPath: 'text',
  productId: 'text',
  protocol: 'text',
  recordType: 'text',
  remote: 'facts',
  remoteAddress: 'text',
  remoteName: 'text',
  remotePort: 'number',
  responseCode: 'text',
  rulesAfter: 'number',
  rulesBefore: 'number',
  seesOtherFiles: 'flag',
  // The audit system counts, devices have a text.
  serial: 'text-or-number',
  service: 'text',
  sessionId: 'number',
  sha1: 'text',
  sha256: 'text',
  shell: 'text',
  signal: 'number',
  sizeBytes: 'number',
  source: 'text',
  standardStreams: 'facts',
  startedMs: 'number',
  subject: 'text',
  subsystem: 'text',
  table: 'text',
  target: 'facts',
  targetUser: 'text',
  terminal: 'text',
  timeMs: 'number',
  times: 'number',
  tool: 'text',
  type: 'text',
  uid: 'number',
  unit: 'text',
  user: 'text',
  vendorId: 'text',
  way: 'text',
};
const KIND_OF: ReadonlyMap<string, Kind> = new Map(Object.entries(KINDS));

/** A target has streams, which have a remote end. */
const MAX_DEPTH = 4;

/** Whether every fact is what readers take it for. Facts that nobody knows are read by nobody, and may be anything. */
export function areFacts(value: unknown, depth = 0): value is Readonly<Record<string, unknown>> {
  if (depth > MAX_DEPTH || !isObject(value)) return false;
  return Object.entries(value).every(([fact, one]) => {
    const kind = KIND_OF.get(fact);
    return kind === undefined || isOfKind(kind, one, depth);
  });
}

function isOfKind(kind: Kind, value: unknown, depth: number): boolean {
  switch (kind) {
    case 'text':
      return typeof value === 'string';
    case 'number':
      return typeof value === 'number';
    case 'flag':
      return typeof value === 'boolean';
    case 'text-or-number':
      return typeof value === 'string' || typeof value === 'number';
    case 'texts':
      return Array.isArray(value) && value.every((item) => typeof item === 'string');
    case 'words':
      return isObject(value) && Object.values(value).every((item) => typeof item === 'string');
    case 'facts':
      return areFacts(value, depth + 1);
    case 'text-or-facts':
      return typeof value === 'string' || areFacts(value, depth + 1);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
