/**
 * Where attacks are played: an engine with all sensors of the host in a mount namespace of its own, in which all that
 * is written to is in memory, and in one of two network namespaces; another computer in the other one. Each attack has
 * processes of its own besides. All of it is gone once the stage is closed, or this process has ended.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Alert, type HealthState, SEVERITIES } from '../../contract/domain.ts';
import { DEFAULT_HELPER_PATH } from '../../main/engine/sensors/helper.ts';
import { NamespacePair } from '../../main/engine/sensors/testing/namespace-pair.ts';
import { sensorSwitch } from '../holdfast.ts';
import { type HeardAlert, LiveEngine } from '../support/live-engine.ts';
import type { Attack, Outcome } from './attack.ts';

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));
const STAGE_SCRIPT = fileURLToPath(new URL('stage.sh', import.meta.url));
const FAR_SIDE = fileURLToPath(new URL('far-side.ts', import.meta.url));
/** Not below /tmp, which is another one on the stage. */
const FOLDERS = '/var/tmp';
const SENSORS = ['processes', 'files', 'sockets', 'access', 'system'] as const;
/** The programs of the system: what somebody keeps in a home folder is not there on the stage. */
const ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', LANG: 'C' };
const SEES: ReadonlySet<HealthState> = new Set(['ok', 'degraded']);
/** 10.66.1.10, …: below are those of NamespacePair. */
const FIRST_ATTACKER = 10;
const LOOK_INTERVAL_MS = 5;
/** For processes to begin, on a machine that has much else to do. */
const READY_LIMIT_MS = 10_000;
/** For sensors to begin: one looks at thousands of files first. */
const WATCHED_LIMIT_MS = 30_000;
/** After an alert a little more is listened to, for what else is said of the same attack. */
const MORE_MS = 50;

export interface StageOptions {
  /** Settings of the engine, as variables. */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface PlayOptions {
  /** How long an alert is waited for. */
  readonly limitMs: number;
  /** For how long it goes on after that: what the network shows is told later. */
  readonly moreMs?: number;
}

export class Stage {
  readonly #folder = mkdtempSync(join(FOLDERS, 'holdfast-stage-'));
  readonly #network = new NamespacePair();
  readonly #children = new Set<ChildProcess>();
  #engine: LiveEngine | undefined;
  #attackers = 0;

  private constructor() {
    mkdirSync(join(this.#folder, 'data'), { mode: 0o700 });
  }

  /** Resolves when everything is watched, and the other computer listens. */
  static async open({ environment = {} }: StageOptions = {}): Promise<Stage> {
    const stage = new Stage();
    try {
      await stage.#open(environment);
      return stage;
    } catch (error) {
      await stage.close();
      throw error;
    }
  }

  get engine(): LiveEngine {
    if (this.#engine === undefined) throw new Error('the stage is not open');
    return this.#engine;
  }

  async #open(environment: Readonly<Record<string, string>>): Promise<void> {
    const { near, far, nearInterface } = this.#network;
    const apart = ['unshare', '--mount', '--propagation', 'private', 'bash', STAGE_SCRIPT];
    const other = this.#spawn([...this.#network.inside(far), process.execPath, FAR_SIDE]);
    this.#engine = await LiveEngine.start({
      dataDirectory: join(this.#folder, 'data'),
      prefix: [...this.#network.inside(near), ...apart, this.#folder, CHECKOUT, DEFAULT_HELPER_PATH],
      daemonArguments: ['--interface', nearInterface],
      environment: {
        SENSE_TRIED: process.env.SENSE_TRIED ?? '',
        ...ENVIRONMENT,
        ...Object.fromEntries(SENSORS.map((name) => [sensorSwitch(name), 'true'])),
        ...environment,
      },
    });
    await this.#watched();
    await lineOf(other, 'ready');
  }

  /** Until every sensor says that it sees. */
  async #watched(): Promise<void> {
    const untilMs = Date.now() + WATCHED_LIMIT_MS;
    for (;;) {
      const { health } = await this.engine.status();
      const blind = SENSORS.filter((name) => !health.some(({ part, state }) => part === name && SEES.has(state)));
      if (blind.length === 0) return;
      if (Date.now() > untilMs) throw new Error(`${blind} did not begin to see: ${JSON.stringify(health)}`);
      await sleep(LOOK_INTERVAL_MS);
    }
  }

  #spawn([file, ...args]: readonly string[]): ChildProcess {
    const child = spawn(file, args, { env: ENVIRONMENT, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#children.add(child);
    child.once('close', () => this.#children.delete(child));
    child.stdin?.on('error', () => {});
    return child;
  }

  /** A shell that takes commands, below an init of its own, on the stage. */
  #shell(): ChildProcess {
    const entry = ['nsenter', `--target=${this.engine.pid}`, '--mount', '--net', '--wd=/root'];
    return this.#spawn([
      ...entry,
      '/opt/stage/tini',
      '--pid',
      '--fork',
      '--mount-proc',
      '--kill-child',
      'bash',
      '--norc',
    ]);
  }

