import type { Evidence, Finding, Severity } from '../../../../contract/domain.ts';
import { MAX_LISTED_HOSTS } from '../../../../contract/domain.ts';
import { parseAddress } from '../../runtime/address.ts';
import { BoundedMap } from '../bounded-map.ts';
import { endpointText } from '../ends.ts';
import { countOf, listOf } from '../finding-text.ts';
import type { Landscape } from '../landscape.ts';

/** Something that a computer does and that its owner may not want: seen once. */
export interface Sighting {
  /** What kind of notice it is; notices of one topic about one computer are one alert. Dashed. */
  readonly topic: string;
  readonly client: string;
  readonly server: string;
  readonly port: number;
  /** In a few words, for a list: "FTP", "expired certificate". */
  readonly what: string;
  /** What it means, one plain sentence. */
  readonly meaning: string;
  /** The milder of the two a notice has. */
  readonly severity: 'info' | 'low';
  readonly timeUs: number;
}

export interface NoticeItem {
  readonly what: string;
  readonly server: string;
  readonly port: number;
  readonly meaning: string;
  count: number;
  toldUs: number;
}

/** The notices of one topic about one computer: a client with its servers, or a server with its many clients. */
export interface NoticeGroup {
  readonly topic: string;
  /** Whom it is about. */
  readonly host: string;
  readonly isServer: boolean;
  readonly firstUs: number;
  lastUs: number;
  severity: 'info' | 'low';
  /** By what and where, at most MAX_ITEMS. */
  readonly items: Map<string, NoticeItem>;
  /** The clients of a server; empty for a client. */
  readonly clients: Set<string>;
  /** Sightings in all, and those that found no place in the list. */
  sightings: number;
  unlisted: number;
  reportedItems: number;
  reportedUs: number;
  reportedSightings: number;
}

export interface NoticeBookOptions {
  /** A habit is told again after so long, and not before. */
  readonly quietHours: number;
  readonly landscape: Landscape;
  describe(group: NoticeGroup): Finding;
  report(finding: Finding): void;
}

const MAX_GROUPS = 512;
const MAX_ITEMS = 32;
const MAX_CLIENTS = 64;
/** Services whose clients are counted, to tell a busy server from a client's habit. */
const MAX_SERVICES = 1_024;
/** When so many computers do it at one server, it is the server's matter and one alert. */
const CLIENTS_OF_A_SERVER = 5;
/** News about a group that is told already waits so long. */
const REPORT_EVERY_US = 60e6;
const REPORT_GROWTH = 2;
const SHOWN_ITEMS = 10;
const US_PER_HOUR = 3_600e6;

/**
 * Notices, one alert per computer and topic: told at once, again when there are twice as many servers, at most once a
 * minute, and else only when the habit goes on after the quiet time. Holds 512 groups of 32 items.
 */
export class NoticeBook {
  readonly #options: NoticeBookOptions;
  readonly #quietUs: number;
  readonly #groups = new BoundedMap<string, NoticeGroup>(MAX_GROUPS, (_, group) => this.#pending.delete(group));
  readonly #clientsOf = new BoundedMap<string, Set<string>>(MAX_SERVICES);
  /** Those with news that wait to be told. */
  readonly #pending = new Set<NoticeGroup>();
  #lastTickSecond = Number.NaN;

  constructor(options: NoticeBookOptions) {
    this.#options = options;
    this.#quietUs = options.quietHours * US_PER_HOUR;
  }

  sight(sighting: Sighting): void {
    const group = this.#groupOf(sighting);
    const { timeUs } = sighting;
    if (timeUs > group.lastUs) group.lastUs = timeUs;
    group.sightings++;
    if (sighting.severity === 'low') group.severity = 'low';
    if (group.isServer && group.clients.size < MAX_CLIENTS) group.clients.add(sighting.client);
    const item = this.#itemOf(group, sighting);
    if (item === undefined) {
      group.unlisted++;
      return;
    }
    item.count++;
    if (timeUs - item.toldUs < this.#quietUs) return;
    item.toldUs = timeUs;
    const isFirst = group.reportedItems === 0;
    const isOld = timeUs - group.reportedUs >= this.#quietUs;
    if (isFirst || isOld || group.items.size >= group.reportedItems * REPORT_GROWTH) this.#report(group, timeUs);
    else this.#pending.add(group);
  }

  tick(nowUs: number): void {
    const second = Math.floor(nowUs / 1e6);
    // Ticks come once per second, and once more at the end.
    const isStopping = second === this.#lastTickSecond;
    this.#lastTickSecond = second;
    for (const group of this.#pending) {
      if (isStopping || nowUs - group.reportedUs >= REPORT_EVERY_US) this.#report(group, nowUs);
    }
    if (!isStopping) return;
    for (const [, group] of this.#groups.entries()) {
      if (group.sightings > group.reportedSightings) this.#report(group, nowUs);
    }
  }

  /** The clock jumped back: tells what is untold and forgets. */
  clockReset(nowUs: number): void {
    for (const group of this.#pending) this.#report(group, nowUs);
    this.#pending.clear();
    this.#groups.clear();
    this.#clientsOf.clear();
    this.#lastTickSecond = Number.NaN;
  }

  /** Whether somebody may be named as the one who does it: the host's own gateways and servers may not. */
  isNameable(address: string): boolean {
    const words = parseAddress(address);
    return words !== null && this.#options.landscape.mayBeAttacker(...words);
  }

  #groupOf(sighting: Sighting): NoticeGroup {
    const { topic, client, server, timeUs } = sighting;
    const isServer = this.#isBusyServer(sighting);
    const host = isServer ? server : client;
    const key = `${topic} ${isServer ? 'server' : 'client'} ${host}`;
    const known = this.#groups.get(key);
    if (known !== undefined && timeUs - known.lastUs < this.#quietUs) return known;
    if (known !== undefined) this.#pending.delete(known);
    const group: NoticeGroup = {
      topic,
      host,
      isServer,
      firstUs: timeUs,
      lastUs: timeUs,
      severity: 'info',
      items: new Map(),
      clients: new Set(),
      sightings: 0,
      unlisted: 0,
      reportedItems: 0,
      reportedUs: Number.NEGATIVE_INFINITY,
      reportedSightings: 0,
    };
    this.#groups.set(key, group);
    return group;
  }

  /** A client that was told of with a server stays with it: only those that come later are the server's. */
  #isBusyServer({ topic, client, server, port }: Sighting): boolean {
    const clients = this.#clientsOf.getOrInsert(`${topic} ${server} ${port}`, () => new Set());
    if (clients.has(client)) return false;
    if (clients.size >= CLIENTS_OF_A_SERVER) return true;
    clients.add(client);
    return false;
  }

  #itemOf(group: NoticeGroup, { what, server, port, meaning }: Sighting): NoticeItem | undefined {
    const key = `${what} ${server} ${port}`;
    const known = group.items.get(key);
    if (known !== undefined) return known;
    if (group.items.size >= MAX_ITEMS) return undefined;
    const item: NoticeItem = { what, server, port, meaning, count: 0, toldUs: Number.NEGATIVE_INFINITY };
    group.items.set(key, item);
    return item;
  }

