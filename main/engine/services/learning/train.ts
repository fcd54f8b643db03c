/**
 * Learning what is usual from files: captures are read by the same code as live traffic, what the detectors name is
 * left out, and the models are fitted in a process of its own, group after group. What is done is kept in a work file,
 * so that an interrupted run goes on after the last source that was read, or the last group that was fitted.
 */
import { stat } from 'node:fs/promises';
import type { Profile as ProfileInfo } from '../../../../contract/api-models.ts';
import type { ModelKind, TrainingProgress } from '../../../../contract/models.ts';
import { SERVICES } from '../../../../contract/traffic.ts';
import type { CompiledIndicators } from '../../indicators/index.ts';
import {
  flowGroup,
  flowRow,
  LEAST_GROUP_ROWS,
  type ModelDocument,
  readProfile,
  TABLE_COLUMNS,
  type TrainingGroup,
  type TrainingMetrics,
  trainProfileInChild,
} from '../../models/index.ts';
import type { CaptureProgress, RecordedFlow } from '../../network/index.ts';
import { FailureError } from '../../runtime/failure.ts';
import { analyzeCapture } from '../captures/analyze.ts';
import { readFlowCsv } from '../captures/flow-csv.ts';
import { DEFAULT_SETTINGS } from '../traffic/default-settings.ts';
import type { SectionSource } from '../traffic/watch.ts';
import { packDocument, sealProfile } from './model-file.ts';
import { PoisonGuard } from './model-guard.ts';
import { InstallKey } from './model-key.ts';
import { modelSettings } from './model-settings.ts';
import { digestOf, TrainingRows } from './training-rows.ts';
import { type FittedGroup, type TrainingWork, WorkFile, type WorkSource, workKey } from './training-work.ts';

export type { WorkSource } from './training-work.ts';

export interface TrainOptions {
  readonly sources: readonly WorkSource[];
  readonly kinds: readonly ModelKind[];
  readonly config?: SectionSource;
  readonly indicators?: CompiledIndicators;
  readonly signal: AbortSignal;
  /** Where what is done is kept; nothing is where it is left out. */
  readonly workDirectory?: string;
  /** Goes on from what is kept there. */
  readonly resume?: boolean;
  /** For the path "-"; process.stdin where it is left out. */
  readonly stdin?: NodeJS.ReadableStream;
  readonly onReading?: (source: WorkSource, progress: Omit<CaptureProgress, 'timeUs'>) => void;
  readonly onProgress?: (progress: TrainingProgress) => void;
  /** Told once, where there was something to go on from. */
  readonly onResume?: (done: { readonly sourcesRead: number; readonly groupsFitted: number }) => void;
}

/** What came of a run. */
export interface TrainedProfile {
  readonly table: 'flow';
  readonly document: ModelDocument;
  readonly metrics: TrainingMetrics;
  readonly kinds: readonly ModelKind[];
  readonly groups: readonly { readonly group: string; readonly rows: number }[];
  /** Conversations that there were to learn from, and how many of them were taken. */
  readonly seen: number;
  readonly rows: number;
  /** Left out because a detector named them. */
  readonly flagged: number;
  /** Lines of tables that could not be read. */
  readonly unreadable: number;
  readonly fromMs: number | null;
  readonly untilMs: number | null;
  /** SHA-256 of the rows, hexadecimal. */
  readonly digest: string;
  /** Of this run. */
  readonly seconds: number;
}

/** The same files give the same profile. */
const SEED = 1;
/** A person waits for it, and goes on working meanwhile. */
const PRIORITY = 10;
const MS_PER_SECOND = 1_000;
const MICROSECONDS_PER_MS = 1_000;

/**
 * Trains a profile of conversations.
 *
 * @throws FailureError `too-few-rows` and what reading captures and training throw; DOMException AbortError
 */
