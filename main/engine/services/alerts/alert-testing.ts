/** For tests of what is done with alerts: the calls over a real store, without traffic. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallContext, CallInput, CallOutput, RequestName } from '../../../../contract/api.ts';
import type { ActionRecord } from '../../../../contract/api-actions.ts';
import { ALERT_CALLS } from '../../../../contract/api-alerts.ts';
import type { RuleRow } from '../../../../contract/api-rules.ts';
import type { Finding } from '../../../../contract/domain.ts';
import { AlertBook } from '../../alerts/index.ts';
import { ManualClock } from '../../runtime/clock.ts';
import { HealthRegistry } from '../../runtime/health.ts';
import { defaultsOf } from '../../runtime/settings.ts';
import { openStore, type Store, storeSettings } from '../../store/index.ts';
import { alertHandlers } from '../handlers/alerts.ts';
import { AlertDesk, type RecordedChange } from './alert-record.ts';

export const NOW_MS = Date.parse('2026-11-21T12:00:00Z');
export const MINUTE_MS = 60_000;

/** A port scan by this attacker. */
export function testFinding(attacker: string, changes: Partial<Finding> = {}): Finding {
  return {
    detector: 'port-scan',
    kind: 'port-scan',
    cause: `port-scan/${attacker}`,
    firstSeenMs: NOW_MS - 10 * MINUTE_MS,
    lastSeenMs: NOW_MS - 9 * MINUTE_MS,
    severity: 'medium',
    confidence: 0.9,
    techniques: ['T1046'],
    attackers: [attacker],
    victims: ['10.0.0.9'],
    attackerCount: 1,
    victimCount: 1,
    title: `${attacker} scanned ports of 10.0.0.9`,
    explanation: 'It tried many ports.',
    evidence: [
      {
        name: 'ports tried',
        value: 20,
        unit: 'ports',
        usual: '1 to 5',
        usualRange: { low: 1, high: 5 },
        meaning: 'Few programs use many.',
      },
    ],
    ...changes,
  };
}

export const CONTEXT: CallContext = { role: 'operate', actor: 'user ada', signal: new AbortController().signal };

/** The calls about alerts over a real store, checked against the table as a client would see them. */
export class AlertRig {
  readonly folder = mkdtempSync(join(tmpdir(), 'holdfast-alerts-'));
  readonly clock = new ManualClock(NOW_MS);
  /** Rules that the engine has. */
  readonly rules: RuleRow[] = [];
  readonly changes: RecordedChange[] = [];
  readonly listeners = new Set<(change: RecordedChange) => void>();
  /** What was done about every alert. */
  actions: readonly ActionRecord[] = [];
  book = new AlertBook();
  #store: Store | undefined;
  #handlers: ReturnType<typeof alertHandlers> | undefined;

  async open(): Promise<void> {
    const store = await openStore({
      path: join(this.folder, 'holdfast.db'),
      clock: this.clock,
      health: new HealthRegistry(),
      settings: defaultsOf(storeSettings),
    });
    this.#store = store;
    const desk = new AlertDesk({
      store: () => store,
      nowMs: () => this.clock.nowMs(),
      maxAlerts: 1_000,
      onChange: (change) => {
        this.changes.push(change);
        for (const listener of this.listeners) listener(change);
      },
    });
    this.book.onChange = (alert, change) => desk.record(alert, change);
    this.#handlers = alertHandlers({
      version: '0.0.0-test',
      desk,
      rules: { list: async () => ({ rules: this.rules, problems: [], limits: '' }) },
      response: { about: () => this.actions },
      store: () => store,
      nowMs: () => this.clock.nowMs(),
      mode: () => 'observe',
      ownAddresses: () => ['10.0.0.9'],
      onAlert: (listener) => {
        this.listeners.add(listener);
        return () => this.listeners.delete(listener);
      },
    });
  }

  get store(): Store {
    if (this.#store === undefined) throw new Error('not open');
    return this.#store;
  }

  get handlers() {
    if (this.#handlers === undefined) throw new Error('not open');
    return this.#handlers;
  }

  /** With input and output checked against the table, as every transport does. */
  async call<N extends RequestName & keyof typeof ALERT_CALLS>(name: N, input: CallInput<N>): Promise<CallOutput<N>> {
    const { input: inputSchema, output } = ALERT_CALLS[name];
    const handler = this.handlers[name] as (input: unknown, context: CallContext) => unknown;
    const answer = await handler(inputSchema.parse(input), CONTEXT);
    return output.parse(answer) as CallOutput<N>;
  }

  /** The last lines of the journal about a subject, the earliest first. */
  journal(subject: string): string[] {
    const rows = this.store.listJournal().rows.filter((row) => row.subject === subject);
    return rows.map(({ actor, action }) => `${actor}: ${action}`).reverse();
  }

  /** As after a restart of the engine: only what is in the store is known. */
  async restart(): Promise<void> {
    this.store.close();
    this.book = new AlertBook();
    await this.open();
  }

  close(): void {
    this.store.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
