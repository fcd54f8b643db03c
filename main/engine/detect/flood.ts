import {
  END_REASON,
  type EndReason,
  type FlowChange,
  type FlowView,
  type PacketView,
  type TrafficObserver,
} from '../../../contract/traffic.ts';
import { type DetectorContext, defineDetector } from './detector.ts';
import { FLOOD_FORMS, type FloodWindow, reflectedByService } from './flood-forms.ts';
import type { TargetPorts, TargetSources } from './flood-pictures.ts';
import { type FloodSummary, floodFinding } from './flood-report.ts';
import { FLOOD_SETTINGS, type FloodSettings } from './flood-settings.ts';
import { FloodTargets } from './flood-targets.ts';
import { REFLECTED_SERVICES } from './reflection.ts';

/** Destinations watched at once. Carpet bombing of a /24 with room for the host's ordinary partners. */
const MAX_TARGETS = 1024;
/** After this time without a flood, a target's senders are forgotten: they must be of the present. */
const SOURCES_MEMORY_US = 30e6;
/** A flood goes on while it has this share of the rate that it takes to begin one. */
const CONTINUES_AT_SHARE = 0.25;
/** A flood is reported again when it has grown by this factor, or this long after the last report. */
const REPORT_GROWTH = 1.5;
const REPORT_AFTER_US = 10e6;
/** Without any flow (fragments alone), a tick before its second is over is taken for the last one. */
const WHOLE_SECOND_US = 0.99e6;
/**
 * A slow flood of half-open connections holds a server's backlog for as long as a fast one. Forms that may be
 * slow are also compared by a decaying sum of this half-life, with the threshold per second times SLOW_SECONDS:
 * a quarter of the threshold, kept up, is enough.
 */
const SLOW_HALF_LIFE_US = 10e6;
const SLOW_SECONDS = 4;

interface Flood {
  readonly firstUs: number;
  lastUs: number;
  packets: number;
  bytes: number;
  peakPerSecond: number;
  thresholdPerSecond: number;
  readonly packetsByForm: number[];
  readonly packetsByService: number[];
  reportedPackets: number;
  reportedUs: number;
}

/** Fewer packets within a second are not worth judging: no threshold, slow floods included, comes near. */
const QUIET_PACKETS = 20;

class FloodDetector implements TrafficObserver {
  private readonly context: DetectorContext;
  private readonly settings: FloodSettings;
  private readonly targets: FloodTargets;
  private readonly floods = new Map<number, Flood>();
  /** Decaying sums of suspicious packets by target and form, and when each target's were last brought up to date. */
  private readonly slowSums = new Float64Array(MAX_TARGETS * FLOOD_FORMS.length);
  private readonly slowUs = new Float64Array(MAX_TARGETS);
  private readonly sourcesSinceUs = new Float64Array(MAX_TARGETS);
  private lastTickUs = Number.NEGATIVE_INFINITY;
  private isEnding = false;

  constructor(context: DetectorContext<typeof FLOOD_SETTINGS>) {
    this.context = context as unknown as DetectorContext;
    this.settings = context.settings;
    const { landscape } = context;
    this.targets = new FloodTargets(
      MAX_TARGETS,
      (w0, w1, w2, w3) => landscape.isMulticastOrBroadcast(w0, w1, w2, w3),
      (slot) => this.settle(slot),
    );
  }

  packet(packet: PacketView): void {
    this.targets.packet(packet);
  }

  flowStart(flow: FlowView, packet: PacketView): void {
    this.targets.flowStart(flow, packet);
  }

  flowChange(flow: FlowView, packet: PacketView, change: FlowChange): void {
    this.targets.flowChange(flow, packet, change);
  }

  /** Flows that end because everything does: the tick that follows is the last one. */
  flowEnd(_flow: FlowView, reason: EndReason): void {
    if (reason === END_REASON.stopped) this.isEnding = true;
  }

  tick(nowUs: number): void {
    const { targets } = this;
    const isLast = this.isEnding || nowUs - this.lastTickUs < WHOLE_SECOND_US;
    this.lastTickUs = nowUs;
    for (let position = 0; position < targets.activeCount; position++) this.judge(targets.active[position]!, nowUs);
    for (const [slot, flood] of this.floods) {
      if (isLast && flood.packets > flood.reportedPackets) this.report(slot, flood, nowUs);
      if (nowUs - flood.lastUs > this.settings.quietSeconds * 1e6) this.settle(slot);
    }
    targets.nextWindow();
  }

  clockReset(nowUs: number): void {
    // The times of before mean nothing any more; what was found stays found.
    for (const slot of [...this.floods.keys()]) this.settle(slot);
    this.slowSums.fill(0);
    this.slowUs.fill(nowUs);
    this.sourcesSinceUs.fill(nowUs);
    this.lastTickUs = nowUs;
    this.targets.nextWindow();
  }

