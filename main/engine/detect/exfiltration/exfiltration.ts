import type { Fact, FileFact, HttpRequestFact } from '../../../../contract/facts.ts';
import {
  type EndReason,
  type FlowView,
  type PacketView,
  PROTOCOL,
  type TrafficObserver,
} from '../../../../contract/traffic.ts';
import { isInternal, parseAddress } from '../../runtime/address.ts';
import { BoundedMap } from '../bounded-map.ts';
import { type DetectorContext, defineDetector } from '../detector.ts';
import { initiatorText, isInitiatorInside, isResponderInside, responderText } from '../ends.ts';
import { type ContentKind, contentOfBody, contentOfBytes, contentOfKind, isStolenName } from './contents.ts';
import { OutboundBook } from './outbound-book.ts';
import { type StorageService, serviceOfName } from './services.ts';
import { exfiltrationSettings } from './settings.ts';
import { pointsOf, severityOf, type UploadSign } from './signs.ts';
import { describeUpload } from './story.ts';
import { newUpload, noteFile, type Upload } from './upload.ts';

const MAX_UPLOADS = 2_048;
const MAX_FLOWS = 8_192;
const MAX_SERVICE_ADDRESSES = 1_024;
const KIBIBYTE = 1_024;
const MEBIBYTE = 1_024 * KIBIBYTE;
const LARGE_BYTES = MEBIBYTE;
const VERY_LARGE_BYTES = 20 * MEBIBYTE;
/** Much more leaves than comes back; and what a bare receiver may say back. */
const ONE_WAY_FACTOR = 10;
const SILENT_BYTES = 64;
/** A look at a service fetches pages; an upload to it sends more than it fetches. */
const SERVICE_FACTOR = 2;
const SERVICE_UPLOADS = { drop: 4, hidden: 32, cloud: 128 } as const;
/** Bodies of requests: shorter ones are forms. Of one size in so many in a row: a program cuts something up. */
const LEAST_BODY_BYTES = 512;
const EVEN_PIECES = 8;
/** Flows that sent less than this and are not known for anything are not counted. */
const LEAST_COUNTED_BYTES = 2 * KIBIBYTE;
const HTTP_PORTS = new Set([80, 443, 3128, 8008, 8080, 8081, 8443]);
/** Printers take what they print as it comes (RFC 1179, IPP, and the raw port of JetDirect). */
const PRINTER_PORTS = new Set([515, 631, 9100, 9101, 9102, 9103, 9104, 9105, 9106, 9107]);
const TOOL_AGENT =
  /^(curl|wget|python|powershell|go-http|libwww|java\/|ruby|php|perl|lua|aria2|httpie|restsharp|winhttp)/i;
const POWERSHELL_AGENT = 'windowspowershell';
const BODY_METHODS = new Set(['POST', 'PUT', 'PATCH']);
/** Active FTP: the server calls from here (RFC 959 3.2). */
const FTP_DATA_PORT = 20;
const REPORT_GROWTH = 4;
const REPORT_QUIET_US = 5e6;
const REPORT_EVERY_US = 60e6;
const MAX_SUSPECTS = 256;

/** What is known of an open conversation that may be an upload. */
interface FlowNotes {
  upload: Upload | undefined;
  service: StorageService | undefined;
  /** What it begins with, where no protocol was told. */
  raw: ContentKind | undefined;
  countedOut: number;
  countedIn: number;
}

/** Data that leaves: by what it is, where it goes and how, and by what its host did in the hours before. */
class ExfiltrationWatcher implements TrafficObserver {
  private readonly context: DetectorContext<typeof exfiltrationSettings>;
  private readonly ignored: ReadonlySet<string>;
  private readonly leastBytes: number;
  private readonly flows = new BoundedMap<number, FlowNotes>(MAX_FLOWS);
  /** Flows whose protocol was told. */
  private readonly told = new BoundedMap<number, true>(MAX_FLOWS);
  private readonly uploads = new BoundedMap<string, Upload>(MAX_UPLOADS);
  private readonly serviceAddresses = new BoundedMap<string, StorageService>(MAX_SERVICE_ADDRESSES);
  private readonly book: OutboundBook;
  private readonly suspects = new Set<Upload>();
  private lastTickSecond = Number.NaN;

