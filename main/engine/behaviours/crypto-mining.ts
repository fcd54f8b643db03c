import type { Severity } from '../../../contract/domain.ts';
import type { HostEvent, HostProcessWithParents, NetworkConnectionEvent } from '../../../contract/events.ts';
import { plainText } from '../../../contract/text.ts';
import { isLoopback } from './addresses.ts';
import { type Behaviour, type BehaviourContext, defineBehaviour, type HostSamples } from './behaviour.ts';
import { hostFinding, processKey, shownProgram } from './host-finding.ts';
import { commandSigns, isPoolHost, POOL_PORTS } from './mining-signs.ts';
import { isInstalling, isOfTheSystem } from './programs.ts';
import { RecentMap } from './recent-map.ts';

const settings = {
  longSeconds: {
    type: 'number',
    default: 120,
    min: 10,
    max: 86_400,
    unit: 's',
    reason: 'A miner keeps one connection to its pool for days; what else uses these ports is done sooner.',
  },
  cpuSeconds: {
    type: 'number',
    default: 60,
    min: 10,
    max: 3_600,
    unit: 's',
    reason: 'So long a program that is connected to a port of pools must compute all the time; others have pauses.',
  },
  cpuShare: {
    type: 'number',
    default: 0.5,
    min: 0.05,
    max: 256,
    unit: 'cores',
    reason: 'A miner takes all cores it gets, or half of one where it does not want to be noticed.',
  },
} as const;
type Context = BehaviourContext<typeof settings>;

const MAX_PROCESSES = 1_024;
const MS_PER_SECOND = 1_000;
/** After so many times `longSeconds` it is looked at no more, unless it connects again. */
const GIVE_UP = 10;
/** What each sign is worth; from MEDIUM on it is told. */
const WORTH = { name: 4, words: 3, wallet: 2, pool: 4, port: 1, long: 1, place: 1, many: 1, cpu: 2 } as const;
type SignName = keyof typeof WORTH;
const MEDIUM = 3;
const HIGH = 5;

const MEANINGS: Readonly<Record<SignName, string>> = {
  name: 'Programs of this name do nothing but mine.',
  words: 'Only programs that mine are told such things.',
  wallet: 'An account of a currency, to which the earnings go.',
  pool: 'Those who mine together meet there.',
  port: 'Pools listen on this port, and few others do.',
  long: 'Miners keep one connection for days.',
  place: 'It does not lie where the system or a package puts programs.',
  many: 'It was told to work on several cores at once.',
  cpu: 'Mining is computing without a pause; other programs wait for somebody most of the time.',
};

interface Miner {
  readonly process: HostProcessWithParents;
  readonly firstSeenMs: number;
  lastSeenMs: number;
  readonly signs: Map<SignName, string>;
  /** When its connection to a port of pools began, while it lasts. */
  connectedMs: number | undefined;
  /** What it had computed by then, and when: the beginning of the minute over which its share is taken. */
  computed: { readonly sinceMs: number; readonly cpuSeconds: number } | undefined;
  toldSigns: number;
}

/** A program works for somebody else's wallet. */
class MiningWatcher implements Behaviour {
  readonly #context: Context;
  readonly #miners = new RecentMap<string, Miner>(MAX_PROCESSES);
  /** Connected to a port of pools and not yet told as long: what ticks look at. */
  readonly #waiting = new Map<string, Miner>();

  constructor(context: Context) {
    this.#context = context;
  }

  event(event: HostEvent): void {
    if (event.type === 'process-start') this.#start(event.process, event.timeMs);
    else if (event.type === 'network-connection') this.#connect(event);
    else if (event.type === 'process-exit') this.#waiting.delete(processKey(event.process));
  }

  tick(nowMs: number, { cpuSecondsOf }: HostSamples): void {
    const { longSeconds } = this.#context.settings;
    for (const [key, miner] of this.#waiting) {
      const hasComputed = this.#compute(miner, nowMs, cpuSecondsOf(miner.process));
      const seconds = (nowMs - (miner.connectedMs ?? nowMs)) / MS_PER_SECOND;
      const isLong = seconds >= longSeconds && !miner.signs.has('long');
      if (isLong) miner.signs.set('long', `${Math.round(seconds)} s`);
      if (isLong || hasComputed) {
        miner.lastSeenMs = Math.max(miner.lastSeenMs, nowMs);
        this.#judge(key, miner);
      }
      if (miner.signs.has('long') && (miner.signs.has('cpu') || seconds >= longSeconds * GIVE_UP))
        this.#waiting.delete(key);
    }
  }

