/** The firewall's rules as the kernel has them: how many, and tables whose changes are told (firewall-tables.ts). */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { type FirewallTable, iptablesTables, nftTables } from './firewall-tables.ts';

export interface FirewallState {
  /** "nftables" or "iptables"; undefined where neither tool is there. */
  readonly tool: string | undefined;
  /** Rules; undefined where they could not be read. */
  readonly rules: number | undefined;
  /** Of all tools that could be read. */
  readonly tables: readonly FirewallTable[];
  /** Why not, in plain words; empty when it was read. */
  readonly problem: string;
}

interface ToolRow {
  readonly tool: string;
  readonly paths: readonly string[];
  readonly args: readonly string[];
  /** Undefined where the tool's words make no sense. */
  tables(output: string): readonly FirewallTable[] | undefined;
}

/**
 * nft: as JSON, names and numbers not resolved (-n), without counters (-s), which always change, and without what is in
 * sets (-t), which may be long lists that programs fill. What iptables puts into nftables is among it.
 */
const NFT: ToolRow = {
  tool: 'nftables',
  paths: ['/usr/sbin/nft', '/sbin/nft', '/usr/bin/nft'],
  args: ['-j', '-n', '-s', '-t', 'list', 'ruleset'],
  tables: nftTables,
};
const IPTABLES: ToolRow = {
  tool: 'iptables',
  paths: ['/usr/sbin/iptables-save', '/sbin/iptables-save'],
  args: [],
  tables: iptablesTables,
};
/** iptables as it was before nftables, where the kernel has tables of it. */
const LEGACY: ToolRow = {
  tool: 'iptables',
  paths: ['/usr/sbin/iptables-legacy-save', '/sbin/iptables-legacy-save', ...IPTABLES.paths],
  args: [],
  tables: iptablesTables,
};
const LEGACY_TABLES = '/proc/net/ip_tables_names';

const LIMIT_MS = 5_000;
const MAX_OUTPUT_BYTES = 8 * 1024 * 1024;
const MAX_PROBLEM = 200;
const NO_TOOL: FirewallState = {
  tool: undefined,
  rules: undefined,
  tables: [],
  problem: 'Neither nft nor iptables is installed.',
};

/** Never rejects. Runs programs of the system's, with nothing of anybody's among their arguments. */
export async function readFirewall(): Promise<FirewallState> {
  const states: FirewallState[] = [];
  for (const row of hasLegacyTables() ? [NFT, LEGACY] : [NFT]) states.push(...(await ask(row)));
  if (states.length === 0) states.push(...(await ask(IPTABLES)));
  const read = states.filter(({ rules }) => rules !== undefined);
  const main = read.find(({ rules = 0 }) => rules > 0) ?? read[0] ?? states[0] ?? NO_TOOL;
  // With one of two unread it looks as if its tables were gone.
  if (read.length < states.length) return { ...main, rules: undefined, tables: [], problem: problemOf(states) };
  const rules = read.reduce((sum, state) => sum + (state.rules ?? 0), 0);
  return read.length === 0 ? main : { ...main, rules, tables: read.flatMap(({ tables }) => tables) };
}

function problemOf(states: readonly FirewallState[]): string {
  return states.find(({ problem }) => problem !== '')?.problem ?? '';
}

function hasLegacyTables(): boolean {
  try {
    return readFileSync(LEGACY_TABLES, 'utf8').trim() !== '';
  } catch {
    // Not there, or not for everybody: then the tool could not read them either.
    return false;
  }
}

/** Nothing where the tool is not installed. */
function ask(row: ToolRow): Promise<readonly FirewallState[]> {
  const path = row.paths.find((each) => existsSync(each));
  if (path === undefined) return Promise.resolve([]);
  const options = {
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
    maxBuffer: MAX_OUTPUT_BYTES,
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
  } as const;
  const unread = (problem: string): FirewallState => ({ tool: row.tool, rules: undefined, tables: [], problem });
  return new Promise((resolve) => {
    execFile(path, row.args, options, (error, output, words) => {
      const problem = error === null ? '' : (words || error.message).trim().split('\n', 1)[0];
      const tables = error === null ? row.tables(output) : undefined;
      if (tables === undefined) {
        resolve([unread((problem || `${row.tool} said what makes no sense`).slice(0, MAX_PROBLEM))]);
      } else {
        const rules = tables.reduce((sum, table) => sum + table.rules, 0);
        resolve([{ tool: row.tool, rules, tables, problem: '' }]);
      }
    });
  });
}