  constructor(context: DetectorContext<typeof exfiltrationSettings>) {
    this.context = context;
    this.ignored = new Set(context.settings.ignoredDestinations);
    this.leastBytes = context.settings.uploadKibibytes * KIBIBYTE;
    this.book = new OutboundBook(context.settings);
  }

  fact(flow: FlowView, fact: Fact): void {
    switch (fact.type) {
      case 'protocol':
        if (flow.protocol === PROTOCOL.tcp) this.told.set(flow.id, true);
        return;
      case 'dns':
        if (fact.isResponse && fact.answers.length > 0) this.noteAddresses(fact.questions[0]?.name, fact.answers);
        return;
      case 'tls-client':
        this.noteService(flow, fact.serverName);
        return;
      case 'http-request':
        if (fact.fromInitiator && BODY_METHODS.has(fact.method)) this.noteRequest(flow, fact);
        return;
      case 'file':
        this.noteFileSent(flow, fact);
        return;
      case 'property':
        if (fact.protocol === 'smtp' && fact.name === 'subject' && fact.fromInitiator && isStolenName(fact.value)) {
          this.noteUpload(flow, fact.timeUs, 'mail', ['stolen-name']);
        }
        return;
      default:
    }
  }

  payload(flow: FlowView, packet: PacketView, fromInitiator: boolean): void {
    if (!fromInitiator || flow.protocol !== PROTOCOL.tcp || flow.responderPayloadBytes > SILENT_BYTES) return;
    if (flow.initiatorPayloadBytes === packet.payloadBytes) {
      this.noteBeginning(flow, packet);
      return;
    }
    // A stream that is poured out is told of while it runs.
    if (flow.initiatorPayloadBytes >= this.leastBytes) this.judgeRaw(flow, packet.timeUs);
  }

  flowUpdate(flow: FlowView): void {
    this.count(flow, false);
  }

  flowEnd(flow: FlowView, _reason: EndReason): void {
    this.count(flow, true);
    this.flows.delete(flow.id);
    this.told.delete(flow.id);
  }

  tick(nowUs: number): void {
    const second = Math.floor(nowUs / 1e6);
    // Ticks come once per second, and once more at the end.
    const isLast = second === this.lastTickSecond;
    this.lastTickSecond = second;
    for (const upload of this.suspects) {
      if (upload.sentBytes === upload.reportedBytes) continue;
      const isQuiet = nowUs - upload.lastUs >= REPORT_QUIET_US;
      if (isLast || isQuiet || nowUs - upload.reportedUs >= REPORT_EVERY_US) this.report(upload, nowUs);
    }
  }

  clockReset(nowUs: number): void {
    for (const upload of this.suspects) if (upload.sentBytes !== upload.reportedBytes) this.report(upload, nowUs);
    this.suspects.clear();
    this.uploads.clear();
    this.flows.clear();
    this.book.clear();
    this.lastTickSecond = Number.NaN;
  }

  private notesOf(flow: FlowView): FlowNotes {
    return this.flows.getOrInsert(flow.id, () => ({
      upload: undefined,
      service: undefined,
      raw: undefined,
      countedOut: 0,
      countedIn: 0,
    }));
  }

  private noteAddresses(name: string | undefined, answers: readonly { type: string; data: string }[]): void {
    const service = name === undefined ? undefined : serviceOfName(name);
    if (service === undefined) return;
    for (const { type, data } of answers) {
      if (type === 'A' || type === 'AAAA') this.serviceAddresses.set(data, service);
    }
  }

  private noteService(flow: FlowView, name: string): void {
    const service = name === '' ? undefined : serviceOfName(name);
    if (service === undefined) return;
    this.notesOf(flow).service = service;
    this.book.sees(initiatorText(flow), service.domain, flow.lastUs);
  }

