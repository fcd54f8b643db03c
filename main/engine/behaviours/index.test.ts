import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HostEvent, HostProcess } from '../../../contract/events.ts';
import { BEHAVIOURS } from './index.ts';
import { findingsOf, START_MS } from './testing.ts';

describe('BEHAVIOURS', () => {
  it('has one row for each id, which says what it does and needs', () => {
    expect(new Set(BEHAVIOURS.map(({ id }) => id)).size).toBe(BEHAVIOURS.length);
    for (const { id, summary, techniques, events, kinds, memoryBound } of BEHAVIOURS) {
      expect(id).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(summary, id).toMatch(/^[A-Z].*\.$/);
      expect(techniques.length * events.length * kinds.length * memoryBound.length, id).toBeGreaterThan(0);
      for (const technique of techniques) expect(technique, id).toMatch(/^T\d{4}(\.\d{3})?$/);
    }
  });

  it('takes any text that programs put into events', () => {
    const text = fc.oneof(
      fc.string({ maxLength: 60 }),
      fc.constantFrom(
        '/',
        '',
        '/tmp/',
        '/home/',
        '/home/a/',
        'memfd:',
        '/usr/bin/bash',
        '/usr/bin/curl',
        '/etc/shadow',
        '__proto__',
        '\u0000\u001b[2J',
        '\u202e\ud800',
        'constructor',
        '.',
        '/.',
      ),
    );
    const process: fc.Arbitrary<HostProcess> = fc.record(
      {
        pid: fc.nat(),
        startedMs: fc.nat(),
        image: text,
        commandLine: text,
        name: text,
        arguments: fc.array(text, { maxLength: 4 }),
        user: text,
      },
      { requiredKeys: ['pid', 'image', 'commandLine'] },
    );
    const base = { timeMs: fc.nat(1_000_000).map((each) => START_MS + each), process };
    const event = fc.oneof(
      fc.record({ type: fc.constant('process-start' as const), ...base }),
      fc.record({
        type: fc.constantFrom(
          'file-written' as const,
          'file-created' as const,
          'file-deleted' as const,
          'file-opened' as const,
        ),
        path: text,
        ...base,
      }),
      fc.record({ type: fc.constant('file-renamed' as const), path: text, previousPath: text, ...base }),
      fc.record({
        type: fc.constant('service-change' as const),
        unit: text,
        action: fc.constant('stopped' as const),
        ...base,
      }),
      fc.record({
        type: fc.constant('account-change' as const),
        subject: fc.constantFrom('user' as const, 'group' as const),
        action: fc.constantFrom('added' as const, 'member-added' as const),
        name: text,
        member: text,
        ...base,
      }),
      fc.record({
        type: fc.constant('process-access' as const),
        target: process,
        access: fc.constantFrom('trace' as const, 'read-memory' as const),
        ...base,
      }),
      fc.record({
        type: fc.constant('network-connection' as const),
        ...base,
        direction: fc.constantFrom('outbound' as const, 'inbound' as const),
        protocol: fc.constant('tcp' as const),
        localAddress: text,
        localPort: fc.nat(65_535),
        remoteAddress: text,
        remotePort: fc.constantFrom(3333, 443, 0),
        remoteName: text,
      }),
      fc.record({
        type: fc.constant('login' as const),
        timeMs: base.timeMs,
        user: text,
        isSuccess: fc.boolean(),
        service: text,
        remoteAddress: text,
      }),
      fc.record({
        type: fc.constant('module-load' as const),
        ...base,
        name: text,
        path: text,
        isTainting: fc.boolean(),
      }),
      fc.record({
        type: fc.constant('mount-change' as const),
        ...base,
        action: fc.constantFrom('mounted' as const, 'unmounted' as const),
        source: text,
        path: text,
      }),
      fc.record({
        type: fc.constant('device-change' as const),
        timeMs: base.timeMs,
        action: fc.constant('added' as const),
        subsystem: fc.constantFrom('usb', 'block', '__proto__'),
        path: text,
        name: text,
      }),
      fc.record({
        type: fc.constant('firewall-change' as const),
        ...base,
        action: fc.constantFrom('flushed' as const, 'opened' as const),
        tool: text,
        table: text,
        chain: text,
        hook: text,
        rulesBefore: fc.nat(),
        rulesAfter: fc.nat(),
      }),
      fc.record({
        type: fc.constant('process-start' as const),
        ...base,
        environment: fc.record({ LD_PRELOAD: text, LD_AUDIT: text }),
      }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), (events: readonly HostEvent[]) => {
        for (const behaviour of BEHAVIOURS) {
          for (const { title, explanation } of findingsOf(behaviour, events)) {
            expect(title.length).toBeLessThan(400);
            expect(explanation.length).toBeLessThan(800);
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});
