import { BoundedMap } from '../bounded-map.ts';
import type { RemoteAction } from './remote-action.ts';

/** Computers that work on others, and those that each worked on. */
const MAX_SOURCES = 512;
const MAX_TARGETS = 64;
const MAX_ACCOUNTS = 8;

/** What one computer did on another. */
export interface Target {
  readonly address: string;
  readonly firstUs: number;
  lastUs: number;
  readonly services: Set<string>;
  readonly actions: Map<string, RemoteAction>;
  readonly accounts: Set<string>;
  readonly methods: Set<string>;
}

/** A computer that works on others. */
export interface Source {
  readonly address: string;
  readonly firstUs: number;
  /** Of the window at hand. */
  windowUs: number;
  targets: Map<string, Target>;
  /** The most computers that it worked on in an earlier window, and with which it went so far as to start programs. */
  usualTargets: number;
  usualControlled: number;
  /** How it was reached before it began to reach out itself: by whom, with what, and how far that is from the first. */
  cameFrom: { readonly address: string; readonly service: string; readonly depth: number } | undefined;
}

/** Who worked on whom within the window, and what was usual before. */
export class Travels {
  readonly #sources = new BoundedMap<string, Source>(MAX_SOURCES);
  /** How a computer was reached last. */
  readonly #reached = new BoundedMap<
    string,
    { readonly address: string; readonly service: string; readonly timeUs: number }
  >(MAX_SOURCES);
  readonly #windowUs: number;

  constructor(windowUs: number) {
    this.#windowUs = windowUs;
  }

  /** The session, made if need be. */
  visit(
    from: string,
    to: string,
    service: string,
    nowUs: number,
  ): { readonly source: Source; readonly target: Target } {
    const source = this.#source(from, service, nowUs);
    let target = source.targets.get(to);
    if (target === undefined) {
      target = {
        address: to,
        firstUs: nowUs,
        lastUs: nowUs,
        services: new Set(),
        actions: new Map(),
        accounts: new Set(),
        methods: new Set(),
      };
      if (source.targets.size >= MAX_TARGETS) dropIdle(source.targets);
      source.targets.set(to, target);
    }
    target.lastUs = nowUs;
    target.services.add(service);
    return { source, target };
  }

  /** It came in there with the rights to go on: a login to work with, a program started. */
  reach(from: string, to: string, service: string, nowUs: number): void {
    const known = this.#reached.peek(to);
    if (known === undefined || nowUs - known.timeUs > this.#windowUs) {
      this.#reached.set(to, { address: from, service: familyOf(service), timeUs: nowUs });
    }
  }

  peek(from: string): Source | undefined {
    return this.#sources.peek(from);
  }

  clear(): void {
    this.#sources.clear();
    this.#reached.clear();
  }

  #source(address: string, service: string, nowUs: number): Source {
    const source = this.#sources.getOrInsert(address, () => ({
      address,
      firstUs: nowUs,
      windowUs: nowUs,
      targets: new Map(),
      usualTargets: 0,
      usualControlled: 0,
      cameFrom: this.#origin(address, service, nowUs),
    }));
    if (nowUs - source.windowUs > this.#windowUs) {
      source.usualTargets = Math.max(source.usualTargets, source.targets.size);
      source.usualControlled = Math.max(source.usualControlled, controlled(source).length);
      source.targets = new Map();
      source.windowUs = nowUs;
      source.cameFrom = this.#origin(address, service, nowUs);
    }
    return source;
  }

  /** By the same service, a short while ago: whoever came in goes on. */
  #origin(address: string, service: string, nowUs: number): Source['cameFrom'] {
    const reached = this.#reached.peek(address);
    if (reached === undefined || reached.service !== service || nowUs - reached.timeUs > this.#windowUs)
      return undefined;
    const before = this.#sources.peek(reached.address)?.cameFrom;
    return { address: reached.address, service, depth: (before?.depth ?? 0) + 1 };
  }
}

/** File sharing and remote procedure calls of Windows are one way in. */
function familyOf(service: string): string {
  return service === 'rpc' ? 'smb' : service;
}

/** Targets on which programs were started. */
export function controlled(source: Source): Target[] {
  return [...source.targets.values()].filter(isControlled);
}

/** A call of its management alone may be monitoring; with the output of a command on the share it is no longer. */
export function isControlled({ actions }: Target): boolean {
  return (
    [...actions.values()].some((action) => action.isExecution) || (actions.has('management') && actions.has('output'))
  );
}

export function addAccount(target: Target, account: string): void {
  if (account !== '' && target.accounts.size < MAX_ACCOUNTS) target.accounts.add(account);
}

/** Those with which nothing was done but a session go first. */
function dropIdle(targets: Map<string, Target>): void {
  for (const [address, target] of targets) {
    if (target.actions.size > 0) continue;
    targets.delete(address);
    return;
  }
  const [first] = targets.keys();
  if (first !== undefined) targets.delete(first);
}
