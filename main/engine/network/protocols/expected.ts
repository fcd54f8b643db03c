import type { ProtocolId } from '../../../../contract/facts.ts';
import type { FlowView } from '../../../../contract/traffic.ts';

/** A connection that another one has announced, as FTP does for its data. */
export interface ExpectedConnection {
  readonly port: number;
  /** At which end of the announcing connection it will be accepted. */
  readonly atInitiator: boolean;
  readonly protocol: ProtocolId;
  /** What will be transferred: whoever announced it may still learn the name. */
  readonly file: { readonly name: string };
}

/** Announcements that are remembered: an onlooker of a busy FTP server meets a few at once. */
const MAX_EXPECTED = 4_096;
/** A connection that was announced comes within a minute or not at all; servers wait that long for it. */
const EXPECTED_FOR_US = 60_000_000;

interface Announcement {
  readonly connection: ExpectedConnection;
  readonly timeUs: number;
}

/** Connections that are announced and have not come. */
export class ExpectedConnections {
  /** By where they go to, in the order of their announcement. */
  readonly #announcements = new Map<string, Announcement>();

  announce(flow: FlowView, connection: ExpectedConnection, timeUs: number): void {
    const key = connection.atInitiator
      ? keyOf(flow.initiator0, flow.initiator1, flow.initiator2, flow.initiator3, connection.port)
      : keyOf(flow.responder0, flow.responder1, flow.responder2, flow.responder3, connection.port);
    this.#announcements.delete(key);
    this.#announcements.set(key, { connection, timeUs });
    if (this.#announcements.size <= MAX_EXPECTED) return;
    for (const oldest of this.#announcements.keys()) {
      this.#announcements.delete(oldest);
      return;
    }
  }

  /** What this flow was announced as; it is forgotten with that. */
  take(flow: FlowView, timeUs: number): ExpectedConnection | undefined {
    if (this.#announcements.size === 0) return undefined;
    const key = keyOf(flow.responder0, flow.responder1, flow.responder2, flow.responder3, flow.responderPort);
    const announcement = this.#announcements.get(key);
    if (announcement === undefined) return undefined;
    this.#announcements.delete(key);
    return timeUs - announcement.timeUs <= EXPECTED_FOR_US ? announcement.connection : undefined;
  }
}

function keyOf(word0: number, word1: number, word2: number, word3: number, port: number): string {
  return `${word0},${word1},${word2},${word3},${port}`;
}
