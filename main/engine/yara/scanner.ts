/** Content against rules. */
import type { Rules, Scanner } from '@virustotal/yara-x';
import { messageOf } from '../runtime/failure.ts';
import { type CompiledYara, type FileVariable, ruleKey } from './compile.ts';
import type { YaraRuleFacts } from './rule-list.ts';

/** A rule that fits, and where. */
export interface YaraHit {
  readonly rule: YaraRuleFacts;
  /** Patterns that were found, with the place of the first: "$magic at 0". */
  readonly patterns: readonly string[];
}

export interface ScanVerdict {
  readonly hits: readonly YaraHit[];
  /** Why it was not looked at to the end; empty where it was. */
  readonly failure: string;
}

/** What the file is called, for rules that ask; content out of archives has the name it has there. */
export type FileNames = Readonly<Partial<Record<FileVariable, string>>>;

/** yara-x itself failed: nothing that it says in this thread counts any more. */
export class YaraFailure extends Error {}

const MAX_MATCHES_PER_PATTERN = 4;
const MAX_PATTERNS_TOLD = 16;

/** As yara-x gives it; see its README, "Scan Results Structure". */
interface RawMatch {
  readonly identifier: string;
  readonly namespace: string;
  readonly isPrivate: boolean;
  readonly patterns: readonly {
    readonly identifier: string;
    readonly isPrivate: boolean;
    readonly matches: readonly { readonly offset: number }[];
  }[];
}

/**
 * Rules ready to be asked, one content after the other. `close` gives their memory back, but for what yara-x 1.20 keeps
 * as long as its thread lives: see `wear`.
 */
export class YaraScanner {
  readonly #compiled: CompiledYara;
  readonly #rules: Rules;
  readonly #scanner: Scanner;
  /** What the rules were told of the last file. */
  readonly #told = new Map<FileVariable, string>();
  #wear = 0;
  #largestBytes = 0;

  /** @param timeoutMs longest time for one content; rules can be written to take forever */
  constructor(compiled: CompiledYara, timeoutMs: number) {
    this.#compiled = compiled;
    this.#rules = compiled.rules;
    this.#scanner = this.#rules.scanner();
    this.#scanner.setTimeoutMs(timeoutMs);
    this.#scanner.setMaxMatchesPerPattern(MAX_MATCHES_PER_PATTERN);
  }

  /**
   * How often yara-x has made a WebAssembly memory, which it never lets go: once a scan, and once for each variable that
   * is set. Some 16,000 of them fill the address space of the process, and then every scan fails.
   */
  get wear(): number {
    return this.#wear;
  }

  /** Of what it was asked about: so much of its memory is content, and stays so. */
  get largestBytes(): number {
    return this.#largestBytes;
  }

  /** @throws YaraFailure */
  scan(content: Uint8Array, names: FileNames): ScanVerdict {
    try {
      for (const name of this.#compiled.variables) this.#tell(name, names[name] ?? '');
      this.#wear += 1;
      this.#largestBytes = Math.max(this.#largestBytes, content.length);
      const { matches } = this.#scanner.scan(content) as { readonly matches: readonly RawMatch[] };
      return {
        hits: matches.filter(({ isPrivate }) => !isPrivate).flatMap((match) => this.#hitOf(match)),
        failure: '',
      };
    } catch (error) {
      if (isTrap(error)) throw new YaraFailure(messageOf(error));
      return { hits: [], failure: messageOf(error) };
    }
  }

  close(): void {
    this.#scanner.free();
    this.#rules.free();
  }

  #tell(name: FileVariable, value: string): void {
    if ((this.#told.get(name) ?? '') === value) return;
    this.#wear += 1;
    this.#scanner.setGlobal(name, value);
    this.#told.set(name, value);
  }

  #hitOf({ namespace, identifier, patterns }: RawMatch): YaraHit[] {
    const rule = this.#compiled.facts.get(ruleKey(namespace, identifier));
    if (rule === undefined) return [];
    const found = patterns.filter(({ isPrivate, matches }) => !isPrivate && matches.length > 0);
    const told = found
      .slice(0, MAX_PATTERNS_TOLD)
      .map(({ identifier: name, matches }) => `${name} at ${matches[0]!.offset}`);
    return [{ rule, patterns: told }];
  }
}

/** What WebAssembly ends with, and no mistake that yara-x tells of. */
function isTrap(error: unknown): boolean {
  return error instanceof Error && error.name === 'RuntimeError';
}
