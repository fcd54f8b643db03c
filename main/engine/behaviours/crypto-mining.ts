import type { Severity } from '../../../contract/domain.ts';
import type { HostEvent, HostProcessWithParents, NetworkConnectionEvent } from '../../../contract/events.ts';
import { plainText } from '../../../contract/text.ts';
import { isLoopback } from './addresses.ts';
import { type Behaviour, type BehaviourContext, defineBehaviour } from './behaviour.ts';
import { hostFinding, processKey, shownProgram } from './host-finding.ts';
import { isInstalling, isOfTheSystem, programName } from './programs.ts';
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
} as const;
type Context = BehaviourContext<typeof settings>;

const MAX_PROCESSES = 1_024;
/** Looked at of a command line; options of miners stand at its beginning. */
const MAX_COMMAND = 4_096;

/** Programs that only mine. */
const MINERS = new Set([
  'xmrig',
  'xmrig-notls',
  'xmr-stak',
  'xmrigdaemon',
  'cpuminer',
  'minerd',
  'cpuminer-multi',
  'ethminer',
  'ccminer',
  'cgminer',
  'bfgminer',
  'nbminer',
  'lolminer',
  't-rex',
  'phoenixminer',
  'nanominer',
  'teamredminer',
  'gminer',
  'srbminer-multi',
  'claymore',
  'nheqminer',
  'xmr-proxy',
  'p2pool',
  'kryptex',
  'nicehashminer',
  'kdevtmpfsi',
  'kinsing',
]);
/** Words that only pools and miners use: the protocol (stratum), algorithms, and options for a share of the work. */
const WORDS: readonly string[] = [
  'stratum+tcp://',
  'stratum+ssl://',
  'stratum+tls://',
  'stratum1+',
  'stratum2+',
  'daemon+http://',
  '--donate-level',
  '--randomx',
  'randomx',
  'rx/0',
  'rx/wow',
  'cryptonight',
  'cn/r',
  'kawpow',
  'ethash',
  'autolykos',
  '--cpu-max-threads-hint',
  '--nicehash',
  '--coin=',
  '--coin ',
  '--rig-id',
  'argon2/chukwa',
];
/** Names of pools, as parts of names of hosts. */
const POOLS: readonly string[] = [
  'minexmr',
  'supportxmr',
  'nanopool.org',
  'moneroocean',
  'hashvault.pro',
  'xmrpool',
  '2miners.com',
  'f2pool.com',
  'ethermine.org',
  'unmineable',
  'herominers',
  'minergate',
  'nicehash.com',
  'monerohash',
  'c3pool',
  'crypto-pool',
  'dwarfpool',
  'miningpoolhub',
  'poolbinance',
  'viabtc',
  'antpool',
  'slushpool',
  'braiins',
  'flexpool',
  'hiveon',
  'woolypooly',
  'zpool.ca',
  'prohashing',
  'kryptex.network',
];
/** Ports that pools listen on, and few others. */
const POOL_PORTS = new Set([
  3032, 3333, 3334, 3335, 4444, 5555, 5556, 6666, 7777, 8888, 9999, 10032, 10128, 10300, 10343, 14433, 14444, 20535,
  20580, 33333, 45560, 45700,
]);
/** Words of options that name a wallet: long names of letters and digits with the first letters of a coin. */
const WALLET =
  /(?:^|[\s=:])(?:4[0-9AB][1-9A-HJ-NP-Za-km-z]{93}|0x[0-9a-fA-F]{40}|bc1[0-9a-z]{25,60}|t1[0-9A-Za-z]{33})(?:[\s.+/]|$)/;

/** What each sign is worth; from MEDIUM on it is told. */
const WORTH = { name: 4, words: 3, wallet: 2, pool: 4, port: 1, long: 1, place: 1, many: 1 } as const;
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
};

interface Miner {
  readonly process: HostProcessWithParents;
  readonly firstSeenMs: number;
  lastSeenMs: number;
  readonly signs: Map<SignName, string>;
  /** When its connection to a port of pools began, while it lasts. */
  connectedMs: number | undefined;
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

