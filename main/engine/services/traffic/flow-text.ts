import type { Flow, FlowEnd, FlowFeature } from '../../../../contract/api-flows.ts';
import { END_REASON, type EndReason, SERVICES, TCP_STATE } from '../../../../contract/traffic.ts';
import {
  FEATURE_MEANINGS,
  FEATURES,
  FEATURES_VERSION,
  LIVE_OPEN,
  LIVE_ROW,
  LIVE_ROW_WORDS,
  type RecordedFlow,
  transportName,
} from '../../network/index.ts';
import { formatAddress } from '../../runtime/address.ts';
import type { StoredFlow } from '../../store/index.ts';
import type { FlowEnds } from './flow-programs.ts';

const MICROSECONDS = 1_000;

/** How flows end, but those that finished: what their last packets were says more. */
const ENDS: Readonly<Record<EndReason, FlowEnd>> = {
  [END_REASON.finished]: 'closed',
  [END_REASON.idleTimeout]: 'idle',
  [END_REASON.activeTimeout]: 'long',
  [END_REASON.evicted]: 'evicted',
  [END_REASON.stopped]: 'stopped',
  [END_REASON.clockReset]: 'clock',
};

const TCP_ENDS: Readonly<Record<number, FlowEnd | undefined>> = {
  [TCP_STATE.closed]: 'fin',
  [TCP_STATE.reset]: 'reset',
  [TCP_STATE.refused]: 'reset',
};

const [RESETS] = ['RST Flag Count'].map((name) => FEATURES.findIndex((feature) => feature.name === name));

/** The address whose words begin at `at`. */
function addressAt(rows: Float64Array, at: number): string {
  return formatAddress(rows[at], rows[at + 1], rows[at + 2], rows[at + 3]);
}

/** The flow in row number `index` of the traffic thread's; see LIVE_ROW. Its rates are 0, and it has no name. */
export function flowOfRow(rows: Float64Array, index: number): Flow {
  const at = index * LIVE_ROW_WORDS;
  return {
    id: `o-${rows[at + LIVE_ROW.id]}`,
    startMs: rows[at + LIVE_ROW.firstUs] / MICROSECONDS,
    initiator: addressAt(rows, at + LIVE_ROW.initiator),
    initiatorPort: rows[at + LIVE_ROW.initiatorPort],
    responder: addressAt(rows, at + LIVE_ROW.responder),
    responderPort: rows[at + LIVE_ROW.responderPort],
    transport: transportName(rows[at + LIVE_ROW.protocol]),
    application: '',
    name: '',
    ...changingOfRow(rows, index),
    initiatorBytesPerSecond: 0,
    responderBytesPerSecond: 0,
  };
}

/** The ends of the flow in a row, as they are compared with those of sockets. */
export function endsOfRow(rows: Float64Array, index: number): FlowEnds {
  const at = index * LIVE_ROW_WORDS;
  return {
    protocol: rows[at + LIVE_ROW.protocol],
    initiator: addressAt(rows, at + LIVE_ROW.initiator),
    initiatorPort: rows[at + LIVE_ROW.initiatorPort],
    responder: addressAt(rows, at + LIVE_ROW.responder),
    responderPort: rows[at + LIVE_ROW.responderPort],
  };
}

/** What may change while a flow is open. */
export function changingOfRow(rows: Float64Array, index: number) {
  const at = index * LIVE_ROW_WORDS;
  return {
    lastMs: rows[at + LIVE_ROW.lastUs] / MICROSECONDS,
    service: SERVICES[rows[at + LIVE_ROW.service]],
    initiatorPackets: rows[at + LIVE_ROW.initiatorPackets],
    responderPackets: rows[at + LIVE_ROW.responderPackets],
    initiatorBytes: rows[at + LIVE_ROW.initiatorBytes],
    responderBytes: rows[at + LIVE_ROW.responderBytes],
    end: endOf(rows[at + LIVE_ROW.endReason], TCP_ENDS[rows[at + LIVE_ROW.tcpState]]),
  };
}

function endOf(reason: number, ofConnection: FlowEnd | undefined): FlowEnd | null {
  if (reason === LIVE_OPEN) return null;
  return reason === END_REASON.finished && ofConnection !== undefined ? ofConnection : ENDS[reason as EndReason];
}

type Recorded = Omit<RecordedFlow, 'number' | 'features' | 'note'> & Pick<StoredFlow, 'features' | 'note' | 'program'>;

/** An ended flow, as it was recorded or stored. */
export function flowOfRecord(id: string, record: Recorded): Flow {
  const known = record.features?.version === FEATURES_VERSION ? record.features.values[RESETS] : undefined;
  return {
    id,
    startMs: record.firstUs / MICROSECONDS,
    lastMs: record.lastUs / MICROSECONDS,
    initiator: record.initiator,
    initiatorPort: record.initiatorPort,
    responder: record.responder,
    responderPort: record.responderPort,
    transport: transportName(record.protocol),
    service: record.service,
    application: record.note?.application ?? '',
    name: record.note?.name ?? '',
    initiatorPackets: record.initiatorPackets,
    responderPackets: record.responderPackets,
    initiatorBytes: record.initiatorBytes,
    responderBytes: record.responderBytes,
    initiatorBytesPerSecond: 0,
    responderBytesPerSecond: 0,
    end: endOf(record.endReason, known === undefined ? undefined : known > 0 ? 'reset' : 'fin'),
    ...(record.program !== undefined && { program: record.program }),
  };
}

/** Stored features have seven digits: more would be made up. */
const DIGITS = 7;

/** Features in the order of FEATURES, with their names and what they mean. */
export function describeFeatures(values: ArrayLike<number>): FlowFeature[] {
  return FEATURES.map(({ name, unit }, index) => ({
    name,
    unit,
    value: Number.isFinite(values[index]) ? Number(values[index].toPrecision(DIGITS)) : 0,
    meaning: FEATURE_MEANINGS[name],
  }));
}
