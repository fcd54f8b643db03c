import { describe, expect, it, vi } from 'vitest';
import type { Failure } from '../../contract/domain.ts';
import { ClientError, clientError, type EngineConnection } from '../client/index.ts';
import { EngineLink } from './engine-link.ts';

const SERVICE = '/run/service';
const OWN = '/run/own';

/** Engines by the folder of their sockets, as the link finds them. */
class Machine {
  readonly answering = new Map<string, 'engine' | ClientError>();
  readonly open: { readonly directory: string; end(): void }[] = [];
  isInstalled = false;
  nowMs = 0;
  readonly child = {
    isRunning: false,
    failure: null as Failure | null,
    starts: 0,
    /** What starting it leads to. */
    onStart: () => {
      this.answering.set(OWN, 'engine');
    },
    start: async () => {
      this.child.starts++;
      this.child.isRunning = true;
      this.child.onStart();
    },
    stop: async () => {
      this.child.isRunning = false;
      this.answering.delete(OWN);
    },
  };
  readonly link = new EngineLink({
    serviceDirectory: SERVICE,
    ownDirectory: OWN,
    userId: 1_000,
    child: this.child,
    isServiceInstalled: () => this.isInstalled,
    whyNotEnable: () => undefined,
    nowMs: () => this.nowMs,
    find: async ({ directories: [directory] }) => {
      const answer = this.answering.get(directory);
      if (answer === undefined) throw clientError('engine-not-running', 'Nothing answers.', '');
      if (answer instanceof ClientError) throw answer;
      const { promise, resolve } = Promise.withResolvers<ClientError>();
      const end = (): void => resolve(clientError('engine-lost', 'Gone.', ''));
      this.open.push({ directory, end });
      return { directory, ended: promise, close: end, request: async () => directory } as unknown as EngineConnection;
    },
  });

  /** The engine there ends. */
  end(directory: string): void {
    this.answering.delete(directory);
    for (const connection of this.open.filter((each) => each.directory === directory)) connection.end();
  }

  async reaches(state: string, kind: string | null): Promise<void> {
    const now = () => `${this.link.state.value.state} ${this.link.state.value.kind}`;
    await vi
      .waitUntil(() => now() === `${state} ${kind}`, { timeout: 5_000, interval: 5 })
      .catch(() => {
        throw new Error(`it is ${now()}, not ${state} ${kind}`);
      });
  }
}

async function withMachine(work: (machine: Machine) => Promise<void>): Promise<void> {
  const machine = new Machine();
  try {
    await work(machine);
  } finally {
    await machine.link.stop();
  }
}

describe('the link to the engine', () => {
  it('takes the service where it answers, and starts nothing', () =>
    withMachine(async (machine) => {
      machine.answering.set(SERVICE, 'engine');
      machine.link.start();
      await machine.reaches('connected', 'service');
      expect(machine.child.starts).toBe(0);
      // There is nothing to enable.
      expect(machine.link.state.value).toMatchObject({ canEnable: false, whyNotEnable: '' });
      expect(await machine.link.request('status', {})).toEqual({ result: SERVICE });
    }));

  it('starts its own where there is no service, and finds it again after it ended', () =>
    withMachine(async (machine) => {
      expect(await machine.link.request('status', {})).toMatchObject({ error: { code: 'engine-not-running' } });
      machine.link.start();
      await machine.reaches('connected', 'child');
      machine.end(OWN);
      await machine.reaches('lost', 'child');
      expect(await machine.link.request('status', {})).toMatchObject({ error: { code: 'engine-lost' } });
      machine.answering.set(OWN, 'engine');
      await machine.reaches('connected', 'child');
      // The supervisor keeps it running: it is not started twice.
      expect(machine.child.starts).toBe(1);
    }));

  it('waits for an installed service that is being started again, then says that it is silent', () =>
    withMachine(async (machine) => {
      machine.isInstalled = true;
      machine.answering.set(SERVICE, 'engine');
      machine.link.start();
      await machine.reaches('connected', 'service');
      machine.end(SERVICE);
      await machine.reaches('lost', 'service');
      machine.nowMs += 60_000;
      await machine.reaches('failed', 'service');
      expect(machine.child.starts).toBe(0);
      // Asked by a person, an engine of this user's will do.
      machine.link.retry();
      await machine.reaches('connected', 'child');
    }));

  it('starts no engine beside a service that this user may not talk to', () =>
    withMachine(async (machine) => {
      machine.answering.set(SERVICE, clientError('engine-not-reachable', 'Not for this user.', 'Ask.'));
      machine.link.start();
      await machine.reaches('failed', null);
      expect(machine.link.state.value.failure).toMatchObject({ message: 'Not for this user.' });
      expect(machine.child.starts).toBe(0);
    }));

  it('takes a connection that ends before the first word for no engine', () =>
    withMachine(async (machine) => {
      machine.answering.set(OWN, clientError('engine-lost', 'Gone.', ''));
      machine.link.start();
      await machine.reaches('connected', 'child');
      expect(machine.child.starts).toBe(1);
    }));

  it('says why its own ends again and again, and tries once more when it is asked', () =>
    withMachine(async (machine) => {
      const failure = { code: 'engine-ended', message: 'The engine ended: bad configuration.', hint: '' };
      machine.child.onStart = () => {
        machine.child.failure = failure;
      };
      machine.link.start();
      await machine.reaches('failed', 'child');
      expect(machine.link.state.value.failure).toEqual(failure);
      machine.child.onStart = () => {
        machine.child.failure = null;
        machine.answering.set(OWN, 'engine');
      };
      machine.link.retry();
      await machine.reaches('connected', 'child');
    }));

  it('ends its streams where there is no engine, with why', async () => {
    const { link } = new Machine();
    const { promise, resolve } = Promise.withResolvers<unknown>();
    link.open('traffic.watch', {}, resolve);
    expect(await promise).toMatchObject({ type: 'end', error: { code: 'engine-not-running' } });
  });
});
