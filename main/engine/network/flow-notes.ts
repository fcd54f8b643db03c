import type { Fact, ProtocolId } from '../../../contract/facts.ts';
import { formatBytes } from '../../../contract/format.ts';
import { plainText } from '../../../contract/text.ts';
import { END_REASON, type EndReason, type FlowView, type TrafficObserver } from '../../../contract/traffic.ts';

/** What the bytes of a conversation said, in short: plain text of bounded length. */
export interface FlowNote {
  /** What is spoken; empty where the bytes did not tell. */
  readonly application: ProtocolId | '';
  /** What was asked for: a site, a domain, a host name; empty where nobody named it. */
  readonly name: string;
  /** Lines for people, in order: requests, logins, files, certificates. */
  readonly said: readonly string[];
}

export const NO_NOTE: FlowNote = { application: '', name: '', said: [] };

/** Flows with notes at one time: the first to be noted are forgotten first. Some 20 MB when all of them talk a lot. */
const MAX_FLOWS = 16_384;
/** What is read of one flow; more is in the capture. */
const MAX_LINES = 12;
const MAX_LINE = 200;
/** Names of sites are shorter; in rows of thousands they must not grow large. */
const MAX_NAME = 120;

interface Note {
  application: ProtocolId | '';
  name: string;
  readonly said: string[];
}

/**
 * Keeps what was said in open flows, for those who record and show them. Must come after them in the order of
 * observers: a flow's note goes with the flow.
 */
export class FlowNotes implements TrafficObserver {
  /** Once half of all are of this turn, those of the turn before go together: a flood of flows costs nothing more. */
  #notes = new Map<number, Note>();
  #former = new Map<number, Note>();

  fact(flow: FlowView, fact: Fact): void {
    const name = nameIn(fact);
    const line = lineOf(fact);
    const application = fact.type === 'protocol' ? fact.protocol : '';
    if (name === '' && line === '' && application === '') return;
    const note = this.#find(flow.id) ?? this.#begin(flow.id);
    if (note.application === '') note.application = application;
    if (note.name === '') note.name = plainText(name, MAX_NAME);
    if (line === '' || note.said.length >= MAX_LINES) return;
    const text = plainText(line, MAX_LINE);
    if (!note.said.includes(text)) note.said.push(text);
  }

  /** What is known of a flow by its id. */
  of(id: number): FlowNote {
    return this.#find(id) ?? NO_NOTE;
  }

  /** One that is cut for its length goes on: see `flowRenewed`, which follows. */
  flowEnd(flow: FlowView, reason: EndReason): void {
    if (reason !== END_REASON.activeTimeout) this.#forget(flow.id);
  }

  flowRenewed(formerId: number, flow: FlowView): void {
    const note = this.#find(formerId);
    if (note === undefined) return;
    this.#forget(formerId);
    const renewed = this.#begin(flow.id);
    renewed.application = note.application;
    renewed.name = note.name;
  }

  #find(id: number): Note | undefined {
    return this.#notes.get(id) ?? this.#former.get(id);
  }

  #forget(id: number): void {
    if (!this.#notes.delete(id)) this.#former.delete(id);
  }

  #begin(id: number): Note {
    if (this.#notes.size >= MAX_FLOWS / 2) {
      this.#former = this.#notes;
      this.#notes = new Map();
    }
    const note: Note = { application: '', name: '', said: [] };
    this.#notes.set(id, note);
    return note;
  }
}

function nameIn(fact: Fact): string {
  switch (fact.type) {
    case 'tls-client':
    case 'quic':
      return fact.serverName;
    case 'http-request':
      return fact.host;
    case 'dns':
      return fact.questions[0]?.name ?? '';
    case 'dhcp':
      return fact.hostname;
    default:
      return '';
  }
}

const FIRST_ANSWERS = 3;
/** Commands that name what was done; others may hold secrets. */
const TELLING_COMMANDS: ReadonlySet<string> = new Set([
  ...['RETR', 'STOR', 'APPE', 'DELE', 'MKD', 'RMD', 'CWD', 'RNFR', 'RNTO'],
  ...['MAIL', 'RCPT', 'INVITE', 'REGISTER'],
]);

/** Where a path ends, or goes on in parameters: Java's servers put the session there (";jsessionid="). */
const PATH_END = /[?#;]/;

/** One line for people; empty where the fact has nothing to tell them. Secrets and the query part of URIs stay out. */
function lineOf(fact: Fact): string {
  switch (fact.type) {
    case 'http-request':
      return `${fact.method} ${fact.uri.split(PATH_END, 1)[0]}`;
    case 'http-response':
      return `answered ${fact.status}${fact.contentType === '' ? '' : ` ${fact.contentType.split(';', 1)[0]}`}`;
    case 'dns': {
      const [question] = fact.questions;
      if (question === undefined || !fact.isResponse) return '';
      const answers = fact.answers.slice(0, FIRST_ANSWERS).map(({ data }) => data);
      const answer = answers.length > 0 ? answers.join(', ') : fact.responseCode;
      return `${question.name} ${question.type}: ${answer}`;
    }
    case 'certificate':
      if (fact.position !== 0) return '';
      return `certificate of ${fact.commonName || fact.subject}, issued by ${fact.issuerCommonName || fact.issuer}`;
    case 'ssh':
      return fact.software === '' ? '' : `${fact.fromInitiator ? 'client' : 'server'} ${fact.software}`;
    case 'login': {
      const who = fact.user === '' ? 'somebody' : fact.user;
      return `login of ${who}${fact.method === '' ? '' : ` by ${fact.method}`}: ${fact.outcome}`;
    }
    case 'file': {
      const size = `${formatBytes(fact.bytes)}${fact.isWhole ? '' : ' and more'}`;
      return `file ${fact.name === '' ? 'without a name' : fact.name} (${fact.kind}, ${size})`;
    }
    case 'command':
      return TELLING_COMMANDS.has(fact.command) ? `${fact.command} ${fact.argument}` : '';
    case 'property':
      return `${fact.name}: ${fact.value}`;
    case 'broken':
      return `damaged ${fact.protocol} (${fact.reason})`;
    default:
      return '';
  }
}
