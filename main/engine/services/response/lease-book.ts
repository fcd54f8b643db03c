import { randomBytes } from 'node:crypto';
import {
  ACTION_KINDS,
  ACTION_STATES,
  type ActionState,
  actionCounter,
  isInForce,
} from '../../../../contract/actions.ts';
import type { ActionRecord } from '../../../../contract/api-actions.ts';
import type { Alert, ProcessRecord } from '../../../../contract/domain.ts';
import type { FrozenProcess } from '../../actions/index.ts';
import type { ProcessChoice } from '../../policy/index.ts';
import type { Clock } from '../../runtime/clock.ts';
import { FailureError } from '../../runtime/failure.ts';
import type { Page, Store } from '../../store/index.ts';
import { type Frozen, holding, journalOf, type Lease, leaseOf, naming, said, stepped } from './lease.ts';

export interface LeaseBookOptions {
  readonly clock: Clock;
  /** Undefined before the start and after the stop. */
  readonly store: () => Store | undefined;
  readonly onChange: (record: ActionRecord) => void;
}

/** An action while something becomes of it. */
export interface Case {
  lease: Lease;
  /** Somebody is changing it: nobody else may meanwhile. */
  isBusy: boolean;
}

export type NewAction = Pick<ActionRecord, 'mode' | 'actor' | 'reason' | 'setting' | 'value'>;

const ID_BYTES = 6;
const MS_PER_HOUR = 3_600_000;
/** Actions that are held against an alert, the latest: far more than there are in the life of one. */
const LATEST = 200;
/** Starts of one process, told by different clocks of the kernel, differ by rounding. */
const SAME_START_MS = 50;

/** Every action with its steps: in memory what is in force, in the store and the journal all. */
export class LeaseBook {
  readonly #options: LeaseBookOptions;
  readonly #inForce = new Map<string, Case>();
  /** How often an action came to a state, since the start. */
  readonly #totals = new Map<string, number>();

  constructor(options: LeaseBookOptions) {
    this.#options = options;
    for (const kind of ACTION_KINDS) for (const state of ACTION_STATES) this.#totals.set(actionCounter(kind, state), 0);
  }

  get inForce(): readonly Case[] {
    return [...this.#inForce.values()];
  }

  /** "freezeVerified" and the like, since the start. */
  get totals(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#totals);
  }

  /** A new one, planned and not yet told to anybody. */
  open(action: NewAction, leaseHours: number, boot: Omit<Frozen, 'processes'>): Case {
    const nowMs = this.#options.clock.nowMs();
    const record: ActionRecord = {
      ...action,
      id: `x-${randomBytes(ID_BYTES).toString('hex')}`,
      kind: 'freeze',
      state: 'planned',
      createdMs: nowMs,
      updatedMs: nowMs,
      expiresMs: action.mode === 'act' ? nowMs + leaseHours * MS_PER_HOUR : null,
      sentence: '',
      alertId: null,
      targets: [],
      targetCount: 0,
      spared: [],
      steps: [],
    };
    const planned = { state: 'planned', actor: action.actor, note: '', nowMs } as const;
    return { lease: stepped({ record, held: { ...boot, processes: [] } }, planned), isBusy: true };
  }

  /** What it holds, or would. */
  hold(entry: Case, processes: readonly FrozenProcess[], spared: ProcessChoice['spared']): void {
    entry.lease = holding(entry.lease, processes, spared);
  }

  /** About a process that it cannot hold. */
  name(entry: Case, process: ProcessRecord): void {
    entry.lease = naming(entry.lease, process);
  }

  answers(entry: Case, alertId: string): void {
    entry.lease = { ...entry.lease, record: { ...entry.lease.record, alertId } };
  }

  /** It has come so far. False when that is not on the disk yet. */
  step(entry: Case, state: ActionState, actor: string, note = ''): boolean {
    entry.lease = stepped(entry.lease, { state, actor, note, nowMs: this.#options.clock.nowMs() });
    return this.tell(entry);
  }

  /** Puts it down as it is now. False when that is not on the disk yet. */
  tell(entry: Case): boolean {
    entry.lease = said(entry.lease);
    const { record, held } = entry.lease;
    const counter = actionCounter(record.kind, record.state);
    this.#totals.set(counter, (this.#totals.get(counter) ?? 0) + 1);
    if (isInForce(record)) this.#inForce.set(record.id, entry);
    else this.#inForce.delete(record.id);
    const isStored = this.#options.store()?.actions.save({ record, held }, journalOf(entry.lease)) ?? false;
    this.#options.onChange(record);
    return isStored;
  }

  /** Takes up those that an earlier run left in force. */
  load(): void {
    const actions = this.#options.store()?.actions.listInForce().actions ?? [];
    for (const lease of actions.flatMap((action) => leaseOf(action) ?? [])) {
      if (!this.#inForce.has(lease.record.id)) this.#inForce.set(lease.record.id, { lease, isBusy: false });
    }
  }

  /**
   * One that is in force, to change it.
   * @throws FailureError `no-such-action`, `not-in-force`, `action-busy`
   */
  take(id: string): Case {
    const entry = this.#inForce.get(id);
    if (entry === undefined) {
      const record = this.#options.store()?.actions.get(id)?.record;
      const hint = 'Those that are in force are in "holdfast actions list --in-force".';
      if (record === undefined) {
        throw new FailureError({ code: 'no-such-action', message: `There is no action ${id}.`, hint });
      }
      throw new FailureError({
        code: 'not-in-force',
        message: `It holds nothing (any more): ${record.sentence}`,
        hint,
      });
    }
    if (entry.isBusy) {
      const message = 'It is being changed at this moment.';
      throw new FailureError({ code: 'action-busy', message, hint: 'Look again in a second, and repeat it.' });
    }
    entry.isBusy = true;
    return entry;
  }

  /** The latest first. */
  page(limit: number, cursor?: string): Page<ActionRecord> {
    const { rows, ...rest } = this.#options.store()?.actions.list(limit, cursor) ?? { rows: [] };
    return { ...rest, rows: rows.map(({ record }) => record) };
  }

  /** The latest actions. */
  latest(): readonly ActionRecord[] {
    return this.page(LATEST).rows;
  }

  /** Those that answer an alert, or hold a process that it names; the latest first. */
  about({ id, processes = [] }: Pick<Alert, 'id' | 'processes'>): readonly ActionRecord[] {
    return this.latest().filter(
      ({ alertId, targets }) =>
        alertId === id ||
        targets.some((target) =>
          processes.some(
            ({ pid, startedMs }) =>
              pid === target.pid && Math.abs((startedMs ?? Number.NaN) - target.startedMs) <= SAME_START_MS,
          ),
        ),
    );
  }
}
