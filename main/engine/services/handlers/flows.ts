import type { CallOutput, HandlersOf } from '../../../../contract/api.ts';
import type { FLOW_CALLS, Flow } from '../../../../contract/api-flows.ts';
import type { Traffic } from '../../../../contract/api-schemas.ts';
import { FEATURES_VERSION } from '../../network/index.ts';
import { formatAddress, parseAddress } from '../../runtime/address.ts';
import { FailureError } from '../../runtime/failure.ts';
import type { Store } from '../../store/index.ts';
import type { FlowPrograms } from '../traffic/flow-programs.ts';
import type { FlowAnswer } from '../traffic/flow-questions.ts';
import { describeFeatures, endsOfRow, flowOfRecord, flowOfRow } from '../traffic/flow-text.ts';
import { servicesOf } from '../traffic/host-tally.ts';
import type { LiveFlowView } from '../traffic/live-flows.ts';
import type { TrafficMemory } from '../traffic/traffic-memory.ts';

/** What the calls about traffic need of the engine. */
export interface FlowAnswering {
  /** Throws before the start and after the stop. */
  store(): Store;
  nowMs(): number;
  traffic(): Traffic;
  /** Gives the function that takes the listener off again. */
  onTraffic(listener: () => void): () => void;
  readonly liveFlows: LiveFlowView;
  readonly programs: FlowPrograms;
  readonly memory: TrafficMemory;
  /** About an open flow, by its number. */
  askFlow(number: number): Promise<FlowAnswer>;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Alerts and flows are of the same time when they are no further apart than detectors look back. */
const ALERT_SLACK_MS = 60_000;
/** An alert that goes on for longer after a flow than this is not found for it. */
const ALERT_GROWTH_MS = DAY_MS;
/** Alerts that are looked at for one flow, and those that are told. */
const MAX_LOOKED_AT = 2_000;
const MAX_ALERTS_TOLD = 20;

type FlowDetail = Omit<CallOutput<'flows.get'>, 'alerts' | 'whyNoProgram'>;

const SILENT =
  'The part of Holdfast that follows open flows did not answer in time: it is busy, or nothing is watched at the ' +
  'moment. Health says which. Try again, or look at the flow when it has ended.';

/** The handlers of the calls about traffic. */
export function flowHandlers(engine: FlowAnswering): HandlersOf<typeof FLOW_CALLS> {
  return {
    traffic: () => engine.traffic(),
    'traffic.watch': (_input, emit) => engine.onTraffic(() => emit(engine.traffic())),
    'traffic.history': (span) => history(engine, span),
    'hosts.list': (input) => hosts(engine, input),
    'flows.watch': (_input, emit) => engine.liveFlows.watch(emit),
    'flows.list': ({ source, alertId, host, sinceMs, untilMs, limit, cursor }) => {
      const alert = alertId === undefined ? undefined : ofAlert(engine.store(), alertId);
      const page = engine.store().listFlows({
        source: alert?.source ?? source,
        between: alert?.between,
        host: host === undefined ? undefined : canonical(host),
        sinceMs: latest(sinceMs, alert?.sinceMs),
        untilMs: earliest(untilMs, alert?.untilMs),
        limit,
        cursor,
      });
      if (page.failure) throw new FailureError(page.failure);
      return { flows: page.rows.map((flow) => flowOfRecord(`s-${flow.id}`, flow)), next: page.cursor ?? null };
    },
    'flows.get': async ({ id }) => {
      const number = Number(id.slice(2));
      const detail = id.startsWith('o') ? await openFlow(engine, number) : storedFlow(engine, number);
      if (detail === undefined) throw noSuchFlow(id);
      const { source, ...told } = detail;
      return {
        ...told,
        whyNoProgram: whyNoProgram(engine, told.flow, source),
        alerts: alertsNaming(engine.store(), told.flow, source),
      };
    },
  };
}

function whyNoProgram(engine: FlowAnswering, flow: Flow, source: string): string {
  if (flow.program !== undefined) return '';
  return source === 'live'
    ? engine.programs.whyUnknown(flow)
    : 'A capture does not say which programs its packets are of.';
}

type Detail = FlowDetail & { readonly source: string };

function storedFlow(engine: FlowAnswering, id: number): Detail | undefined {
  const stored = engine.store().getFlow(id);
  return stored && { ...recorded(`s-${id}`, stored), source: stored.source };
}

/** Open, ended not long ago, or known from the stream when the traffic thread does not answer. */
async function openFlow(engine: FlowAnswering, number: number): Promise<Detail | undefined> {
  const id = `o-${number}`;
  const source = 'live';
  const answer = await engine.askFlow(number);
  if (typeof answer !== 'string') {
    const flow = flowOfRow(answer.row, 0);
    const shown = engine.liveFlows.get(number);
    const program = shown?.program ?? engine.programs.programOf(endsOfRow(answer.row, 0));
    return {
      flow: {
        ...flow,
        ...(program !== undefined && { program }),
        application: answer.note.application,
        name: answer.note.name,
        initiatorBytesPerSecond: shown?.initiatorBytesPerSecond ?? 0,
        responderBytesPerSecond: shown?.responderBytesPerSecond ?? 0,
      },
      said: answer.note.said,
      features: describeFeatures(answer.features),
      whyNoFeatures: '',
      source,
    };
  }
  const ended = engine.liveFlows.recentlyEnded(number);
  if (ended !== undefined) return { ...recorded(id, ended), source };
  const shown = answer === 'silent' ? engine.liveFlows.get(number) : undefined;
  return shown && { flow: shown, said: [], features: [], whyNoFeatures: SILENT, source };
}

function recorded(id: string, record: Parameters<typeof flowOfRecord>[1]): FlowDetail {
  const flow = flowOfRecord(id, record);
  const said = record.note?.said ?? [];
  if (record.features === undefined) {
    return { flow, said, features: [], whyNoFeatures: 'This flow was stored without its features.' };
  }
  if (record.features.version !== FEATURES_VERSION) {
    const whyNoFeatures = 'Its features were stored by another version of Holdfast, whose features mean other things.';
    return { flow, said, features: [], whyNoFeatures };
  }
  return { flow, said, features: describeFeatures(record.features.values), whyNoFeatures: '' };
}

function noSuchFlow(id: string): FailureError {
  return new FailureError(
    id.startsWith('o')
      ? {
          code: 'no-such-flow',
          message: `The flow ${id} is not open any more, or cannot be asked about now.`,
          hint: 'It ended some time ago: look for it among the ended flows, by its host.',
        }
      : {
          code: 'no-such-flow',
          message: `There is no stored flow ${id}.`,
          hint: 'Old flows are removed after a time (store.flowDays), and when there are too many.',
        },
  );
}

/** Alerts of the flow's time that name one of its ends, the latest first. */
function alertsNaming(store: Store, flow: Flow, source: string) {
  const found: { readonly id: string; readonly title: string; readonly severity: string }[] = [];
  let cursor: string | undefined;
  for (let looked = 0; looked < MAX_LOOKED_AT && found.length < MAX_ALERTS_TOLD; ) {
    const page = store.listAlerts({
      source,
      sinceMs: flow.startMs - ALERT_SLACK_MS,
      untilMs: flow.lastMs + ALERT_GROWTH_MS,
      states: ['open', 'acknowledged', 'dismissed'],
      limit: 500,
      cursor,
    });
    for (const { alert } of page.rows) {
      const named = [...alert.attackers, ...alert.victims];
      const isOfItsTime = alert.firstSeenMs <= flow.lastMs + ALERT_SLACK_MS;
      if (!isOfItsTime || !(named.includes(flow.initiator) || named.includes(flow.responder))) continue;
      found.push({ id: alert.id, title: alert.title, severity: alert.severity });
    }
    looked += page.rows.length;
    cursor = page.cursor;
    if (cursor === undefined) break;
  }
  return found.slice(0, MAX_ALERTS_TOLD);
}

/** Which flows are an alert's: those between its attackers and its victims, in its time. */
function ofAlert(store: Store, id: string) {
  const stored = store.getAlert(id);
  if (stored === undefined) {
    throw new FailureError({
      code: 'no-such-alert',
      message: `There is no alert ${id}.`,
      hint: 'It may have become part of another one, or it was removed after a time (store.alertDays).',
    });
  }
  const { attackers, victims, firstSeenMs, lastSeenMs } = stored.alert;
  const [some, others] = attackers.length > 0 ? [attackers, victims] : [victims, attackers];
  return {
    source: stored.source,
    between: [some, others] as const,
    sinceMs: firstSeenMs - ALERT_SLACK_MS,
    untilMs: lastSeenMs + ALERT_SLACK_MS,
  };
}

const latest = (a = Number.NEGATIVE_INFINITY, b = a) => finite(Math.max(a, b));
const earliest = (a = Number.POSITIVE_INFINITY, b = a) => finite(Math.min(a, b));
const finite = (timeMs: number) => (Number.isFinite(timeMs) ? timeMs : undefined);

/** An address as the store writes it; other text finds nothing, as it should. */
function canonical(host: string): string {
  const words = parseAddress(host.trim());
  return words === null ? host : formatAddress(...words);
}

function history(engine: FlowAnswering, span: { sinceMs: number; untilMs: number; points: number }) {
  const startMinute = Math.floor(span.sinceMs / MINUTE_MS);
  const minutes = Math.max(1, Math.ceil(span.untilMs / MINUTE_MS) - startMinute);
  const stepMinutes = Math.ceil(minutes / span.points);
  const count = Math.ceil(minutes / stepMinutes);
  const page = engine.store().trafficPoints(span.sinceMs, stepMinutes, count);
  if (page.failure) throw new FailureError(page.failure);
  const stepMs = stepMinutes * MINUTE_MS;
  const points = Array.from({ length: count }, (_, index) => ({
    timeMs: startMinute * MINUTE_MS + index * stepMs,
    receivedBytes: 0,
    sentBytes: 0,
    packets: 0,
    dropped: 0,
    watchedSeconds: 0,
  }));
  const present = engine.memory.presentMinute();
  const last = present && { ...present, point: Math.floor((present.startMs / MINUTE_MS - startMinute) / stepMinutes) };
  for (const row of last === undefined ? page.rows : [...page.rows, last]) {
    const point = points[row.point];
    if (point === undefined) continue;
    point.receivedBytes += row.receivedBytes;
    point.sentBytes += row.sentBytes;
    point.packets += row.packets;
    point.dropped += row.dropped;
    point.watchedSeconds += row.watchedSeconds;
  }
  return { stepMs, points };
}

function hosts(engine: FlowAnswering, input: { sinceMs?: number; limit: number; search: string }) {
  const sinceMs = input.sinceMs ?? engine.nowMs() - DAY_MS;
  engine.memory.writeHosts();
  const { rows, total, rememberedSinceMs, failure } = engine.store().listHosts({ ...input, sinceMs });
  if (failure) throw new FailureError(failure);
  const own = engine.memory.ownAddresses();
  return {
    hosts: rows.map(({ services, ...row }) => ({
      ...row,
      isOwn: own.has(row.address),
      isNew: row.firstSeenMs >= sinceMs && rememberedSinceMs < sinceMs,
      services: servicesOf(services),
    })),
    total,
  };
}