  /** What a bare connection begins with. TLS and the methods of HTTP, by far the most, are told by one byte or three. */
  private noteBeginning(flow: FlowView, packet: PacketView): void {
    const { bytes, payloadStart, payloadEnd } = packet;
    const first = bytes[payloadStart];
    if (payloadEnd - payloadStart < 8 || first === 0x16 || this.told.peek(flow.id) !== undefined) return;
    if (!isInitiatorInside(flow) && isResponderInside(flow)) return;
    if (PRINTER_PORTS.has(flow.responderPort)) return;
    const content = contentOfBytes(bytes, payloadStart, payloadEnd);
    if (content !== 'other') this.notesOf(flow).raw = content;
  }

  private judgeRaw(flow: FlowView, nowUs: number): void {
    const notes = this.flows.peek(flow.id);
    if (notes?.raw === undefined || notes.upload !== undefined || this.told.peek(flow.id) !== undefined) return;
    // Encrypted protocols of peers and players begin with random bytes too: only what surely leaves is told of.
    if (notes.raw === 'random' && (!isInitiatorInside(flow) || isResponderInside(flow))) return;
    this.noteUpload(flow, nowUs, 'a bare connection', ['no-protocol', 'one-way', ...signOfContent(notes.raw)]);
  }

  private noteRequest(flow: FlowView, fact: HttpRequestFact): void {
    const { content, fileName } = contentOfBody(fact.bodyStart);
    const isStolen = isStolenName(fileName);
    const bodyBytes = Math.max(fact.contentLength, fact.bodyStart.length);
    this.noteService(flow, fact.host);
    if (bodyBytes < LEAST_BODY_BYTES && content !== 'secret' && !isStolen) return;
    const signs: UploadSign[] = [...signOfContent(content), ...(isStolen ? STOLEN_NAME : [])];
    const address = parseAddress(fact.host);
    if (address !== null) signs.push(isInternal(...address) ? 'inside-address' : 'bare-address');
    if (!HTTP_PORTS.has(flow.responderPort)) signs.push('odd-port');
    if (isTool(fact.userAgent)) signs.push('tool');
    const upload = this.noteUpload(flow, fact.timeUs, 'HTTP', signs);
    if (upload === undefined) return;
    if (fileName !== '') noteFile(upload, fileName);
    upload.pieces = bodyBytes === upload.pieceBytes ? upload.pieces + 1 : 1;
    upload.pieceBytes = bodyBytes;
    if (upload.pieces === EVEN_PIECES) this.noteUpload(flow, fact.timeUs, 'HTTP', ['even-pieces']);
  }

  private noteFileSent(flow: FlowView, fact: FileFact): void {
    const isActiveFtp = fact.protocol === 'ftp-data' && flow.initiatorPort === FTP_DATA_PORT;
    // The side that called sends; where the server calls, the side that is called does.
    if (fact.fromInitiator === isActiveFtp) return;
    const isStolen = isStolenName(fact.name);
    const signs: UploadSign[] = [...signOfContent(contentOfKind(fact.kind)), ...(isStolen ? STOLEN_NAME : [])];
    if (fact.protocol === 'ftp-data') signs.push('ftp');
    const isOutside = isActiveFtp ? !isInitiatorInside(flow) : !isResponderInside(flow);
    if ((fact.protocol === 'smb' || fact.protocol === 'tftp') && isOutside) signs.push('plain-copy');
    // Mail carries archives and documents all day.
    if (fact.protocol === 'smtp' && !isStolen) return;
    if (signs.length === 0) return;
    const upload = this.noteUpload(
      flow,
      fact.timeUs,
      fact.protocol.toUpperCase().replace('-DATA', ''),
      signs,
      isActiveFtp,
    );
    if (upload === undefined) return;
    noteFile(upload, fact.name);
    // A file is told when it is over; its flow is counted later.
    if (flow.protocol !== PROTOCOL.tcp) upload.sentBytes += fact.bytes;
    this.judge(upload, fact.timeUs);
  }

