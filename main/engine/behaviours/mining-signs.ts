/** What tells a miner of currencies by its name, its options and whom it talks to. */
import type { HostProcess } from '../../../contract/events.ts';
import { plainText } from '../../../contract/text.ts';
import { TextIndex } from '../runtime/text-index.ts';
import { programName } from './programs.ts';

/** Signs of a command line. */
export type CommandSign = 'name' | 'words' | 'wallet' | 'pool' | 'many';

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
/** Words and pools in one index: every program that starts is looked at. */
const SAYINGS: readonly string[] = [...WORDS, ...POOLS];
const SAID = new TextIndex();
for (const saying of SAYINGS) SAID.add(saying);

/** The name of a pool that a name of a host holds. */
export function isPoolHost(host: string): boolean {
  return POOLS.some((pool) => host.includes(pool));
}

/** Ports that pools listen on, and few others. */
export const POOL_PORTS = new Set([
  3032, 3333, 3334, 3335, 4444, 5555, 5556, 6666, 7777, 8888, 9999, 10032, 10128, 10300, 10343, 14433, 14444, 20535,
  20580, 33333, 45560, 45700,
]);
/** Words of options that name a wallet: long names of letters and digits with the first letters of a coin. */
const WALLET =
  /(?:^|[\s=:])(?:4[0-9AB][1-9A-HJ-NP-Za-km-z]{93}|0x[0-9a-fA-F]{40}|bc1[0-9a-z]{25,60}|t1[0-9A-Za-z]{33})(?:[\s.+/]|$)/;

/** What the command line of a program says of it. */
export function commandSigns(process: HostProcess): [CommandSign, string][] {
  const signs: [CommandSign, string][] = [];
  const name = programName(process.image);
  if (MINERS.has(name)) signs.push(['name', plainText(name, 64)]);
  const command = process.commandLine.slice(0, MAX_COMMAND);
  const lower = command.toLowerCase();
  // Whoever reads or searches text may name such words without meaning them.
  if (!READERS.has(name)) {
    const found = SAID.search(lower).map((number) => SAYINGS[number]);
    const word = found.find((each) => !POOLS.includes(each));
    if (word !== undefined) signs.push(['words', word]);
    // What follows is a sign beside others only.
    if (signs.length === 0) return signs;
    const wallet = WALLET.exec(command)?.[0].trim();
    if (wallet !== undefined) signs.push(['wallet', plainText(wallet, 120)]);
    const pool = found.find((each) => POOLS.includes(each));
    if (pool !== undefined) signs.push(['pool', pool]);
    const threads = /(?:--threads|-t)[= ]?(\d{1,4})/.exec(lower)?.[1];
    if (threads !== undefined && Number(threads) > 1) signs.push(['many', threads]);
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