  /** Runs a script in the place of attacks, to its end; no attack. */
  async prepare(script: string): Promise<ChildProcess> {
    const shell = this.#shell();
    shell.stdin?.write(`${script}\n`);
    await lineOf(shell, 'ready');
    return shell;
  }

  /** Plays one attack, waits for the alert that must come, and ends what it has started. */
  async play(attack: Attack, { limitMs, moreMs = MORE_MS }: PlayOptions): Promise<Outcome> {
    const { before = 'echo ready', by = 'intruder' } = attack;
    const attacker = this.#newAttacker();
    const script = attack.script.replaceAll('{attacker}', attacker);
    const shell = await this.prepare(before.replaceAll('{attacker}', attacker));
    const from = this.engine.heard.length;
    const output = collected(shell);
    const begunMs = Date.now();
    if (by === 'intruder') shell.stdin?.write(`exec sh -c '${script.replaceAll("'", `'\\''`)}'\n`);
    else this.#spawn([...this.#network.inside(this.#network.far), 'sh', '-c', script]);
    const subject = { pid: shell.pid ?? 0, word: attack.found.word?.replace('{attacker}', attacker) };
    const heard = await this.#waitFor(attack, subject, from, begunMs + limitMs);
    await sleep(moreMs);
    shell.kill('SIGKILL');
    const told = this.engine.heard
      .slice(from)
      .filter(({ alert }) => isOf(alert, subject))
      .map(({ change, alert: { title, severity, techniques } }) => `${change} ${severity} ${techniques} ${title}`);
    return {
      attack,
      attacker,
      told,
      output: output(),
      ...(heard !== undefined && { alert: outcomeOf(heard, begunMs) }),
    };
  }

  /** Another address of the other computer: alerts about one attacker would be one. */
  #newAttacker(): string {
    const address = `10.66.1.${FIRST_ATTACKER + this.#attackers++}`;
    const { far, farInterface } = this.#network;
    this.#network.ip('-n', far, 'addr', 'add', `${address}/24`, 'dev', farInterface);
    return address;
  }

  async #waitFor(attack: Attack, subject: Subject, from: number, untilMs: number): Promise<HeardAlert | undefined> {
    let next = from;
    for (;;) {
      const { heard } = this.engine;
      for (; next < heard.length; next++) {
        const one = heard[next] as HeardAlert;
        if (isOf(one.alert, subject) && says(one.alert, attack.found)) return one;
      }
      if (Date.now() > untilMs) return undefined;
      await sleep(LOOK_INTERVAL_MS);
    }
  }

  /** A file of the stage. */
  readFile(path: string): string {
    return readFileSync(`/proc/${this.engine.pid}/root${path}`, 'utf8');
  }

  /** May be called more than once. */
  async close(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    const ended = this.#engine?.interrupt();
    await Promise.race([ended, sleep(READY_LIMIT_MS)]);
    await this.#engine?.kill();
    this.#network.remove();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** What tells the alerts of one attack. */
interface Subject {
  /** Of the init that all of it stands below. */
  readonly pid: number;
  readonly word?: string | undefined;
}

function isOf({ processes = [], title }: Alert, { pid, word }: Subject): boolean {
  return processes.some((process) => process.pid === pid) || (word !== undefined && title.split(' ').includes(word));
}

function says(alert: Alert, { techniques, severity = 'low' }: Attack['found']): boolean {
  const isNamed = alert.techniques.some((told) => techniques.some((one) => told === one || told.startsWith(`${one}.`)));
  return isNamed && SEVERITIES.indexOf(alert.severity) >= SEVERITIES.indexOf(severity);
}

function outcomeOf({ alert, heardMs }: HeardAlert, begunMs: number): Outcome['alert'] {
  const { id, title, kind, severity, techniques, detectors, attackers, lastSeenMs } = alert;
  const said = { id, title, kind, severity, techniques, detectors, attackers, lastSeenMs };
  return { afterMs: heardMs - begunMs, heardMs, ...said };
}

/** What it writes from now on, up to some lines. */
function collected(child: ChildProcess): () => string {
  let text = '';
  const take = (piece: Buffer): void => {
    if (text.length < 4_096) text += piece.toString('utf8');
  };
  child.stdout?.on('data', take);
  child.stderr?.on('data', take);
  return () => text;
}

/** Resolves when it writes this line; throws when it ends before, or takes too long. */
function lineOf(child: ChildProcess, wanted: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let text = '';
  const output = collected(child);
  const take = (piece: Buffer): void => {
    text += piece.toString('utf8');
    if (`\n${text}`.includes(`\n${wanted}\n`)) resolve();
  };
  const fail = (): void => reject(new Error(`no "${wanted}" from ${child.spawnargs.join(' ')}: ${output()}`));
  const limit = setTimeout(fail, READY_LIMIT_MS);
  child.stdout?.on('data', take);
  child.once('close', fail);
  return promise.finally(() => {
    clearTimeout(limit);
    child.stdout?.off('data', take);
    child.off('close', fail);
  });
}
