import type { FlowView } from '../../../../contract/traffic.ts';
import type { SettingValues } from '../../runtime/settings.ts';
import { BoundedMap } from '../bounded-map.ts';
import { HostHistory, hourOf } from './host-history.ts';
import type { exfiltrationSettings } from './settings.ts';
import type { UploadSign } from './signs.ts';

const MAX_HOSTS = 512;
const MAX_DESTINATIONS = 8_192;
const MAX_SERVICES = 2_048;
const MAX_LONG_FLOWS = 8_192;
const MEBIBYTE = 2 ** 20;
const GIBIBYTE = 2 ** 30;
const HOUR_US = 3_600e6;
/** An hour that is unusual because of one destination: it took this share. */
const DESTINATION_SHARE = 0.6;
const ONE_WAY_FACTOR = 5;
/** Spread of a host whose hours are all alike: a tenth of what is usual. */
const LEAST_SPREAD = 0.1;

interface Destination {
  readonly firstUs: number;
  hour: number;
  out: number;
  back: number;
}

/** One host's hour that is far above its others, because of one destination. */
export interface Excess {
  readonly signs: readonly UploadSign[];
  readonly hourBytes: number;
  readonly usualBytes: number;
  /** Sent to the destination within the hour. */
  readonly destinationBytes: number;
}

/** What inside hosts send out, by the hour and by destination. */
export class OutboundBook {
  private readonly settings: SettingValues<typeof exfiltrationSettings>;
  private readonly hosts = new BoundedMap<string, HostHistory>(MAX_HOSTS);
  private readonly destinations = new BoundedMap<string, Destination>(MAX_DESTINATIONS);
  private readonly services = new BoundedMap<string, number>(MAX_SERVICES);
  /** Bytes of open flows that were counted already. */
  private readonly counted = new BoundedMap<number, { out: number; back: number }>(MAX_LONG_FLOWS);

  constructor(settings: SettingValues<typeof exfiltrationSettings>) {
    this.settings = settings;
  }

  clear(): void {
    this.hosts.clear();
    this.destinations.clear();
    this.services.clear();
    this.counted.clear();
  }

  /** A host talks to a service, for whatever reason. */
  sees(host: string, service: string, nowUs: number): void {
    this.services.getOrInsert(`${host} ${service}`, () => nowUs);
  }

  /** Whether a host that is known for long enough uses a service for the first time, within this hour. */
  isFirstUse(host: string, service: string, nowUs: number): boolean {
    const firstUs = this.services.getOrInsert(`${host} ${service}`, () => nowUs);
    return nowUs - firstUs <= HOUR_US && this.isKnown(host);
  }

  /** Counts what the flow's initiator sent since the last time; says so when its hour is far above what is usual. */
  add(flow: FlowView, host: string, destination: string, nowUs: number, isOver: boolean): Excess | undefined {
    const before = this.counted.peek(flow.id);
    const out = Math.max(0, flow.initiatorPayloadBytes - (before?.out ?? 0));
    const back = Math.max(0, flow.responderPayloadBytes - (before?.back ?? 0));
    if (isOver) this.counted.delete(flow.id);
    else this.counted.set(flow.id, { out: flow.initiatorPayloadBytes, back: flow.responderPayloadBytes });
    const history = this.hosts.getOrInsert(host, () => new HostHistory(nowUs));
    history.add(out, nowUs);
    const hour = hourOf(nowUs);
    const place = this.destinations.getOrInsert(`${host} ${destination}`, () => ({
      firstUs: nowUs,
      hour,
      out: 0,
      back: 0,
    }));
    if (place.hour !== hour) {
      place.hour = hour;
      place.out = 0;
      place.back = 0;
    }
    place.out += out;
    place.back += back;
    return this.excessOf(host, history, place, nowUs);
  }

  private isKnown(host: string): boolean {
    return (this.hosts.peek(host)?.knownHours ?? 0) >= this.settings.learnHours;
  }

  private excessOf(host: string, history: HostHistory, place: Destination, nowUs: number): Excess | undefined {
    const { unusualMebibytes, unusualDeviations, hugeGibibytes } = this.settings;
    const { current } = history;
    // Most hours are over here: nothing is worked out for them.
    if (current < unusualMebibytes * MEBIBYTE || place.out < current * DESTINATION_SHARE) return undefined;
    if (place.out < place.back * ONE_WAY_FACTOR) return undefined;
    if (!this.isKnown(host)) {
      if (place.out < hugeGibibytes * GIBIBYTE) return undefined;
      return { signs: ['huge-volume', 'one-way'], hourBytes: current, usualBytes: 0, destinationBytes: place.out };
    }
    const { median, deviation } = history.usual();
    if (current < median + unusualDeviations * Math.max(deviation, median * LEAST_SPREAD)) return undefined;
    const isNew = nowUs - place.firstUs <= HOUR_US;
    return {
      signs: ['unusual-volume', 'one-way', ...(isNew ? (['first-use'] as const) : [])],
      hourBytes: current,
      usualBytes: median,
      destinationBytes: place.out,
    };
  }
}
