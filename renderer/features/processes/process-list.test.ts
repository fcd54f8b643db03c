import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProcessRow } from '../../../contract/api-processes.ts';
import { processItem } from '../../lib/process-link.ts';
import { asEnded, type BookProcess } from './process-book.ts';
import {
  argumentsOf,
  heldNodes,
  type ListFilter,
  type ListNode,
  listNodes,
  otherName,
  parentsOf,
  withoutCollapsed,
} from './process-list.ts';
import { sampleProcess } from './testing.ts';

const ALL: ListFilter = { search: '', show: '', user: '', hasKernelThreads: false };
const BY_START = { column: 'started', direction: 'ascending' } as const;

function process(pid: number, parentPid = 0, change: Partial<ProcessRow> = {}): BookProcess {
  const row = sampleProcess(pid, { parentPid, ...change });
  return { ...row, key: processItem(row), isEnded: false };
}
/** "  3!" is third, two steps to the right, and there for its context only. */
const drawn = (nodes: readonly ListNode[]) =>
  nodes.map(({ process: { pid }, depth, isContext }) => `${' '.repeat(depth)}${pid}${isContext ? '!' : ''}`);
const tree = (
  processes: readonly BookProcess[],
  filter: Partial<ListFilter> = {},
  order: Parameters<typeof listNodes>[2] = BY_START,
) => listNodes(processes, { ...ALL, ...filter }, order, true);

const HOUSE = [
  process(1),
  process(2, 0, { isKernelThread: true, name: 'kthreadd' }),
  process(3, 2, { isKernelThread: true, name: 'kworker' }),
  process(10, 1, { name: 'sshd', unit: 'ssh.service', listeners: 1 }),
  process(20, 10, { name: 'bash', user: 'ada', cpu: 0.2 }),
  process(30, 20, { name: 'nc', user: 'ada', risk: 'high', connections: 2, cpu: 0.9 }),
  process(40, 1, { name: 'cron', risk: 'low' }),
];

