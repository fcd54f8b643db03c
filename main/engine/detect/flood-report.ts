import { type Evidence, type Finding, MAX_LISTED_HOSTS } from '../../../contract/domain.ts';
import { formatAddress } from '../runtime/address.ts';
import { FLOOD_FORMS, isUnanswered } from './flood-forms.ts';
import type { TargetPorts, TargetSources } from './flood-pictures.ts';
import type { Landscape } from './landscape.ts';
import { REFLECTED_SERVICES } from './reflection.ts';

/** What is known of one flood so far; cumulative. */
export interface FloodSummary {
  readonly victim: string;
  readonly firstUs: number;
  readonly lastUs: number;
  /** Flood packets by index into FLOOD_FORMS. */
  readonly packetsByForm: readonly number[];
  /** Unasked answers by index into REFLECTED_SERVICES. */
  readonly packetsByService: readonly number[];
  readonly packets: number;
  readonly bytes: number;
  /** The largest number of flood packets within one second. */
  readonly peakPerSecond: number;
  /** The rate from which on it is a flood. */
  readonly thresholdPerSecond: number;
  readonly sources: TargetSources;
  readonly ports: TargetPorts;
}

/** A form that makes up less than this share of a flood is by-catch and not in the title. */
const NAMED_SHARE = 0.1;
/** More senders than this, each with next to no packets, do not exist: the addresses are made up. */
const SPOOFED_MIN_SOURCES = 500;
const SPOOFED_PACKETS_PER_SOURCE = 4;
/** Senders are named when together they carry this much of the flood. */
const NAMED_SOURCES_SHARE = 0.5;
/** A sender with a smaller share is not worth naming beside the others. */
const SMALLEST_NAMED_SHARE = 0.05;
/** Above, a flood is severe: an ordinary uplink of 10 Mbit/s is filled by it. */
const SEVERE_PACKETS_PER_SECOND = 1000;
const SEVERE_PACKETS = 10_000;
const BASE_CONFIDENCE = 0.75;
const MAX_CONFIDENCE = 0.98;

export function floodFinding(detector: string, flood: FloodSummary, landscape: Landscape): Finding {
  const forms = FLOOD_FORMS.map((form, at) => ({ form, packets: flood.packetsByForm[at] ?? 0 }))
    .filter(({ packets }) => packets > 0)
    .sort((a, b) => b.packets - a.packets);
  const named = forms.filter(({ packets }, rank) => rank === 0 || packets >= flood.packets * NAMED_SHARE);
  const main = named[0]!.form;
  const isReflection = main.techniques.includes('T1498.002');
  const sent = nameSources(flood, landscape, isReflection);
  const severe = flood.peakPerSecond >= SEVERE_PACKETS_PER_SECOND || flood.packets >= SEVERE_PACKETS;
  const strength = Math.log10(Math.max(1, flood.peakPerSecond / flood.thresholdPerSecond));
  return {
    detector,
    kind: 'denial-of-service',
    cause: `denial-of-service/${flood.victim}`,
    firstSeenMs: Math.round(flood.firstUs / 1000),
    lastSeenMs: Math.round(flood.lastUs / 1000),
    severity: severe ? 'high' : 'medium',
    confidence: Math.min(MAX_CONFIDENCE, BASE_CONFIDENCE + 0.1 * strength),
    techniques: [...new Set(named.flatMap(({ form }) => form.techniques))],
    attackers: sent.listed,
    victims: [flood.victim],
    attackerCount: sent.count,
    victimCount: 1,
    title: title(
      flood,
      named.map(({ form }) => form.packets),
      sent,
      isReflection,
    ),
    explanation: explanation(flood, main.packets, main.harm, sent, isReflection),
    evidence: evidence(flood, named, sent, isReflection),
  };
}

interface NamedSources {
  readonly listed: readonly string[];
  readonly count: number;
  readonly isSpoofed: boolean;
}

function nameSources(flood: FloodSummary, landscape: Landscape, isReflection: boolean): NamedSources {
  const { distinct, heaviest } = flood.sources;
  // Whom the victim talks to is no attacker, however much it sends.
  const unasked = heaviest.filter(isUnanswered);
  const asked = heaviest.filter((source) => !isUnanswered(source));
  const packets = asked.reduce((rest, source) => rest - source.packets, flood.sources.packets);
  const candidates = unasked.filter((source) =>
    landscape.mayBeAttacker(source.word0, source.word1, source.word2, source.word3),
  );
  const texts = (sources: typeof candidates) =>
    sources
      .slice(0, MAX_LISTED_HOSTS)
      .map((source) => formatAddress(source.word0, source.word1, source.word2, source.word3));
  if (isReflection)
    return { listed: texts(candidates), count: Math.max(distinct, candidates.length), isSpoofed: false };
  const heavy = candidates.filter((source) => source.packets >= packets * SMALLEST_NAMED_SHARE);
  const carried = heavy.reduce((sum, source) => sum + source.packets, 0);
  if (heavy.length > 0 && carried >= packets * NAMED_SOURCES_SHARE) {
    // The rest sent next to nothing: they are not counted as attackers unless they weigh something together.
    const count = carried >= packets * (1 - NAMED_SHARE) ? heavy.length : Math.max(distinct, heavy.length);
    return { listed: texts(heavy), count, isSpoofed: false };
  }
  const isSpoofed = distinct >= SPOOFED_MIN_SOURCES && packets < distinct * SPOOFED_PACKETS_PER_SOURCE;
  return { listed: [], count: distinct, isSpoofed };
}

