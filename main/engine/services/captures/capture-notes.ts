import type { AnalysisNote } from '../../../../contract/analysis.ts';
import type { CaptureSummary, HostCounter, TrafficCounters } from '../../network/index.ts';

const COUNT = new Intl.NumberFormat('en-US');

function note(code: string, message: string, count: number): AnalysisNote {
  return { code, message, byteOffset: null, packetNumber: null, count };
}

/** Words for what the decoder calls by name. */
function spaced(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/**
 * Everything about a capture that its reader should know: how it was damaged (with the place), and what the
 * engine could not decode or keep. Bounded: one note per kind.
 */
export function captureNotes(
  summary: CaptureSummary,
  counters: TrafficCounters,
  hosts: HostCounter,
): readonly AnalysisNote[] {
  const notes: AnalysisNote[] = summary.notes.map((entry) => ({ ...entry }));
  const { decode, flows, clockResets, observerFailures } = counters;
  if (decode.malformedFrames > 0) {
    const reasons = Object.entries(decode.malformed)
      .filter(([, count]) => count > 0)
      .sort(([, a], [, b]) => b - a)
      .map(([reason, count]) => `${spaced(reason)} ${COUNT.format(count)}`);
    notes.push(
      note(
        'malformed-packets',
        `${COUNT.format(decode.malformedFrames)} packets are malformed and were left out (${reasons.join(', ')}).`,
        decode.malformedFrames,
      ),
    );
  }
  for (const [linkType, count] of decode.unsupportedLinkTypes) {
    const message = `${COUNT.format(count)} packets have link type ${linkType}, which Holdfast cannot decode.`;
    notes.push(note('unsupported-link-type', message, count));
  }
  const incomplete = decode.datagramsExpired + decode.datagramsEvicted + decode.datagramsPoisoned;
  if (incomplete > 0) {
    const message = `${COUNT.format(incomplete)} fragmented datagrams were never complete.`;
    notes.push(note('incomplete-datagrams', message, incomplete));
  }
  if (decode.tunnelsTooDeep > 0) {
    const message = `${COUNT.format(decode.tunnelsTooDeep)} packets are wrapped in more tunnels than are opened.`;
    notes.push(note('tunnels-too-deep', message, decode.tunnelsTooDeep));
  }
  if (flows.evicted > 0) {
    const message = `${COUNT.format(flows.evicted)} flows were ended early to keep memory bounded; their packets are counted.`;
    notes.push(note('flows-evicted', message, flows.evicted));
  }
  if (clockResets > 0) {
    const message = `The capture's clock was set back ${COUNT.format(clockResets)} times; the flows open then were ended.`;
    notes.push(note('clock-set-back', message, clockResets));
  }
  if (observerFailures > 0) {
    const message = `Detectors failed at ${COUNT.format(observerFailures)} messages and left them out; please report this.`;
    notes.push(note('detector-failures', message, observerFailures));
  }
  if (hosts.isEstimate) {
    notes.push(note('hosts-estimated', `There were about ${COUNT.format(hosts.size)} hosts, within 2 percent.`, 1));
  }
  return notes;
}
