import { latin1 } from '../bytes.ts';
import { type Opening, VERDICT, type Verdict } from '../protocol.ts';
import { firstLine, replyStatus, splitWord } from '../text-lines.ts';

/**
 * FTP and SMTP both greet with 220. The greeting often says which of the two it is; where it does not, the client's
 * first command does.
 */
type Greeting = 'ftp' | 'smtp' | 'either' | 'none' | 'unknown';

/** So much of a greeting is looked at. */
const MAX_GREETING_BYTES = 1_024;
const FTP_COMMANDS = new Set(['USER', 'AUTH', 'FEAT', 'SYST', 'OPTS', 'CLNT', 'HOST', 'PBSZ', 'PROT', 'PASS', 'CSID']);
const SMTP_COMMANDS = new Set(['EHLO', 'HELO', 'LHLO', 'STARTTLS', 'MAIL', 'RCPT', 'VRFY', 'EXPN', 'BDAT']);

function greetingOf(bytes: Uint8Array): Greeting {
  const text = latin1(bytes, 0, MAX_GREETING_BYTES, MAX_GREETING_BYTES);
  if (text.length < 4) return couldBeReply(text) ? 'unknown' : 'none';
  const status = replyStatus(text.slice(0, 4));
  if (status < 0) return 'none';
  const upper = text.toUpperCase();
  if (status === 220) {
    if (upper.includes('SMTP') || upper.includes('MAIL')) return 'smtp';
    if (upper.includes('FTP') || upper.includes('FILE')) return 'ftp';
  }
  return 'either';
}

function couldBeReply(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (i < 3 ? code < 0x30 || code > 0x39 : code !== 0x20 && code !== 0x2d) return false;
  }
  return true;
}

/** The client's first command in upper case; undefined while it is not known, empty for what is no command. */
function commandOf(bytes: Uint8Array): string | undefined {
  const line = firstLine(bytes);
  if (line === undefined) return bytes.length > 512 ? '' : undefined;
  const word = splitWord(line.trim())[0].toUpperCase();
  return FTP_COMMANDS.has(word) || SMTP_COMMANDS.has(word) || word === 'QUIT' || word === 'NOOP' ? word : '';
}

/** Who of the two speaks, as the table of protocols asks each for itself. */
export function identifyReplies(opening: Opening, wanted: 'ftp' | 'smtp'): Verdict {
  const { initiator, responder } = opening;
  const greeting = responder.length === 0 ? 'unknown' : greetingOf(responder);
  if (greeting === 'none' || (greeting !== wanted && (greeting === 'ftp' || greeting === 'smtp'))) return VERDICT.no;
  if (initiator.length === 0) return greeting === wanted ? VERDICT.yes : VERDICT.maybe;
  const command = commandOf(initiator);
  if (command === undefined) return greeting === wanted ? VERDICT.yes : VERDICT.maybe;
  if (command === '') return greeting === wanted && opening.hasBeginning ? VERDICT.yes : VERDICT.no;
  if (greeting === wanted) return VERDICT.yes;
  const others = wanted === 'ftp' ? SMTP_COMMANDS : FTP_COMMANDS;
  const own = wanted === 'ftp' ? FTP_COMMANDS : SMTP_COMMANDS;
  if (!own.has(command)) return others.has(command) ? VERDICT.no : VERDICT.maybe;
  // USER, PASS and AUTH are also those of POP3 and IRC: the server's reply, or the port where nobody answers, tells.
  if (greeting === 'either') return VERDICT.yes;
  return wanted === 'smtp' && command.endsWith('LO') ? VERDICT.yes : usualPortVerdict(opening, wanted);
}

function usualPortVerdict({ responderPort }: Opening, wanted: 'ftp' | 'smtp'): Verdict {
  return responderPort === (wanted === 'ftp' ? 21 : 25) ? VERDICT.yes : VERDICT.maybe;
}
