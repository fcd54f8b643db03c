import type { FileFact } from '../../../../../contract/facts.ts';
import { headerParameter } from '../file/name.ts';
import { FileTransfer } from '../file/transfer.ts';
import type { Unstamped } from '../protocol.ts';
import { bounded } from '../text-lines.ts';

/** Fields of a mail's head that are told, and as what (RFC 5322 3.6). */
const TOLD_FIELDS: Readonly<Record<string, string>> = {
  subject: 'subject',
  from: 'from',
  to: 'to',
  cc: 'cc',
  'reply-to': 'reply-to',
  'message-id': 'message-id',
  'user-agent': 'user-agent',
  'x-mailer': 'user-agent',
  'x-originating-ip': 'originating-address',
};
/** Longest text of a field that goes on over several lines. */
const MAX_FIELD_TEXT = 2_048;
/** Parts within parts (RFC 2046 5.1): more are made to confuse. */
const MAX_BOUNDARIES = 8;
const MAX_PARTS = 128;

export interface MailEvents {
  field(name: string, value: string): void;
  file(file: Unstamped<FileFact>): void;
  /** Of files; yes where it is left out. */
  readonly wantsMd5?: boolean;
}

/**
 * One mail, line by line (RFC 5322, 2045, 2046): what its head says, and the files that are attached. A part is a
 * file where it has a name or is said to be an attachment.
 */
export class MailContent {
  readonly #events: MailEvents;
  readonly #boundaries: string[] = [];
  /** Undefined in the body of a part. */
  #head: PartHead | undefined = new PartHead();
  #isOuterHead = true;
  #parts = 0;
  #attachment: Attachment | undefined;

  constructor(events: MailEvents) {
    this.#events = events;
  }

  /** A line without its end, and without the dot that was put before it. */
  line(line: string): void {
    if (line.startsWith('--') && this.#boundary(line)) return;
    if (this.#head === undefined) this.#attachment?.line(line);
    else if (line === '') this.#headEnd(this.#head);
    else this.#head.line(line);
  }

  end(isWhole: boolean): void {
    if (this.#head !== undefined && this.#isOuterHead) this.#headEnd(this.#head);
    this.#partEnd(isWhole);
  }

  /** Whether the line ends a part. */
  #boundary(line: string): boolean {
    const text = line.trimEnd();
    for (let i = this.#boundaries.length - 1; i >= 0; i--) {
      const boundary = this.#boundaries[i];
      if (!text.startsWith(boundary)) continue;
      const rest = text.slice(boundary.length);
      if (rest !== '' && rest !== '--') continue;
      this.#partEnd(true);
      this.#boundaries.length = rest === '' ? i + 1 : i;
      this.#head = rest === '' && ++this.#parts <= MAX_PARTS ? new PartHead() : undefined;
      return true;
    }
    return false;
  }

  #headEnd(head: PartHead): void {
    this.#head = undefined;
    const type = head.get('content-type');
    if (this.#isOuterHead) {
      this.#isOuterHead = false;
      for (const [name, told] of Object.entries(TOLD_FIELDS)) {
        const value = head.get(name);
        if (value !== '') this.#events.field(told, value);
      }
    }
    const boundary = headerParameter(type, 'boundary');
    if (type.toLowerCase().startsWith('multipart/') && boundary !== '') {
      if (this.#boundaries.length < MAX_BOUNDARIES) this.#boundaries.push(`--${boundary}`);
      return;
    }
    const disposition = head.get('content-disposition');
    const name = headerParameter(disposition, 'filename') || headerParameter(type, 'name');
    if (name === '' && !disposition.toLowerCase().startsWith('attachment')) return;
    const encoding = head.get('content-transfer-encoding').trim().toLowerCase();
    const semicolon = type.indexOf(';');
    this.#attachment = new Attachment(
      name,
      (semicolon < 0 ? type : type.slice(0, semicolon)).trim(),
      encoding,
      this.#events.wantsMd5,
    );
  }

  #partEnd(isWhole: boolean): void {
    const file = this.#attachment?.end(isWhole);
    this.#attachment = undefined;
    if (file !== undefined) this.#events.file(file);
  }
}

const PART_FIELDS = new Set([
  ...Object.keys(TOLD_FIELDS),
  'content-type',
  'content-disposition',
  'content-transfer-encoding',
]);

/** The fields of a mail or part that are needed, unfolded. */
class PartHead {
  readonly #fields = new Map<string, string>();
  #last = '';

  line(line: string): void {
    if (line[0] === ' ' || line[0] === '\t') {
      if (this.#last === '') return;
      this.#fields.set(this.#last, bounded(`${this.get(this.#last)} ${line.trim()}`, MAX_FIELD_TEXT));
      return;
    }
    const colon = line.indexOf(':');
    const name = colon < 0 ? '' : line.slice(0, colon).trim().toLowerCase();
    this.#last = PART_FIELDS.has(name) && !this.#fields.has(name) ? name : '';
    if (this.#last !== '') this.#fields.set(name, bounded(line.slice(colon + 1).trim(), MAX_FIELD_TEXT));
  }

  get(name: string): string {
    return this.#fields.get(name) ?? '';
  }
}

/** A file in a mail while it is read. */
class Attachment {
  readonly #name: string;
  readonly #type: string;
  readonly #encoding: string;
  readonly #transfer: FileTransfer;
  /** Base64 is decoded four characters at a time. */
  #rest = '';
  /** The end of the last line of other encodings belongs to the boundary behind it. */
  #needsLineEnd = false;

  constructor(name: string, type: string, encoding: string, wantsMd5: boolean | undefined) {
    this.#name = name;
    this.#type = type;
    this.#encoding = encoding;
    this.#transfer = new FileTransfer({ wantsMd5 });
  }

  line(line: string): void {
    if (this.#encoding === 'base64') {
      const text = this.#rest + line.trim();
      const whole = text.length - (text.length % 4);
      this.#rest = text.slice(whole);
      this.#transfer.take(Buffer.from(text.slice(0, whole), 'base64'));
      return;
    }
    const isSoftBreak = this.#encoding === 'quoted-printable' && line.endsWith('=');
    const text = this.#encoding === 'quoted-printable' ? unquoted(line) : line;
    this.#transfer.take(Buffer.from(this.#needsLineEnd ? `\r\n${text}` : text, 'latin1'));
    this.#needsLineEnd = !isSoftBreak;
  }

  end(isWhole: boolean): Unstamped<FileFact> | undefined {
    if (this.#rest !== '') this.#transfer.take(Buffer.from(this.#rest, 'base64'));
    const identity = { protocol: 'smtp', name: this.#name, claimedType: this.#type } as const;
    return this.#transfer.end(identity, isWhole && !this.#transfer.isFull);
  }
}

/** Quoted-printable (RFC 2045 6.7) of one line undone, one character a byte. */
function unquoted(line: string): string {
  let text = '';
  for (let i = 0; i < line.length; i++) {
    const code = line[i] === '=' ? Number.parseInt(line.slice(i + 1, i + 3), 16) : Number.NaN;
    if (line[i] === '=' && i === line.length - 1) break;
    if (Number.isNaN(code)) {
      text += line[i];
    } else {
      text += String.fromCharCode(code);
      i += 2;
    }
  }
  return text;
}
