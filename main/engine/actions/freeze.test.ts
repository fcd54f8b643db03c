import { describe, expect, it } from 'vitest';
import { systemClock } from '../runtime/clock.ts';
import type { LivingProcess, ProcessId, ProcessMotion, ProcessTable } from '../runtime/process-table.ts';
import { FreezeAction, type FrozenProcess, type SignalOrder, type SignalOutcome } from './freeze.ts';

/** A computer of which every program makes a child whenever somebody looks, until it is stopped. */
class Computer {
  readonly motions = new Map<number, ProcessMotion>();
  readonly parents = new Map<number, number>();
  readonly sent: string[] = [];
  readonly refused = new Set<number>();
  isBreeding = false;

  start(pid: number, parentPid = 1): void {
    this.motions.set(pid, 'running');
    this.parents.set(pid, parentPid);
  }

  process(pid: number): LivingProcess {
    return {
      pid,
      parentPid: this.parents.get(pid) ?? 1,
      startTicks: pid * 10,
      session: 1,
      hasTerminal: false,
      name: `p${pid}`,
      isKernelThread: false,
      image: `/usr/bin/p${pid}`,
      words: [`p${pid}`, 'x'.repeat(1_000)],
      isOfTheSystem: true,
    };
  }

  table(): ProcessTable {
    const running = [...this.motions].filter(([, motion]) => motion === 'running');
    if (this.isBreeding) for (const [pid] of running) this.start(pid + 100, pid);
    const all = [...this.motions.keys()].map((pid) => this.process(pid));
    return {
      find: (pid) => all.find((process) => process.pid === pid),
      childrenOf: (pid) => all.filter(({ parentPid }) => parentPid === pid),
    };
  }

  readonly action = new FreezeAction({
    clock: systemClock,
    processes: () => this.table(),
    motionOf: ({ pid }) => this.motions.get(pid) ?? 'gone',
    signals: {
      send: async ({ pid }: ProcessId, order: SignalOrder): Promise<SignalOutcome> => {
        this.sent.push(`${order} ${pid}`);
        if (this.refused.has(pid)) return 'failed';
        const motion = this.motions.get(pid);
        if (motion === undefined || motion === 'gone') return 'gone';
        if (order === 'stop') this.motions.set(pid, 'stopped');
        if (order === 'continue') this.motions.set(pid, 'running');
        if (order === 'kill') this.motions.delete(pid);
        return 'done';
      },
    },
  });

  plan(pid: number) {
    const below = (table: ProcessTable, at: number): LivingProcess[] =>
      [table.find(at) ?? [], ...table.childrenOf(at).map((child) => below(table, child.pid))].flat();
    return { first: this.process(pid), choose: (table: ProcessTable) => below(table, pid) };
  }
}

const pids = (held: readonly FrozenProcess[]): number[] => held.map(({ pid }) => pid);

describe('freezing', () => {
  it('stops the one that did it first, then all below, also those that begin meanwhile', async () => {
    const computer = new Computer();
    computer.start(7);
    computer.isBreeding = true;
    const held = await computer.action.apply(computer.plan(7));
    expect(computer.sent[0]).toBe('stop 7');
    expect([...computer.motions.values()]).not.toContain('running');
    expect(pids(held)).toEqual([...computer.motions.keys()]);
    expect(await computer.action.verify(held)).toEqual({ isInForce: true, isOver: false, problem: '' });
  });

  it('says of what is held what a person knows it by, within bounds', async () => {
    const computer = new Computer();
    computer.start(7);
    const [held] = await computer.action.apply(computer.plan(7));
    expect(held).toMatchObject({ pid: 7, startTicks: 70, name: 'p7', image: '/usr/bin/p7' });
    expect(held?.commandLine).toHaveLength(300);
  });

  it('touches nothing where it only plans', () => {
    const computer = new Computer();
    computer.start(7);
    computer.start(8, 7);
    expect(pids(computer.action.plan(computer.plan(7)))).toEqual([7, 8]);
    expect(computer.sent).toEqual([]);
  });

  it('lets go on in the opposite order', async () => {
    const computer = new Computer();
    computer.start(7);
    computer.start(8, 7);
    const held = await computer.action.apply(computer.plan(7));
    computer.sent.length = 0;
    expect(await computer.action.revert(held)).toBe('');
    expect(computer.sent).toEqual(['continue 8', 'continue 7']);
  });

  it('does not call frozen what could not be stopped, and says which', async () => {
    const computer = new Computer();
    computer.start(7);
    computer.start(8, 7);
    computer.refused.add(8);
    const held = await computer.action.apply(computer.plan(7));
    expect(await computer.action.verify(held)).toMatchObject({ isInForce: false, problem: 'p8 (8) did not stop.' });
    expect(await computer.action.revert(held)).toBe('p8 (8) could not be let go on.');
  });

  it('holds nothing where it had ended', async () => {
    const computer = new Computer();
    const plan = { first: computer.process(9), choose: () => [] };
    expect(await computer.action.apply(plan)).toEqual([]);
    expect(await computer.action.verify([])).toMatchObject({ isInForce: false, isOver: true });
  });

  it('ends all of it, and stops again what somebody let go on', async () => {
    const computer = new Computer();
    computer.start(7);
    computer.start(8, 7);
    const held = await computer.action.apply(computer.plan(7));
    computer.motions.set(8, 'running');
    expect(pids(await computer.action.renew(held))).toEqual([8]);
    expect(computer.motions.get(8)).toBe('stopped');
    expect(await computer.action.end(held)).toBe('');
    expect(computer.motions.size).toBe(0);
  });
});
