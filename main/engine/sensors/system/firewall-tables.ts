/**
 * The rules of a firewall as tables and chains, and what changed between two looks. Pure.
 *
 * Read are `nft --json list ruleset` (libnftables-json(5)) and `iptables-save`; both are a program's words about what
 * anybody with the right to may have named as he likes, and are bounded.
 */
import { createHash } from 'node:crypto';

/** Chains of one look that are kept apart; a computer of many containers has some hundred. */
const MAX_CHAINS = 4_096;
const MAX_TABLES = 256;
/** The kernel's own bound of such a name is 255 bytes. */
const MAX_NAME = 255;
/** What one look tells of; what is more is the same deed. */
const MAX_CHANGES = 32;

export interface FirewallChain {
  readonly name: string;
  /** "input", "forward", "output", …: where packets come from; left out for chains that others jump to. */
  readonly hook?: string;
  /** What becomes of a packet that no rule decided about. */
  readonly policy?: 'accept' | 'drop';
  readonly rules: number;
}

export interface FirewallTable {
  /** "inet filter", "ip nat", "iptables filter". */
  readonly name: string;
  readonly chains: readonly FirewallChain[];
  readonly rules: number;
  /** The same as long as chains, policies and rules are; counters and the content of sets do not count. */
  readonly digest: string;
}

/** One difference between two looks at a table. */
export interface FirewallChange {
  readonly action: 'flushed' | 'opened' | 'changed';
  readonly table: string;
  /** Of `opened`: the chain that let nothing through unless a rule said so, and its hook. */
  readonly chain?: string;
  readonly hook?: string;
  /** Of the table. */
  readonly rulesBefore: number;
  readonly rulesAfter: number;
}

interface Draft {
  readonly chains: Map<string, { hook?: string; policy?: 'accept' | 'drop'; rules: number }>;
  readonly digest: ReturnType<typeof createHash>;
  rules: number;
}

function draftOf(drafts: Map<string, Draft>, name: string): Draft | undefined {
  const known = drafts.get(name);
  if (known !== undefined || drafts.size >= MAX_TABLES) return known;
  const draft = { chains: new Map(), digest: createHash('sha256'), rules: 0 };
  drafts.set(name, draft);
  return draft;
}

function finished(drafts: ReadonlyMap<string, Draft>): readonly FirewallTable[] {
  return [...drafts].map(([name, { chains, digest, rules }]) => ({
    name,
    rules,
    chains: [...chains].map(([chain, facts]) => ({ name: chain, ...facts })),
    digest: digest.digest('hex'),
  }));
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

function nameOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, MAX_NAME) : '';
}

function policyOf(value: unknown): 'accept' | 'drop' | undefined {
  const word = typeof value === 'string' ? value.toLowerCase() : '';
  return word === 'accept' || word === 'drop' ? word : undefined;
}

/** Tables of `nft --json`; undefined where it is no such list. */
export function nftTables(output: string): readonly FirewallTable[] | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(output);
  } catch {
    return undefined;
  }
  const list = recordOf(parsed)?.nftables;
  if (!Array.isArray(list)) return undefined;
  const drafts = new Map<string, Draft>();
  let chains = 0;
  for (const entry of list) {
    const row = recordOf(entry);
    const table = recordOf(row?.table);
    if (table !== undefined) draftOf(drafts, `${nameOf(table.family)} ${nameOf(table.name)}`);
    const chain = recordOf(row?.chain);
    const rule = recordOf(row?.rule);
    const part = chain ?? rule;
    if (part === undefined) continue;
    const draft = draftOf(drafts, `${nameOf(part.family)} ${nameOf(part.table)}`);
    if (draft === undefined) continue;
    // Handles are counted up: the same rule made anew has another one.
    const { handle: _handle, ...facts } = part;
    draft.digest.update(JSON.stringify(facts));
    if (chain !== undefined && chains < MAX_CHAINS) {
      chains += 1;
      const policy = policyOf(chain.policy);
      const hook = nameOf(chain.hook);
      draft.chains.set(nameOf(chain.name), { ...(hook !== '' && { hook }), ...(policy && { policy }), rules: 0 });
    }
    if (rule === undefined) continue;
    draft.rules += 1;
    const of = draft.chains.get(nameOf(rule.chain));
    if (of !== undefined) of.rules += 1;
  }
  return finished(drafts);
}

/** Tables of `iptables-save`: "*filter", ":INPUT DROP [12:3456]", "-A INPUT -i lo -j ACCEPT". */
export function iptablesTables(output: string): readonly FirewallTable[] {
  const drafts = new Map<string, Draft>();
  let draft: Draft | undefined;
  let chains = 0;
  for (const line of output.split('\n')) {
    if (line.startsWith('*')) draft = draftOf(drafts, `iptables ${line.slice(1, MAX_NAME).trim()}`);
    if (draft === undefined) continue;
    if (line.startsWith(':')) {
      const [name = '', word] = line.slice(1).split(' ', 2);
      draft.digest.update(`${name} ${word}\n`);
      if (chains >= MAX_CHAINS) continue;
      chains += 1;
      // Those of the kernel are written in capitals, and nobody else's have a policy.
      const policy = policyOf(word);
      draft.chains.set(name.slice(0, MAX_NAME), { ...(policy && { policy, hook: name.toLowerCase() }), rules: 0 });
    } else if (line.startsWith('-A ')) {
      draft.digest.update(`${line}\n`);
      draft.rules += 1;
      const of = draft.chains.get(line.slice(3).split(' ', 1)[0] ?? '');
      if (of !== undefined) of.rules += 1;
    }
  }
  return finished(drafts);
}

/** What happened between two looks, the tables in their order, those that opened something before others of theirs. */
export function firewallChanges(
  before: readonly FirewallTable[],
  after: readonly FirewallTable[],
): readonly FirewallChange[] {
  const changes: FirewallChange[] = [];
  const now = new Map(after.map((table) => [table.name, table]));
  for (const old of before) {
    const table = now.get(old.name);
    now.delete(old.name);
    if (table?.digest === old.digest) continue;
    const counts = { table: old.name, rulesBefore: old.rules, rulesAfter: table?.rules ?? 0 };
    const open = openedChains(old, table);
    for (const { name, hook } of open) {
      changes.push({ action: 'opened', ...counts, chain: name, ...(hook !== undefined && { hook }) });
    }
    if (old.rules > 0 && counts.rulesAfter === 0) changes.push({ action: 'flushed', ...counts });
    else if (open.length === 0) changes.push({ action: 'changed', ...counts });
  }
  for (const table of now.values()) {
    changes.push({ action: 'changed', table: table.name, rulesBefore: 0, rulesAfter: table.rules });
  }
  return changes.slice(0, MAX_CHANGES);
}

/** Chains that dropped what no rule allowed, and accept it now or are gone. */
function openedChains(before: FirewallTable, after: FirewallTable | undefined): readonly FirewallChain[] {
  const now = new Map(after?.chains.map((chain) => [chain.name, chain]));
  return before.chains.filter(({ name, policy }) => policy === 'drop' && now.get(name)?.policy !== 'drop');
}