  tick(nowMs: number): void {
    for (const [key, miner] of this.#waiting) {
      const seconds = (nowMs - (miner.connectedMs ?? nowMs)) / 1_000;
      if (seconds < this.#context.settings.longSeconds) continue;
      this.#waiting.delete(key);
      miner.signs.set('long', `${Math.round(seconds)} s`);
      miner.lastSeenMs = Math.max(miner.lastSeenMs, nowMs);
      this.#judge(key, miner);
    }
  }

  #start(process: HostProcessWithParents, timeMs: number): void {
    const signs = commandSigns(process);
    if (signs.length === 0) return;
    this.#note(process, timeMs, signs);
  }

  #connect(event: NetworkConnectionEvent): void {
    const { process, remotePort, remoteAddress, remoteName = '', direction, timeMs } = event;
    if (process === undefined || direction !== 'outbound' || isLoopback(remoteAddress)) return;
    const signs: [SignName, string][] = [];
    const host = remoteName.toLowerCase().slice(0, 255);
    if (POOLS.some((pool) => host.includes(pool))) signs.push(['pool', plainText(host, 120)]);
    const isPort = POOL_PORTS.has(remotePort);
    if (isPort) signs.push(['port', String(remotePort)]);
    if (signs.length === 0) return;
    const miner = this.#note(process, timeMs, [...commandSigns(process), ...signs]);
    if (!isPort || miner.signs.has('long')) return;
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
    if (!isNamed || worth < MEDIUM || signs.size === miner.toldSigns) return;
    if (isInstalling(this.#context.processes.ancestors(process))) return;
    miner.toldSigns = signs.size;
    const severity: Severity = worth >= HIGH ? 'high' : 'medium';
    this.#context.report(
      hostFinding(
        {
          detector: 'crypto-mining',
          kind: 'execution',
          cause: `crypto-mining/${key}`,
          firstSeenMs: miner.firstSeenMs,
          lastSeenMs: miner.lastSeenMs,
          severity,
          confidence: worth >= HIGH ? 0.9 : 0.65,
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
};

function commandSigns(process: HostProcessWithParents): [SignName, string][] {
  const signs: [SignName, string][] = [];
  const name = programName(process.image);
  if (MINERS.has(name)) signs.push(['name', plainText(name, 64)]);
  const command = process.commandLine.slice(0, MAX_COMMAND);
  const lower = command.toLowerCase();
  // Whoever reads or searches text may name such words without meaning them.
  if (!READERS.has(name)) {
    const word = WORDS.find((each) => lower.includes(each));
    if (word !== undefined) signs.push(['words', word]);
    const wallet = WALLET.exec(command)?.[0].trim();
    if (wallet !== undefined && signs.length > 0) signs.push(['wallet', plainText(wallet, 120)]);
    const pool = POOLS.find((each) => lower.includes(each));
    if (pool !== undefined && signs.length > 0) signs.push(['pool', pool]);
    const threads = /(?:--threads|-t)[= ]?(\d{1,4})/.exec(lower)?.[1];
    if (threads !== undefined && Number(threads) > 1 && signs.length > 0) signs.push(['many', threads]);
  }
  return signs;
}

const READERS = new Set([
  'grep',
  'egrep',
  'fgrep',
  'rg',
  'ag',
  'ack',
  'find',
  'less',
  'more',
  'cat',
  'vim',
  'vi',
  'nvim',
  'nano',
  'emacs',
  'code',
  'git',
  'man',
  'apt',
  'apt-get',
  'apt-cache',
  'dpkg',
  'sed',
  'awk',
  'yara',
  'clamscan',
  'strings',
  'openssl',
  'firefox',
  'chrome',
  'pkill',
  'pgrep',
  'killall',
  'locate',
  'which',
]);

export const cryptoMiningBehaviour = defineBehaviour({
  id: 'crypto-mining',
  kinds: ['execution'],
  summary: 'A program computes for a mining pool: its name, its options, its connections and their length add up.',
  techniques: ['T1496.001'],
  settings,
  events: ['process-start', 'process-exit', 'network-connection'],
  memoryBound: '1,024 programs of 3 kB',
  create: (context) => new MiningWatcher(context),
});