  /** Takes signs down for who sends and who receives. @param isTurned the initiator receives */
  private noteUpload(
    flow: FlowView,
    nowUs: number,
    way: string,
    signs: readonly UploadSign[],
    isTurned = false,
  ): Upload | undefined {
    const isSenderInside = isTurned ? isResponderInside(flow) : isInitiatorInside(flow);
    const isReceiverInside = isTurned ? isInitiatorInside(flow) : isResponderInside(flow);
    if (!isSenderInside && isReceiverInside) return undefined;
    const { landscape } = this.context;
    const { initiator0, initiator1, initiator2, initiator3, responder0, responder1, responder2, responder3 } = flow;
    if (landscape.isMulticastOrBroadcast(responder0, responder1, responder2, responder3)) return undefined;
    const victim = isTurned ? responderText(flow) : initiatorText(flow);
    const attacker = isTurned ? initiatorText(flow) : responderText(flow);
    if (this.ignored.has(attacker)) return undefined;
    const mayNameAttacker = isTurned
      ? landscape.mayBeAttacker(initiator0, initiator1, initiator2, initiator3)
      : landscape.mayBeAttacker(responder0, responder1, responder2, responder3);
    const upload = this.uploads.getOrInsert(`${victim} ${attacker}`, () =>
      newUpload({ victim, attacker, mayNameAttacker, port: isTurned ? flow.initiatorPort : flow.responderPort }, nowUs),
    );
    upload.lastUs = Math.max(upload.lastUs, nowUs);
    if (upload.way === '') upload.way = way;
    for (const sign of signs) upload.signs.add(sign);
    const notes = this.notesOf(flow);
    if (notes.upload === undefined) {
      notes.upload = upload;
      upload.conversations++;
    }
    this.countInto(upload, notes, flow);
    this.judge(upload, nowUs);
    return upload;
  }

  private countInto(upload: Upload, notes: FlowNotes, flow: FlowView): void {
    const isSenderInitiator = initiatorText(flow) === upload.victim;
    const out = isSenderInitiator ? flow.initiatorPayloadBytes : flow.responderPayloadBytes;
    const back = isSenderInitiator ? flow.responderPayloadBytes : flow.initiatorPayloadBytes;
    upload.sentBytes += Math.max(0, out - notes.countedOut);
    upload.receivedBytes += Math.max(0, back - notes.countedIn);
    notes.countedOut = out;
    notes.countedIn = back;
    if (upload.sentBytes >= LARGE_BYTES) upload.signs.add('large');
    if (upload.sentBytes >= VERY_LARGE_BYTES) upload.signs.add('very-large');
    const isOneWay = upload.sentBytes >= this.leastBytes && upload.sentBytes >= upload.receivedBytes * ONE_WAY_FACTOR;
    if (isOneWay) upload.signs.add('one-way');
  }

  /** A conversation ends, or has gone on for a while. */
  private count(flow: FlowView, isOver: boolean): void {
    if (flow.protocol !== PROTOCOL.tcp && flow.protocol !== PROTOCOL.udp) return;
    const notes = this.flows.peek(flow.id);
    if (notes === undefined && flow.initiatorPayloadBytes < LEAST_COUNTED_BYTES) return;
    const nowUs = flow.lastUs;
    if (notes?.raw !== undefined && flow.responderPayloadBytes <= SILENT_BYTES) {
      const isEnough = flow.initiatorPayloadBytes >= this.leastBytes || (isOver && notes.raw === 'secret');
      if (isEnough) this.judgeRaw(flow, nowUs);
    }
    this.judgeService(flow, notes, nowUs);
    this.judgeVolume(flow, nowUs, isOver);
    const upload = notes?.upload;
    if (notes === undefined || upload === undefined) return;
    upload.lastUs = Math.max(upload.lastUs, nowUs);
    this.countInto(upload, notes, flow);
    this.judge(upload, nowUs);
  }

  private judgeService(flow: FlowView, notes: FlowNotes | undefined, nowUs: number): void {
    const { initiatorPayloadBytes: out, responderPayloadBytes: back } = flow;
    if (out < this.leastBytes || out < back * SERVICE_FACTOR || isResponderInside(flow)) return;
    // A name that was said is surer than an address, which many services may share.
    const isNamed = this.told.peek(flow.id) !== undefined;
    const service = notes?.service ?? (isNamed ? undefined : this.serviceAddresses.peek(responderText(flow)));
    if (service === undefined || out < this.leastBytes * SERVICE_UPLOADS[service.serviceClass]) return;
    const signs: UploadSign[] = [`${service.serviceClass}-service`];
    if (this.book.isFirstUse(initiatorText(flow), service.domain, nowUs)) signs.push('first-use');
    // Its name first, so that the first report has it.
    const upload = this.noteUpload(flow, nowUs, 'a service in the net', []);
    if (upload === undefined) return;
    upload.service = service;
    this.noteUpload(flow, nowUs, 'a service in the net', signs);
  }