  /** Whether it has just computed through a whole minute. */
  #compute(miner: Miner, nowMs: number, cpuSeconds: number | undefined): boolean {
    if (cpuSeconds === undefined || miner.signs.has('cpu')) return false;
    miner.computed ??= { sinceMs: nowMs, cpuSeconds };
    const seconds = (nowMs - miner.computed.sinceMs) / MS_PER_SECOND;
    if (seconds < this.#context.settings.cpuSeconds) return false;
    const share = (cpuSeconds - miner.computed.cpuSeconds) / seconds;
    miner.computed = { sinceMs: nowMs, cpuSeconds };
    if (share < this.#context.settings.cpuShare) return false;
    miner.signs.set('cpu', `${share.toFixed(1)} cores for ${Math.round(seconds)} s`);
    return true;
  }

  #start(process: HostProcessWithParents, timeMs: number): void {
    const signs = commandSigns(process);
    if (signs.length === 0) return;
    this.#note(process, timeMs, signs);
  }

  #connect(event: NetworkConnectionEvent): void {
    const { process, protocol, remotePort, remoteAddress, remoteName = '', direction, timeMs } = event;
    if (process === undefined || direction !== 'outbound' || isLoopback(remoteAddress)) return;
    const signs: [SignName, string][] = [];
    const host = remoteName.toLowerCase().slice(0, 255);
    if (isPoolHost(host)) signs.push(['pool', plainText(host, 120)]);
    const isPort = protocol === 'tcp' && POOL_PORTS.has(remotePort);
    if (isPort) signs.push(['port', String(remotePort)]);
    if (signs.length === 0) return;
    const miner = this.#note(process, timeMs, [...commandSigns(process), ...signs]);
    if (!isPort || (miner.signs.has('long') && miner.signs.has('cpu'))) return;
    miner.connectedMs ??= timeMs;
    if (this.#waiting.size < MAX_PROCESSES) this.#waiting.set(processKey(process), miner);
  }

  #note(process: HostProcessWithParents, timeMs: number, signs: readonly (readonly [SignName, string])[]): Miner {
    const key = processKey(process);
    const miner = this.#miners.getOrInsert(key, () => ({
      process,
      firstSeenMs: timeMs,
      lastSeenMs: timeMs,
      signs: new Map(),
      connectedMs: undefined,
      computed: undefined,
      toldSigns: 0,
    }));
    miner.lastSeenMs = timeMs;
    for (const [name, value] of signs) miner.signs.set(name, value);
    this.#judge(key, miner);
    return miner;
  }

  #judge(key: string, miner: Miner): void {
    const { process, signs } = miner;
    if (!isOfTheSystem(process)) signs.set('place', plainText(process.image, 120));
    const worth = [...signs.keys()].reduce((sum, name) => sum + WORTH[name], 0);
    // A port and a place alone are those of many games and servers of one's own.
    const isNamed = signs.has('name') || signs.has('words') || signs.has('pool') || signs.has('wallet');
    const isComputing = signs.has('cpu') && signs.has('port');
    if (!(isNamed || isComputing) || worth < MEDIUM || signs.size === miner.toldSigns) return;
    if (isInstalling(this.#context.processes.ancestors(process))) return;
    miner.toldSigns = signs.size;
    // A game computes all the time, too, and its servers use whatever port they like.
    const severity: Severity = worth >= HIGH && isNamed ? 'high' : 'medium';
    this.#context.report(
      hostFinding(
        {
          detector: 'crypto-mining',
          kind: 'execution',
          cause: `crypto-mining/${key}`,
          firstSeenMs: miner.firstSeenMs,
          lastSeenMs: miner.lastSeenMs,
          severity,
          confidence: severity === 'high' ? 0.9 : 0.65,
          techniques: ['T1496.001'],
          title: `${shownProgram(process)} mines a currency`,
          explanation:
            'A program uses this computer to earn money for whoever owns a wallet: it computes all day and sends its results to a pool. Some people do so on purpose; where nobody did, somebody got in and put it here.',
          evidence: [...signs].map(([name, value]) => ({ name: SIGN_NAMES[name], value, meaning: MEANINGS[name] })),
          process,
        },
        this.#context.processes,
      ),
    );
  }
}

const SIGN_NAMES: Readonly<Record<SignName, string>> = {
  name: 'name',
  words: 'word of the command',
  wallet: 'wallet',
  pool: 'pool',
  port: 'port of pools',
  long: 'connected for',
  place: 'place',
  many: 'cores',
  cpu: 'computes all the time',
};

export const cryptoMiningBehaviour = defineBehaviour({
  id: 'crypto-mining',
  kinds: ['execution'],
  summary:
    'A program computes for a mining pool: its name, its options, its connections, their length and what it computes add up.',
  techniques: ['T1496.001'],
  settings,
  events: ['process-start', 'process-exit', 'network-connection'],
  memoryBound: '1,024 programs of 3 kB',
  create: (context) => new MiningWatcher(context),
});
