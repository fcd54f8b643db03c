import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALERT_KINDS, type Finding, SEVERITIES } from '../../../contract/domain.ts';
import { defaultsOf } from '../runtime/settings.ts';
import { AlertBook } from './book.ts';
import { AlertEntry } from './entry.ts';
import { ForgetOrder, isBefore } from './forget-order.ts';
import { alertSettings } from './settings.ts';
import { statementOf } from './statement.ts';

const DEFAULTS = defaultsOf(alertSettings);
const START = Date.UTC(2026, 0, 5);

function finding(changes: Partial<Finding>): Finding {
  const at = changes.firstSeenMs ?? START;
  return {
    detector: 'port-scan',
    kind: 'port-scan',
    cause: 'port-scan/10.0.0.5',
    severity: 'medium',
    confidence: 0.5,
    techniques: [],
    attackers: ['10.0.0.5'],
    victims: [],
    attackerCount: 1,
    victimCount: 0,
    title: 'A scan',
    explanation: '',
    evidence: [],
    ...changes,
    firstSeenMs: at,
    lastSeenMs: changes.lastSeenMs ?? at,
  };
}

const scanned = (entries: Iterable<AlertEntry>): AlertEntry | undefined =>
  [...entries].reduce<AlertEntry | undefined>(
    (least, entry) => (least === undefined || isBefore(entry, least) ? entry : least),
    undefined,
  );

describe('ForgetOrder', () => {
  const step = fc.record({
    what: fc.constantFrom('put', 'put', 'change', 'remove', 'remove twice'),
    which: fc.nat(30),
    severity: fc.constantFrom(...SEVERITIES),
    lastSeenMs: fc.nat(20),
    isShadow: fc.boolean(),
  });

  it('knows the least after any changes, as whoever looks at all of them', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const order = new ForgetOrder();
        const there = new Map<number, AlertEntry>();
        const other = new AlertEntry('x', 999, statementOf(finding({})));
        for (const { what, which, severity, lastSeenMs, isShadow } of steps) {
          let entry = there.get(which);
          if (what.startsWith('remove')) {
            const gone = entry ?? new AlertEntry('none', 998, statementOf(finding({})));
            order.remove(gone);
            if (what === 'remove twice') order.remove(gone);
            there.delete(which);
            order.changed(gone);
          } else {
            entry ??= new AlertEntry(`${which}`, which, statementOf(finding({})));
            Object.assign(entry, { severity, lastSeenMs, explainedBy: isShadow ? other : undefined });
            if (what === 'change' && there.has(which)) order.changed(entry);
            else order.put(entry);
            there.set(which, entry);
          }
          expect(order.least()).toBe(scanned(there.values()));
        }
      }),
    );
  });
});

describe('a book that is full', () => {
  const any = fc.record({
    detector: fc.constantFrom('a', 'b'),
    kind: fc.constantFrom(...ALERT_KINDS),
    cause: fc.nat(20).map(String),
    severity: fc.constantFrom(...SEVERITIES),
    confidence: fc.double({ min: 0, max: 1, noNaN: true }),
    attackers: fc.nat(9).map((host) => [`1.1.1.${host}`]),
    victims: fc.nat(9).map((host) => [`2.1.1.${host}`]),
    firstSeenMs: fc.nat(400_000).map((seconds) => START + seconds * 1_000),
  });

  it('forgets whom a look at all of its alerts finds', () => {
    fc.assert(
      fc.property(fc.array(any, { minLength: 20, maxLength: 100 }), (findings) => {
        const book = new AlertBook({ ...DEFAULTS, maxAlerts: 10 });
        for (const each of findings) {
          book.add(finding(each));
          // The book's own: what is forgotten next shows only then, and by then much else has changed.
          const { entries, forgetOrder } = book as unknown as {
            readonly entries: ReadonlyMap<string, AlertEntry>;
            readonly forgetOrder: ForgetOrder;
          };
          expect(forgetOrder.least()).toBe(scanned(entries.values()));
        }
      }),
      { numRuns: 100 },
    );
  });

  it('takes a flood of forged senders in about as quickly as one with room', () => {
    const many = 4_000;
    const book = new AlertBook();
    let forged = 0;
    const cpuOf = (count: number): number => {
      const before = process.cpuUsage();
      for (const end = forged + count; forged < end; forged += 1) {
        const sender = `${10 + (forged >> 16)}.${(forged >> 8) & 255}.${forged & 255}.9`;
        book.add(finding({ cause: `port-scan/${sender}`, attackers: [sender], firstSeenMs: START + forged }));
      }
      return process.cpuUsage(before).user;
    };
    cpuOf(DEFAULTS.maxAlerts - many);
    const withRoom = cpuOf(many);
    const full = cpuOf(many);
    expect(book.forgottenAlerts).toBe(many);
    // Some 2; it was 40 when all of them were looked at.
    expect(full / withRoom).toBeLessThan(10);
  });
});