export async function trainFromFiles(options: TrainOptions): Promise<TrainedProfile> {
  const begunMs = performance.now();
  const { sources, kinds, signal, config = DEFAULT_SETTINGS } = options;
  const { sampleRows } = config.section('models', modelSettings);
  const columns = TABLE_COLUMNS.flow;
  const rows = new TrainingRows(columns.length, sampleRows, SEED);
  const names = columns.map(({ name }) => name);
  const isRepeatable = options.workDirectory !== undefined && sources.every(({ path }) => path !== '-');
  const key = isRepeatable ? workKey(sources, { names, sampleRows, kinds, seed: SEED }) : '';
  const file = isRepeatable ? new WorkFile(options.workDirectory!, key, 'flow', columns.length) : undefined;
  file?.removeOld(Date.now());
  let work = options.resume ? file?.read() : undefined;
  if (work !== undefined) {
    rows.restore(work.rows);
    options.onResume?.({ sourcesRead: work.sourcesRead, groupsFitted: work.fitted.length });
  }
  const keep = (changes: Pick<TrainingWork, 'sourcesRead' | 'unreadable' | 'fitted'>): void => {
    work = { ...changes, rows: rows.state() };
    file?.write(work);
  };
  let unreadable = work?.unreadable ?? 0;
  for (const [index, source] of sources.entries()) {
    if (index < (work?.sourcesRead ?? 0)) continue;
    signal.throwIfAborted();
    rows.beginSource(index);
    unreadable += await readSource(source, rows, options);
    signal.throwIfAborted();
    keep({ sourcesRead: index + 1, unreadable, fitted: [] });
  }
  const groups = rows.groups();
  const enough = groups.filter((each) => each.rows.rows >= LEAST_GROUP_ROWS);
  if (enough.length === 0) throw tooFewRows(groups, rows.flagged);
  const fitted = await fitGroups(enough, options, [...(work?.fitted ?? [])], (done) =>
    keep({ sourcesRead: sources.length, unreadable, fitted: done }),
  );
  const document = joinDocuments(fitted);
  const profile = readProfile(document);
  file?.remove();
  return {
    table: 'flow',
    document,
    metrics: joinMetrics(fitted),
    kinds: profile.kinds,
    groups: enough.map(({ group, rows: { rows: count } }) => ({ group, rows: count })),
    seen: rows.seen,
    rows: enough.reduce((sum, each) => sum + each.rows.rows, 0),
    flagged: rows.flagged,
    unreadable,
    ...rows.span,
    digest: digestOf(enough),
    seconds: (performance.now() - begunMs) / MS_PER_SECOND,
  };
}

/**
 * What came of a run as a file, signed by the key of this user's install.
 *
 * @param source "capture office.pcap"
 * @param keyPath is made where it is missing, in a directory that is there
 * @throws FailureError `no-key`
 */
export function trainedProfileFile(trained: TrainedProfile, source: string, nowMs: number, keyPath: string): Buffer {
  const { table, kinds, groups, rows, fromMs, untilMs, digest, document, metrics, seconds } = trained;
  const profile: ProfileInfo = {
    id: `${table}-1`,
    table,
    version: 1,
    state: 'candidate',
    reason: 'It was trained by "holdfast train" and is in no engine yet.',
    trainedMs: nowMs,
    source,
    kinds,
    groups: groups.map(({ group }) => group),
    rows,
    fromMs,
    untilMs,
    digest,
    parent: null,
    bytes: packDocument(document).length,
    metrics: { ...metrics, seconds },
  };
  return sealProfile(profile, document, InstallKey.open(keyPath));
}

/** Adds the rows of a source. @returns lines of a table that could not be read */
async function readSource(source: WorkSource, rows: TrainingRows, options: TrainOptions): Promise<number> {
  const { signal, config, indicators, stdin, onReading } = options;
  if (source.kind === 'csv') {
    const bytesTotal = (await stat(source.path).catch(() => undefined))?.size ?? null;
    const { unreadable } = await readFlowCsv(source.path, rows, {
      signal,
      onProgress: (bytesRead, packets) => onReading?.(source, { bytesRead, bytesTotal, packets }),
    });
    rows.endSource(() => false);
    return unreadable;
  }
  const guard = new PoisonGuard();
  await analyzeCapture(source.path, {
    config,
    indicators,
    signal,
    stdin,
    onProgress: (progress) => onReading?.(source, progress),
    onFinding: (finding) => guard.hear(finding),
    keep: { limit: Number.POSITIVE_INFINITY, onFlows: (flows) => addFlows(flows, rows) },
  });
  rows.endSource((conversation) => guard.isNamed(conversation));
  return 0;
}