  private judge(slot: number, nowUs: number): void {
    const window = windowOf(this.targets, slot);
    const seconds = this.targets.windowSeconds();
    if (window.windows <= 1) {
      this.slowSums.fill(0, slot * FLOOD_FORMS.length, (slot + 1) * FLOOD_FORMS.length);
      this.slowUs[slot] = nowUs;
      this.sourcesSinceUs[slot] = nowUs;
    }
    // Most seconds of most hosts: nothing that could be part of any flood, and nothing going on.
    if (this.targets.packetsIn(slot) < QUIET_PACKETS && !this.floods.has(slot)) {
      this.refreshSources(slot, nowUs);
      return;
    }
    const decay = 2 ** (-Math.max(0, nowUs - this.slowUs[slot]!) / SLOW_HALF_LIFE_US);
    this.slowUs[slot] = nowUs;
    let flood = this.floods.get(slot);
    let packets = 0;
    let threshold = Number.POSITIVE_INFINITY;
    let isFlood = false;
    const byForm = FLOOD_FORMS.map((form, at) => {
      const suspicious = form.suspicious(window, this.settings);
      const slow = slot * FLOOD_FORMS.length + at;
      this.slowSums[slow] = this.slowSums[slow]! * decay + suspicious;
      if (suspicious === 0) return 0;
      const needed = form.threshold(window, this.settings) * seconds;
      const isSlow = form.mayBeSlow && this.slowSums[slow]! >= needed * SLOW_SECONDS;
      if (suspicious >= needed || isSlow) isFlood = true;
      else if (flood === undefined || suspicious < needed * CONTINUES_AT_SHARE) return 0;
      threshold = Math.min(threshold, needed / seconds);
      packets += suspicious;
      return suspicious;
    });
    if (packets === 0 || (flood === undefined && !isFlood)) {
      if (flood === undefined) this.refreshSources(slot, nowUs);
      else if (flood.packets > flood.reportedPackets) this.report(slot, flood, nowUs);
      return;
    }
    if (flood === undefined) {
      flood = beginFlood(this.targets.firstSeenUs(slot));
      this.floods.set(slot, flood);
    }
    this.grow(slot, flood, window, byForm, packets, threshold);
    const isDue = flood.packets >= flood.reportedPackets * REPORT_GROWTH || nowUs - flood.reportedUs >= REPORT_AFTER_US;
    if (isDue) this.report(slot, flood, nowUs);
  }

  private grow(
    slot: number,
    flood: Flood,
    window: FloodWindow,
    byForm: readonly number[],
    packets: number,
    threshold: number,
  ): void {
    const main = byForm.indexOf(Math.max(...byForm));
    // What came before the target was watched was most likely of the same kind: it is why it is watched.
    const unwatched = window.count('unwatchedIn');
    for (const [at, count] of byForm.entries()) flood.packetsByForm[at]! += count + (at === main ? unwatched : 0);
    for (const [at, count] of reflectedByService(window).entries()) flood.packetsByService[at]! += count;
    flood.packets += packets + unwatched;
    flood.bytes += window.bytesIn();
    flood.peakPerSecond = Math.max(flood.peakPerSecond, (packets + unwatched) / this.targets.windowSeconds());
    flood.thresholdPerSecond = Math.min(flood.thresholdPerSecond, threshold);
    flood.lastUs = this.targets.lastSeenUs(slot);
  }

  private refreshSources(slot: number, nowUs: number): void {
    if (nowUs - this.sourcesSinceUs[slot]! < SOURCES_MEMORY_US) return;
    this.targets.pictures.forget(slot);
    this.sourcesSinceUs[slot] = nowUs;
  }

  private report(slot: number, flood: Flood, nowUs: number): void {
    flood.reportedPackets = flood.packets;
    flood.reportedUs = nowUs;
    const summary: FloodSummary = {
      ...flood,
      victim: this.targets.addressText(slot),
      sources: this.targets.pictures.sources(slot),
      ports: this.targets.pictures.ports(slot),
    };
    this.context.report(floodFinding(FLOOD_ID, summary, this.context.landscape));
  }

  /** The flood is over, or its target has to make room: the last word on it. */
  private settle(slot: number): void {
    const flood = this.floods.get(slot);
    if (flood === undefined) return;
    if (flood.packets > flood.reportedPackets) this.report(slot, flood, flood.lastUs);
    this.floods.delete(slot);
    this.targets.pictures.forget(slot);
  }
}

function beginFlood(firstUs: number): Flood {
  return {
    firstUs,
    lastUs: firstUs,
    packets: 0,
    bytes: 0,
    peakPerSecond: 0,
    thresholdPerSecond: Number.POSITIVE_INFINITY,
    packetsByForm: new Array<number>(FLOOD_FORMS.length).fill(0),
    packetsByService: new Array<number>(REFLECTED_SERVICES.length).fill(0),
    reportedPackets: 0,
    reportedUs: Number.NEGATIVE_INFINITY,
  };
}

/** Sources and ports cost microseconds to work out: only when a form asks, and once. */
function windowOf(targets: FloodTargets, slot: number): FloodWindow {
  let sources: TargetSources | undefined;
  let ports: TargetPorts | undefined;
  return {
    count: (name) => targets.count(slot, name),
    bytesIn: () => targets.bytesIn(slot),
    tcpBytesOut: () => targets.tcpBytesOut(slot),
    reflected: (service) => targets.reflected(slot, service),
    asked: (service) => targets.asked(slot, service),
    sources: () => {
      sources ??= targets.pictures.sources(slot);
      return sources;
    },
    ports: () => {
      ports ??= targets.pictures.ports(slot);
      return ports;
    },
    windows: targets.windows(slot),
  };
}

const FLOOD_ID = 'flood';

export const floodDetector = defineDetector({
  id: FLOOD_ID,
  kind: 'denial-of-service',
  summary: 'Notices a host that gets far more unasked packets than any use explains, directly or off abused servers.',
  techniques: ['T1498.001', 'T1498.002', 'T1499.001'],
  settings: FLOOD_SETTINGS,
  interest: { packets: ['tcp', 'udp', 'icmp', 'other-ip', 'fragment'] },
  memoryBound: `${MAX_TARGETS.toLocaleString('en-US')} destinations of 6 kB`,
  create: (context) => new FloodDetector(context),
});