describe('the list of processes', () => {
  it('is a tree without the threads of the kernel, unless they are asked for', () => {
    expect(drawn(tree(HOUSE))).toEqual(['1', ' 10', '  20', '   30', ' 40']);
    expect(drawn(tree(HOUSE, { hasKernelThreads: true })).slice(-2)).toEqual(['2', ' 3']);
    expect(drawn(listNodes(HOUSE, ALL, { column: 'cpu', direction: 'descending' }, false)).slice(0, 2)).toEqual([
      '30',
      '20',
    ]);
  });

  it('shows where what was found belongs', () => {
    expect(drawn(tree(HOUSE, { search: 'ADA nc' }))).toEqual(['1!', ' 10!', '  20!', '   30']);
    expect(drawn(tree(HOUSE, { search: 'ssh.service' }))).toEqual(['1!', ' 10']);
    expect(drawn(tree(HOUSE, { show: 'alerts' }))).toEqual(['1!', ' 10!', '  20!', '   30', ' 40']);
    expect(drawn(tree(HOUSE, { show: 'listeners' }))).toEqual(['1!', ' 10']);
    expect(drawn(listNodes(HOUSE, { ...ALL, user: 'ada', show: 'network' }, BY_START, false))).toEqual(['30']);
    expect(tree(HOUSE, { search: 'nothing' })).toEqual([]);
  });

  it('says at each what the worst below it is', () => {
    expect(tree(HOUSE).map(({ riskBelow }) => riskBelow)).toEqual(['high', 'high', 'high', null, null]);
  });

  it('sorts siblings, and keeps those of the same value in the order of their starts', () => {
    const order = { column: 'risk', direction: 'descending' } as const;
    expect(drawn(tree([...HOUSE].reverse(), {}, order))).toEqual(['1', ' 40', ' 10', '  20', '   30']);
    expect(drawn(tree(HOUSE, {}, { column: 'nothing', direction: 'ascending' }))).toEqual(drawn(tree(HOUSE)));
  });

  it('hides what is below collapsed rows', () => {
    const nodes = tree(HOUSE);
    expect(drawn(withoutCollapsed(nodes, new Set(['10-10000'])))).toEqual(['1', ' 10', ' 40']);
    expect(drawn(withoutCollapsed(nodes, parentsOf(nodes)))).toEqual(['1']);
  });

  it('loses nobody, whatever is claimed of parents', () => {
    const some = fc.array(
      fc.record({
        pid: fc.integer({ min: 1, max: 9 }),
        parentPid: fc.integer({ min: 0, max: 9 }),
        startedMs: fc.nat(20_000),
      }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(some, (claims) => {
        const processes = claims.map(({ pid, parentPid, startedMs }) => process(pid, parentPid, { startedMs }));
        const nodes = tree(processes);
        expect(nodes).toHaveLength(processes.length);
        expect(drawn(withoutCollapsed(nodes, parentsOf(nodes))).every((line) => !line.startsWith(' '))).toBe(true);
      }),
    );
  });

  it('takes 2,000 processes in a moment', () => {
    const many = Array.from({ length: 2_000 }, (_, index) =>
      process(index + 1, Math.floor(index / 3), { cpu: (index % 97) / 97, name: `program ${index % 50}` }),
    );
    const TURNS = 4;
    const begunMs = performance.now();
    for (let turn = 0; turn < TURNS; turn++)
      tree(many, { search: 'program 7' }, { column: 'program', direction: 'ascending' });
    expect((performance.now() - begunMs) / TURNS).toBeLessThan(400);
  });
});

describe('a list that is read', () => {
  it('keeps its rows in their places, marks who has ended, and counts who waits', () => {
    const held = tree(HOUSE);
    const now = [...HOUSE.filter(({ pid }) => pid !== 30 && pid !== 40), asEnded(HOUSE[6]), process(50, 1)].map(
      (one) => (one.pid === 20 ? { ...one, cpu: 0.7, parentPid: 1 } : one),
    );
    const { nodes, newCount } = heldNodes(held, tree(now), now);
    expect(drawn(nodes)).toEqual(drawn(held));
    expect(nodes.map(({ process: { isEnded } }) => isEnded)).toEqual([false, false, false, true, true]);
    expect(nodes[2].process.cpu).toBe(0.7);
    expect(nodes[0]).toBe(held[0]);
    expect(newCount).toBe(1);
  });

  it('does not take who fits the filters no more for ended', () => {
    const filter = { show: 'network' } as const;
    const held = tree(HOUSE, filter);
    const now = HOUSE.map((one) => ({ ...one, connections: 0 }));
    expect(heldNodes(held, tree(now, filter), now).nodes.some(({ process: { isEnded } }) => isEnded)).toBe(false);
  });
});

describe('the name of a program', () => {
  it.each([
    ['MainThread', '/usr/bin/node', 'node'],
    ['kworker/0:1', '/tmp/.x/miner', 'miner'],
    ['python3', '/usr/bin/python3.11', ''],
    ['systemd-network', '/usr/lib/systemd/systemd-networkd', ''],
    ['bash', '/usr/bin/bash (deleted)', ''],
    ['kthreadd', '', ''],
  ])('%s that is %s is also called "%s"', (name, image, other) => {
    expect(otherName({ name, image })).toBe(other);
  });
});

describe('the arguments of a program', () => {
  it.each([
    ['bash', '/usr/bin/bash', '-bash', ''],
    ['python3', '/usr/bin/python3.11', 'python3 -m http.server', '-m http.server'],
    ['python3', '/usr/bin/python3.11', '/usr/bin/python3.11 x.py', 'x.py'],
    ['systemd-network', '/usr/lib/systemd/systemd-networkd', '/lib/systemd/systemd-networkd', ''],
    ['sshd', '/usr/sbin/sshd', 'sshd: ada [priv]', 'sshd: ada [priv]'],
    ['kworker/0:1', '', '', ''],
  ])('of %s are what follows its name', (name, image, commandLine, rest) => {
    expect(argumentsOf({ name, image, commandLine })).toBe(rest);
  });
});