const SERVICE_NUMBERS: ReadonlyMap<string, number> = new Map(SERVICES.map((service, number) => [service, number]));

function addFlows(flows: readonly RecordedFlow[], rows: TrainingRows): void {
  for (const flow of flows) {
    const { initiator, responder, features, service, responderPort } = flow;
    const firstMs = flow.firstUs / MICROSECONDS_PER_MS;
    const facts = { initiator, responder, firstMs, lastMs: flow.lastUs / MICROSECONDS_PER_MS };
    rows.add(flowGroup(flow.protocol), facts, (values, offset) =>
      flowRow(features.values, SERVICE_NUMBERS.get(service) ?? Number.NaN, responderPort, values, offset),
    );
  }
}

/** Fits the groups that are not fitted yet. */
async function fitGroups(
  groups: readonly TrainingGroup[],
  { kinds, signal, onProgress }: TrainOptions,
  fitted: FittedGroup[],
  keep: (fitted: readonly FittedGroup[]) => void,
): Promise<readonly FittedGroup[]> {
  const all = groups.reduce((sum, { rows }) => sum + rows.rows, 0);
  let done = 0;
  for (const group of groups) {
    const share = group.rows.rows / all;
    if (!fitted.some((each) => each.group === group.group)) {
      const before = done;
      const { document, metrics } = await trainProfileInChild(
        { table: 'flow', kinds, groups: [group], seed: SEED },
        {
          signal,
          onProgress: (progress) =>
            onProgress?.({
              ...progress,
              progress: before + share * progress.progress,
              secondsLeft: leftOfAll(progress, before, share),
            }),
        },
        { priority: PRIORITY },
      );
      fitted.push({ group: group.group, document, metrics });
      keep(fitted);
    }
    done += share;
  }
  return fitted;
}

/** What the group needs, and the others as much as it by their rows. */
function leftOfAll({ secondsLeft, progress }: TrainingProgress, before: number, share: number): number | null {
  if (secondsLeft === null || progress >= 1) return secondsLeft;
  const rest = share * (1 - progress);
  return (secondsLeft * (1 - before - share * progress)) / rest;
}

/** One document of all groups: a profile lists what was learnt of each. */
function joinDocuments(fitted: readonly FittedGroup[]): ModelDocument {
  const [first] = fitted;
  if (first === undefined) throw new RangeError('no group was fitted');
  const groups = fitted.flatMap(({ document }) => (Array.isArray(document.groups) ? document.groups : []));
  return { ...first.document, groups };
}

function joinMetrics(fitted: readonly FittedGroup[]): TrainingMetrics {
  const sum = (value: (metrics: TrainingMetrics) => number): number =>
    fitted.reduce((total, { metrics }) => total + value(metrics), 0);
  const validationRows = sum((each) => each.validationRows);
  const weighed = (value: (metrics: TrainingMetrics) => number): number =>
    validationRows === 0 ? 0 : sum((each) => value(each) * each.validationRows) / validationRows;
  const losses = fitted.flatMap(({ metrics }) => metrics.loss ?? []);
  return {
    calibrationRows: sum((each) => each.calibrationRows),
    validationRows,
    onePercent: weighed((each) => each.onePercent),
    oneInThousand: weighed((each) => each.oneInThousand),
    // The worst of the groups: a mean would hide one that learnt nothing.
    loss: losses.length === 0 ? null : Math.max(...losses),
  };
}

function tooFewRows(groups: readonly TrainingGroup[], flagged: number): FailureError {
  const counts = groups.map(({ group, rows }) => `${rows.rows} ${group.toUpperCase()}`).join(', ');
  const left = flagged === 0 ? '' : ` ${flagged} more were left out because a detector named them.`;
  return new FailureError({
    code: 'too-few-rows',
    message: `There is too little to learn from: ${counts === '' ? 'no' : counts} conversations.${left}`,
    hint: `At least ${LEAST_GROUP_ROWS} of one protocol are needed; give more captures of ordinary traffic.`,
  });
}