function title(flood: FloodSummary, packets: readonly string[], sent: NamedSources, isReflection: boolean): string {
  const port = flood.ports.dominant;
  const host = flood.victim.includes(':') ? `[${flood.victim}]` : flood.victim;
  const victim = port === 0 || isReflection ? flood.victim : `${host}:${port}`;
  const what = packets.length > 2 ? `${packets[0]}, ${packets[1]} and more` : packets.join(' and ');
  return `${senders(flood, sent, isReflection)} flooded ${victim} with ${what}`;
}

function senders(flood: FloodSummary, sent: NamedSources, isReflection: boolean): string {
  if (isReflection) {
    const services = topServices(flood).map(({ name }) => name);
    return `${about(sent.count)} abused ${services.length > 0 ? `${services.join(' and ')} ` : ''}servers`;
  }
  if (sent.count === 1 && sent.listed.length === 1) return sent.listed[0]!;
  return `${about(sent.count)} ${sent.isSpoofed ? 'spoofed addresses' : 'hosts'}`;
}

function topServices(flood: FloodSummary): { name: string; amplification: string; port: number }[] {
  const all = flood.packetsByService.reduce((sum, packets) => sum + packets, 0);
  return REFLECTED_SERVICES.map((service, at) => ({ ...service, packets: flood.packetsByService[at] ?? 0 }))
    .filter(({ packets }) => packets > 0 && packets >= all * NAMED_SHARE)
    .sort((a, b) => b.packets - a.packets)
    .slice(0, 3);
}

function explanation(
  flood: FloodSummary,
  packets: string,
  harm: string,
  sent: NamedSources,
  isReflection: boolean,
): string {
  const seconds = (flood.lastUs - flood.firstUs) / 1e6;
  const within = seconds < 1 ? 'within a second' : `within ${number(Math.round(seconds))} s`;
  const first = `${flood.victim} got ${number(flood.packets)} ${packets} ${within}, at most ${number(flood.peakPerSecond)} a second; from ${number(flood.thresholdPerSecond)} a second on, this is a flood.`;
  let who = 'The senders named carry most of it.';
  if (isReflection) {
    who = 'The servers that sent them are abused, not guilty: who forged the questions cannot be seen from here.';
  } else if (sent.isSpoofed) {
    who = `The ${number(sent.count)} or so sender addresses are made up, a new one for nearly every packet, so the true sender cannot be named and blocking addresses will not help.`;
  } else if (sent.listed.length === 0) {
    who = `It came from ${about(sent.count).toLowerCase()} addresses, none of which stands out.`;
  } else if (sent.count === 1) who = 'All of it came from one address.';
  return `${first} ${harm} ${who}`;
}

function evidence(
  flood: FloodSummary,
  named: readonly { readonly form: { readonly id: string; readonly packets: string }; readonly packets: number }[],
  sent: NamedSources,
  isReflection: boolean,
): Evidence[] {
  const rows: Evidence[] = [
    {
      name: 'flood packets',
      value: flood.packets,
      unit: 'packets',
      usual: '0',
      usualRange: { low: 0, high: 0 },
      meaning: 'Packets that the victim did not ask for and that no connection explains.',
    },
    {
      name: 'highest rate',
      value: flood.peakPerSecond,
      unit: 'packets/s',
      usual: `under ${number(flood.thresholdPerSecond)}`,
      usualRange: { low: 0, high: flood.thresholdPerSecond },
      meaning: 'The most flood packets within one second.',
    },
    {
      name: 'sender addresses',
      value: sent.count,
      unit: 'addresses',
      meaning: sent.isSpoofed
        ? 'Nearly every packet has another one, so they are forged.'
        : 'How many addresses the flood came from.',
    },
    {
      name: 'data received',
      value: flood.bytes,
      unit: 'B',
      meaning: 'All that reached the victim while the flood went on.',
    },
  ];
  for (const { form, packets } of named) {
    rows.push({ name: form.packets, value: packets, unit: 'packets', meaning: `Part of the flood (${form.id}).` });
  }
  if (isReflection) {
    for (const service of topServices(flood)) {
      const factor =
        service.amplification === '' ? '' : ` Its answers can be ${service.amplification} times the question.`;
      rows.push({
        name: 'abused service',
        value: `${service.name} (UDP port ${service.port})`,
        meaning: `The answers came from this port.${factor}`,
      });
    }
  } else if (flood.ports.dominant !== 0) {
    rows.push({
      name: 'port',
      value: flood.ports.dominant,
      meaning: 'The port of the victim that the packets were sent to.',
    });
  }
  return rows;
}

/** "About 37,000", "12": two figures are all that an estimate has. */
function about(count: number): string {
  if (count < 100) return number(count);
  const step = 10 ** (Math.floor(Math.log10(count)) - 1);
  return `About ${number(Math.round(count / step) * step)}`;
}

function number(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