  #report(group: NoticeGroup, nowUs: number): void {
    this.#pending.delete(group);
    group.reportedItems = group.items.size;
    group.reportedUs = nowUs;
    group.reportedSightings = group.sightings;
    this.#options.report(this.#options.describe(group));
  }
}

/** What a detector says of a group; the rest of the finding comes from the group itself. */
export interface NoticeText {
  readonly detector: string;
  readonly techniques: readonly string[];
  readonly confidence: number;
  readonly title: string;
  readonly explanation: string;
  readonly severity?: Severity;
}

/** @param isNameable whether an address may be named as the one who does it */
export function noticeFinding(group: NoticeGroup, text: NoticeText, isNameable: (address: string) => boolean): Finding {
  const servers = serversOf(group);
  const clients = group.isServer ? [...group.clients] : [group.host];
  const attackers = clients.filter(isNameable).slice(0, MAX_LISTED_HOSTS);
  return {
    detector: text.detector,
    kind: 'policy',
    cause: `${text.detector}/${group.topic}/${group.isServer ? 'at/' : ''}${group.host}`,
    firstSeenMs: group.firstUs / 1000,
    lastSeenMs: group.lastUs / 1000,
    severity: text.severity ?? group.severity,
    confidence: text.confidence,
    techniques: text.techniques,
    attackers,
    victims: servers.slice(0, MAX_LISTED_HOSTS),
    attackerCount: attackers.length,
    victimCount: servers.length,
    title: text.title,
    explanation: text.explanation,
    evidence: evidenceOf(group),
  };
}

/** The servers of a group, each once, in the order in which they were seen. */
export function serversOf(group: NoticeGroup): readonly string[] {
  return [...new Set([...group.items.values()].map((item) => item.server))];
}

/** "10.0.0.9", "3 servers". */
export function placesOf(group: NoticeGroup): string {
  const servers = serversOf(group);
  return servers.length === 1 ? servers[0]! : countOf(servers.length, 'server');
}

/** "10.0.0.5", or of a busy server "6 further computers". */
export function doersOf(group: NoticeGroup): string {
  if (!group.isServer) return group.host;
  const count = countOf(group.clients.size, 'further computer');
  return group.clients.size < MAX_CLIENTS ? count : `At least ${count}`;
}

/** "FTP and POP3". */
export function whatOf(group: NoticeGroup): string {
  return listOf([...new Set([...group.items.values()].map((item) => item.what))]);
}

function evidenceOf(group: NoticeGroup): Evidence[] {
  const items = [...group.items.values()].slice(0, SHOWN_ITEMS);
  const rows: Evidence[] = items.map(({ what, server, port, meaning }) => ({
    name: what,
    value: port === 0 ? server : endpointText(server, port),
    meaning,
  }));
  if (group.items.size > SHOWN_ITEMS || group.unlisted > 0) {
    rows.push({
      name: 'further ones',
      value: group.items.size - items.length + group.unlisted,
      meaning: 'More of the same kind, which are not listed.',
    });
  }
  rows.push({
    name: 'times',
    value: group.sightings,
    unit: 'times',
    meaning: 'How often it was seen in all.',
  });
  return rows;
}

/** The quiet time, the same setting in every section of notices. */
export const quietHoursSetting = {
  type: 'number',
  default: 12,
  min: 0.1,
  max: 720,
  unit: 'h',
  reason: 'A habit that goes on is told again after so long: one notice per working day is enough to decide on it.',
} as const;

export const NOTICE_MEMORY = '512 computers of 32 services of 250 B, and the clients of 1,024 services';
