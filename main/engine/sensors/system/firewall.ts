/** The firewall's rules as the kernel has them: how many, and a digest that says whether they are others. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';

export interface FirewallState {
  /** "nftables" or "iptables"; undefined where neither tool is there. */
  readonly tool: string | undefined;
  /** Rules; undefined where they could not be read. */
  readonly rules: number | undefined;
  readonly digest: string;
  /** Why not, in plain words; empty when it was read. */
  readonly problem: string;
}

interface ToolRow {
  readonly tool: string;
  readonly paths: readonly string[];
  readonly args: readonly string[];
  isRule(line: string): boolean;
}

/** Numbers and names are not resolved (-n), and counters stay out (-s), as they always change. */
const TOOLS: readonly ToolRow[] = [
  {
    tool: 'nftables',
    paths: ['/usr/sbin/nft', '/sbin/nft', '/usr/bin/nft'],
    args: ['-n', '-s', 'list', 'ruleset'],
    isRule: (line) =>
      line !== '' && line !== '}' && !/^(?:table|chain|set|map|type|policy|elements|flags|#)/.test(line),
  },
  {
    tool: 'iptables',
    paths: ['/usr/sbin/iptables-save', '/sbin/iptables-save'],
    args: [],
    isRule: (line) => line.startsWith('-A '),
  },
];

const LIMIT_MS = 5_000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;
const MAX_PROBLEM = 200;
const NO_TOOL: FirewallState = {
  tool: undefined,
  rules: undefined,
  digest: '',
  problem: 'Neither nft nor iptables is installed.',
};

/** Never rejects. Runs one program of the system's, with nothing of anybody's among its arguments. */
export async function readFirewall(): Promise<FirewallState> {
  let state = NO_TOOL;
  for (const row of TOOLS) {
    const path = row.paths.find((each) => existsSync(each));
    if (path === undefined) continue;
    state = await ask(row, path);
    if (state.rules !== undefined && state.rules > 0) return state;
  }
  return state;
}

function ask(row: ToolRow, path: string): Promise<FirewallState> {
  const options = {
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
    maxBuffer: MAX_OUTPUT_BYTES,
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
  } as const;
  return new Promise((resolve) => {
    execFile(path, row.args, options, (error, output, words) => {
      if (error !== null) {
        const problem = (words || error.message).trim().split('\n', 1)[0]?.slice(0, MAX_PROBLEM) ?? '';
        resolve({ tool: row.tool, rules: undefined, digest: '', problem });
      } else {
        resolve({ tool: row.tool, problem: '', ...firewallFacts(output, row.isRule) });
      }
    });
  });
}

/** Comments of iptables-save hold the time; counters in brackets change with every packet. */
export function firewallFacts(
  output: string,
  isRule: (line: string) => boolean,
): { readonly rules: number; readonly digest: string } {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.replace(/ \[\d{1,20}:\d{1,20}\]$/, ''));
  return {
    rules: lines.filter(isRule).length,
    digest: createHash('sha256').update(lines.join('\n')).digest('hex'),
  };
}
