/** What every event of a process says of it, by the names of Sysmon. */
import type { FileHashes, HostProcess, HostProcessWithParents } from '../../../contract/events.ts';
import { boundedText } from './text-bound.ts';
import type { FieldValue } from './types.ts';

/** By name of the field: how it is read from an event. */
export type Fields<E> = Readonly<Record<string, (event: E) => FieldValue>>;

export function hashList(hashes: FileHashes | undefined): string | undefined {
  if (hashes === undefined) return undefined;
  const named = Object.entries({ MD5: hashes.md5, SHA1: hashes.sha1, SHA256: hashes.sha256 });
  return named.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`])).join(',');
}

export function utcTime(timeMs: number): string {
  const date = new Date(timeMs);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString().replace('T', ' ').slice(0, -1);
}

export function booleanText(value: boolean | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}

/** An image that nobody could read is an absent one, not an empty one. */
export function imageOf(process: HostProcess | undefined): string | undefined {
  return process?.image === '' ? undefined : process?.image;
}

/**
 * Of a process above: it was looked at in full when it began, and what it starts in masses is not to cost as much each
 * time. Events of files may hold anything.
 */
function lineOf(process: HostProcess | undefined): FieldValue {
  const line = process?.commandLine;
  return typeof line === 'string' ? boundedText(line) : line;
}

/** What every event of a process says of it. */
export function processFields<E extends { readonly timeMs: number }>(
  processOf: (event: E) => HostProcessWithParents | undefined,
): Fields<E> {
  const of =
    (read: (process: HostProcessWithParents) => FieldValue) =>
    (event: E): FieldValue => {
      const process = processOf(event);
      return process === undefined ? undefined : read(process);
    };
  return {
    UtcTime: ({ timeMs }) => utcTime(timeMs),
    Image: of(imageOf),
    ProcessName: of(({ name }) => name),
    ProcessId: of(({ pid }) => pid),
    CommandLine: of(({ commandLine }) => commandLine),
    CurrentDirectory: of(({ currentDirectory }) => currentDirectory),
    User: of(({ user }) => user),
    UserId: of(({ uid }) => uid),
    EffectiveUserId: of(({ euid }) => euid),
    LogonId: of(({ loginUid }) => loginUid),
    TerminalSessionId: of(({ sessionId }) => sessionId),
    Terminal: of(({ terminal }) => terminal),
    Unit: of(({ unit }) => unit),
    Container: of(({ container }) => container),
    Package: of((process) => process.package),
    Hashes: of(({ hashes }) => hashList(hashes)),
    md5: of(({ hashes }) => hashes?.md5),
    sha1: of(({ hashes }) => hashes?.sha1),
    sha256: of(({ hashes }) => hashes?.sha256),
    ImageDeleted: of(({ isImageDeleted }) => booleanText(isImageDeleted)),
    StandardInput: of(({ standardStreams }) => standardStreams?.input),
    StandardOutput: of(({ standardStreams }) => standardStreams?.output),
    ParentImage: of(({ parent }) => imageOf(parent)),
    ParentProcessName: of(({ parent }) => parent?.name),
    ParentProcessId: of(({ parent }) => parent?.pid),
    ParentCommandLine: of(({ parent }) => lineOf(parent)),
    ParentUser: of(({ parent }) => parent?.user),
    GrandparentImage: of(({ ancestors }) => imageOf(ancestors?.[0])),
    GrandparentCommandLine: of(({ ancestors }) => lineOf(ancestors?.[0])),
    AncestorImage: of(({ ancestors }) => ancestors?.flatMap((ancestor) => imageOf(ancestor) ?? [])),
  };
}
