/** An action in its life: what is told of it, what it holds, and how it goes on. Pure. */
import type { ActionState } from '../../../../contract/actions.ts';
import { type ActionRecord, MAX_ACTION_STEPS, MAX_ACTION_TARGETS } from '../../../../contract/api-actions.ts';
import type { ProcessRecord } from '../../../../contract/domain.ts';
import { plainText } from '../../../../contract/text.ts';
import { type FrozenProcess, namesOf } from '../../actions/index.ts';
import type { ProcessChoice } from '../../policy/index.ts';
import { MS_PER_TICK } from '../../runtime/process-stat.ts';
import type { JournalInput, StoredAction } from '../../store/index.ts';

/** What a freeze holds, as it is stored. */
export interface Frozen {
  /** Of the run of the machine in which the numbers mean something. */
  readonly bootId: string;
  /** When that began, by the clock that starts are told by, milliseconds since the epoch. */
  readonly bootMs: number;
  readonly processes: readonly FrozenProcess[];
}

/** As long as those of processes that are held. */
const MAX_COMMAND = 300;

export interface Lease {
  readonly record: ActionRecord;
  readonly held: Frozen;
}

export interface LeaseStep {
  readonly state: ActionState;
  readonly actor: string;
  /** What there is to say besides the state, one sentence; empty for nothing. */
  readonly note?: string;
  readonly nowMs: number;
}

/** The lease after a step. */
export function stepped(lease: Lease, { state, actor, note = '', nowMs }: LeaseStep): Lease {
  const steps = [...lease.record.steps, { timeMs: nowMs, state, actor, note }];
  const isOver = state !== 'planned' && state !== 'applied' && state !== 'verified';
  const record: ActionRecord = {
    ...lease.record,
    state,
    updatedMs: nowMs,
    expiresMs: isOver ? null : lease.record.expiresMs,
    // How it began, and the latest.
    steps: steps.length <= MAX_ACTION_STEPS ? steps : [steps[0], ...steps.slice(1 - MAX_ACTION_STEPS)],
  };
  return said({ ...lease, record });
}

/** With the sentence that says what is so now. */
export function said(lease: Lease): Lease {
  const note = lease.record.steps.at(-1)?.note ?? '';
  return { ...lease, record: { ...lease.record, sentence: sentenceOf(lease.record, note) } };
}

/** About a process that it cannot hold. */
export function naming(lease: Lease, { pid, startedMs = 0, image, commandLine }: ProcessRecord): Lease {
  const name = image.slice(image.lastIndexOf('/') + 1) || 'a program';
  const target = { pid, startedMs, name, image, commandLine: plainText(commandLine, MAX_COMMAND) };
  return { ...lease, record: { ...lease.record, targets: [target], targetCount: 1 } };
}

/** With these processes. */
export function holding(lease: Lease, processes: readonly FrozenProcess[], spared: ProcessChoice['spared']): Lease {
  const { bootMs } = lease.held;
  return {
    held: { ...lease.held, processes },
    record: {
      ...lease.record,
      targets: processes.slice(0, MAX_ACTION_TARGETS).map(({ pid, startTicks, name, image, commandLine }) => ({
        pid,
        startedMs: bootMs + startTicks * MS_PER_TICK,
        name,
        image,
        commandLine,
      })),
      targetCount: processes.length,
      spared: spared.slice(0, MAX_ACTION_TARGETS).map(({ process, why }) => ({
        pid: process.pid,
        name: process.name,
        why,
      })),
    },
  };
}

/** For the audit journal. */
export function journalOf({ record }: Lease): JournalInput {
  const { id, kind, mode, state, sentence, setting, value, alertId, steps } = record;
  const last = steps.at(-1);
  return {
    actor: last?.actor ?? record.actor,
    action: `${kind}-${state}`,
    subject: id,
    detail: {
      mode,
      sentence,
      ...(setting !== '' && { [setting]: value }),
      ...(alertId !== null && { alertId }),
      processes: record.targets.map(({ pid, name }) => `${name} (${pid})`),
    },
  };
}

/** What was stored, as a lease; undefined where somebody or something damaged it. */
export function leaseOf({ record, held }: StoredAction): Lease | undefined {
  if (typeof held !== 'object' || held === null) return undefined;
  const { bootId, bootMs, processes } = held as Partial<Record<keyof Frozen, unknown>>;
  if (typeof bootId !== 'string' || typeof bootMs !== 'number' || !Array.isArray(processes)) return undefined;
  return processes.every(isFrozen) ? { record, held: { bootId, bootMs, processes } } : undefined;
}

function isFrozen(given: unknown): given is FrozenProcess {
  if (typeof given !== 'object' || given === null) return false;
  const { pid, startTicks, name, image, commandLine } = given as Partial<Record<keyof FrozenProcess, unknown>>;
  const isNumbered = [pid, startTicks].every((number) => Number.isSafeInteger(number) && (number as number) >= 0);
  return isNumbered && [name, image, commandLine].every((text) => typeof text === 'string');
}

/** What became of it, one sentence or two, in the present. */
function sentenceOf({ state, mode, targets, targetCount, expiresMs, createdMs }: ActionRecord, note: string): string {
  const named = targets.length === 0 ? 'the program' : namesOf(targets);
  const more = targetCount > targets.length ? ` (${targetCount} processes in all)` : '';
  const who = `${named}${more}`;
  const why = note === '' ? '' : ` ${note}`;
  if (mode === 'simulate')
    return state === 'failed' ? `Would not have frozen ${who}.${why}` : `Would have frozen ${who}.`;
  switch (state) {
    case 'planned':
      return `Freezing ${who}.`;
    case 'applied':
      return `Told ${who} to stop, and has not seen that it stands still.${why}`;
    case 'verified':
      return `Froze ${who}: ${targetCount === 1 ? 'it stands' : 'they stand'} still until somebody decides, ${longest(expiresMs, createdMs)}.`;
    case 'reverted':
      return `Let ${who} go on.${why}`;
    case 'expired':
      return `Let ${who} go on, because nobody had decided in time.${why}`;
    case 'ended':
      return why === '' ? `Ended ${who}.` : `${note}`;
    case 'failed':
      return `Could not freeze ${who}.${why}`;
  }
}

const MS_PER_HOUR = 3_600_000;

/** "24 hours at the longest". */
function longest(expiresMs: number | null, createdMs: number): string {
  const hours = Math.round(((expiresMs ?? createdMs) - createdMs) / MS_PER_HOUR);
  return `${hours} ${hours === 1 ? 'hour' : 'hours'} at the longest`;
}
