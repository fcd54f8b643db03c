/**
 * Access logs of web servers: NCSA common and combined, as nginx and Apache write them, with a virtual host in front or
 * not. Fields are called as in the W3C extended log format, which is what rules for web servers use.
 * 192.0.2.7 - alice [10/Oct/2000:13:55:36 -0700] "GET /a?b=c HTTP/1.1" 200 2326 "https://from.example/" "curl/8.0"
 */
import type { HostEvent, LogLineEvent } from '../../../../contract/events.ts';
import { readAccessTime } from './time.ts';
import { bounded, type Fields, fieldsOf, known, type LineContext, type LogParser, wholeNumber } from './types.ts';

/** What was read of one line. */
export interface AccessLine {
  readonly timeMs: number;
  readonly fields: Fields;
}

/** Undefined for a line of any other form. */
export function readAccessLine(line: string): AccessLine | undefined {
  const open = line.indexOf(' [');
  const close = line.indexOf('] "', open);
  if (open < 0 || close < 0) return undefined;
  const timeMs = readAccessTime(line.slice(open + 2, close));
  const request = quoted(line, close + 2);
  if (timeMs === undefined || request === undefined) return undefined;
  const [status, bytes] = line.slice(request.end + 1, request.end + 40).split(' ');
  if (wholeNumber(status) === undefined || (bytes !== '-' && wholeNumber(bytes) === undefined)) return undefined;
  const referer = quoted(line, line.indexOf('"', request.end));
  const agent = referer === undefined ? undefined : quoted(line, line.indexOf('"', referer.end));
  const fields = [
    ...clientFields(line.slice(0, open)),
    ...requestFields(request.text),
    ['sc-status', status],
    ['sc-bytes', bytes],
    ['cs-referer', referer?.text],
    ['cs-user-agent', agent?.text],
  ] as const;
  return { timeMs, fields: fieldsOf(fields.filter(isSaid)) };
}

function isSaid(pair: readonly [string, string | undefined]): pair is readonly [string, string] {
  return pair[1] !== undefined && pair[1] !== '-';
}

type Pair = readonly [string, string | undefined];

/** "client identity user", after "host:port" where several sites share a log. A user may have spaces in it. */
function clientFields(text: string): readonly Pair[] {
  const words = text.split(' ', 3);
  const isClientFirst = words[1] === '-' || words[2] !== '-';
  const [host, client] = isClientFirst || !hasPort(words[0]) ? [undefined, words[0]] : [words[0], words[1]];
  const userAt = (host === undefined ? 0 : host.length + 1) + (client ?? '').length + 1;
  const user = text.slice(text.indexOf(' ', userAt) + 1);
  return [
    ['cs-host', host],
    ['c-ip', client],
    ['cs-username', user],
  ];
}

function hasPort(host: string | undefined): boolean {
  const colon = host?.lastIndexOf(':') ?? -1;
  return colon > 0 && wholeNumber(host?.slice(colon + 1)) !== undefined;
}

/** A request is whatever the client sent: often not HTTP at all. Then it is the method, as Apache and nginx see it. */
function requestFields(request: string): readonly Pair[] {
  const first = request.indexOf(' ');
  const last = request.lastIndexOf(' ');
  const isHttp = last > first && request.startsWith('HTTP/', last + 1);
  const uri = first < 0 ? undefined : request.slice(first + 1, isHttp ? last : undefined);
  const question = uri?.indexOf('?') ?? -1;
  return [
    ['cs-method', first < 0 ? request : request.slice(0, first)],
    ['cs-uri', uri],
    ['cs-uri-stem', question < 0 ? uri : uri?.slice(0, question)],
    ['cs-uri-query', question < 0 ? undefined : uri?.slice(question + 1)],
    ['cs-version', isHttp ? request.slice(last + 1) : undefined],
  ];
}

/** The text of a quote that opens at `at`, with \" and \\ as what they stand for; other escapes stay as they are. */
function quoted(line: string, at: number): { readonly text: string; readonly end: number } | undefined {
  if (at < 0 || line[at] !== '"') return undefined;
  let text = '';
  let from = at + 1;
  for (let index = from; index < line.length; index += 1) {
    const character = line[index];
    if (character === '"') return { text: text + line.slice(from, index), end: index + 1 };
    if (character !== '\\') continue;
    if (line[index + 1] === '"' || line[index + 1] === '\\') {
      text += line.slice(from, index);
      from = index + 1;
    }
    index += 1;
  }
  return undefined;
}

/** Reads access logs of one server; lines of another form are kept as they are. */
export function accessLogParser(service: 'nginx' | 'apache'): LogParser {
  return {
    parse(line: string, { nowMs, file }: LineContext): readonly HostEvent[] {
      const read = readAccessLine(line);
      const event: LogLineEvent = {
        type: 'log-line',
        timeMs: read?.timeMs ?? nowMs,
        service,
        message: bounded(line),
        ...known({ file, fields: read?.fields }),
      };
      return [event];
    },
    flush: () => [],
  };
}