  private judgeVolume(flow: FlowView, nowUs: number, isOver: boolean): void {
    if (!isInitiatorInside(flow) || isResponderInside(flow)) return;
    const { landscape } = this.context;
    if (landscape.isMulticastOrBroadcast(flow.responder0, flow.responder1, flow.responder2, flow.responder3)) return;
    const excess = this.book.add(flow, initiatorText(flow), responderText(flow), nowUs, isOver);
    if (excess === undefined) return;
    const upload = this.noteUpload(flow, nowUs, 'one conversation or many', excess.signs);
    if (upload === undefined) return;
    upload.hourBytes = excess.hourBytes;
    upload.usualHourBytes = excess.usualBytes;
    upload.sentBytes = Math.max(upload.sentBytes, excess.destinationBytes);
    this.judge(upload, nowUs);
  }

  private judge(upload: Upload, nowUs: number): void {
    const points = pointsOf(upload.signs);
    if (severityOf(points, this.context.settings) === undefined || !this.isEnough(upload)) return;
    // Not whether it is among the suspects: it may have had to make room there.
    const isNew = upload.reportedPoints === 0;
    const isGrown = upload.sentBytes > upload.reportedBytes && upload.sentBytes >= upload.reportedBytes * REPORT_GROWTH;
    if (!isNew && points <= upload.reportedPoints && !isGrown) return;
    if (!this.suspects.has(upload) && this.suspects.size >= MAX_SUSPECTS) {
      const oldest = this.suspects.keys().next();
      if (!oldest.done) this.suspects.delete(oldest.value);
    }
    this.suspects.add(upload);
    this.report(upload, nowUs);
  }

  /** Small uploads are messages, but for secrets. */
  private isEnough(upload: Upload): boolean {
    return upload.sentBytes >= this.leastBytes || upload.signs.has('secret') || upload.signs.has('stolen-name');
  }

  private report(upload: Upload, nowUs: number): void {
    const points = pointsOf(upload.signs);
    const severity = severityOf(points, this.context.settings);
    if (severity === undefined) return;
    upload.reportedPoints = points;
    upload.reportedBytes = upload.sentBytes;
    upload.reportedUs = nowUs;
    this.context.report(describeUpload(upload, points, severity));
  }
}

const STOLEN_NAME: readonly UploadSign[] = ['stolen-name'];

const CONTENT_SIGNS: Readonly<Record<ContentKind, readonly UploadSign[]>> = {
  secret: ['secret'],
  archive: ['archive'],
  document: ['document'],
  random: ['random-bytes'],
  other: [],
};

function signOfContent(content: ContentKind): readonly UploadSign[] {
  return CONTENT_SIGNS[content];
}

function isTool(userAgent: string): boolean {
  return userAgent === '' || TOOL_AGENT.test(userAgent) || userAgent.toLowerCase().includes(POWERSHELL_AGENT);
}

export const exfiltrationDetector = defineDetector({
  id: 'exfiltration',
  kind: 'exfiltration',
  summary: 'Data leaves a computer in a way, to a place or in an amount that it has no business to.',
  techniques: ['T1041', 'T1048', 'T1048.003', 'T1567.002', 'T1567.003', 'T1020'],
  settings: exfiltrationSettings,
  interest: {
    facts: ['protocol', 'dns', 'tls-client', 'http-request', 'file', 'property:smtp.subject'],
    silentEnds: false,
  },
  memoryBound:
    '8,192 conversations of 200 B, 2,048 uploads of 1 kB, 512 hosts with a week of hours of 1.5 kB, 8,192 destinations of 150 B',
  create: (context) => new ExfiltrationWatcher(context),
});
