/** What the package manager of Debian and its like did: /var/log/dpkg.log and /var/log/apt/history.log. */
import type { HostEvent, LogLineEvent } from '../../../../contract/events.ts';
import { messageTable } from './form.ts';
import { readDatedTime } from './time.ts';
import { bounded, fieldsOf, known, type LineContext, type LogParser } from './types.ts';

const readDpkgMessage = messageTable<never>([
  { form: 'status {status} {package} {version}' },
  { form: 'startup {step*}' },
  ...['install', 'upgrade', 'remove', 'purge', 'trigproc', 'configure', 'disappear'].map((action) => ({
    form: `${action} {package} {from} {version}`,
  })),
  { form: 'conffile {file...} {decision}' },
]);

/** "2026-11-21 21:16:03 install curl:amd64 <none> 8.14.1-2". */
export function dpkgParser(): LogParser {
  return {
    parse(line, { nowMs, file }) {
      const time = readDatedTime(line);
      const message = time === undefined ? line : line.slice(time.end + 1);
      const read = readDpkgMessage(message);
      const action: [string, string] = ['action', message.split(' ', 1)[0] ?? ''];
      const event: LogLineEvent = {
        type: 'log-line',
        timeMs: time?.timeMs ?? nowMs,
        service: 'dpkg',
        message: bounded(message),
        ...known({
          file,
          fields: read === undefined ? undefined : fieldsOf([action, ...Object.entries(read.fields)]),
        }),
      };
      return [event];
    },
    flush: () => [],
  };
}

/** Lines of one run that are kept; apt writes nine kinds, each once. */
const MAX_STANZA_LINES = 32;
/** apt writes a stanza's end when it is done: it may install for a long time, but not for a day. */
const STANZA_TIMEOUT_MS = 24 * 3_600_000;

interface Stanza {
  readonly pairs: [string, string][];
  timeMs: number;
  sinceMs: number;
  file: string | undefined;
}

/** Stanzas of "Name: value" lines between Start-Date and End-Date, told as one line each. */
export function aptHistoryParser(): LogParser {
  let stanza: Stanza | undefined;

  const finish = (): readonly HostEvent[] => {
    if (stanza === undefined) return [];
    const { pairs, timeMs, file } = stanza;
    stanza = undefined;
    const event: LogLineEvent = {
      type: 'log-line',
      timeMs,
      service: 'apt',
      message: bounded(pairs.map(([name, value]) => `${name}: ${value}`).join('; ')),
      ...known({ file }),
      fields: fieldsOf(pairs),
    };
    return [event];
  };

  const add = (line: string, { nowMs, file }: LineContext): readonly HostEvent[] => {
    const colon = line.indexOf(': ');
    if (colon < 1) return finish();
    const name = line.slice(0, colon);
    const value = bounded(line.slice(colon + 2));
    const before = name === 'Start-Date' ? finish() : [];
    stanza ??= { pairs: [], timeMs: nowMs, sinceMs: nowMs, file };
    if (name === 'Start-Date') stanza.timeMs = aptTime(value) ?? nowMs;
    if (stanza.pairs.length < MAX_STANZA_LINES) stanza.pairs.push([name, value]);
    return name === 'End-Date' ? [...before, ...finish()] : before;
  };

  return {
    parse: add,
    flush: (nowMs) => (stanza !== undefined && nowMs - stanza.sinceMs > STANZA_TIMEOUT_MS ? finish() : []),
  };
}

/** "2026-11-21  21:16:03", with two spaces. */
function aptTime(text: string): number | undefined {
  return readDatedTime(text.replace('  ', ' '))?.timeMs;
}
