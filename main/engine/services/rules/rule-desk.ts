/** The rules that are in force, and the one place where they change. */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { RULE_ENGINES, type RuleEngine, type RuleProblemRow, type RuleRow } from '../../../../contract/api-rules.ts';
import type { HealthEntry } from '../../../../contract/domain.ts';
import { importedRules, OWN_RULES } from '../../rules/index.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { FailureError, messageOf } from '../../runtime/failure.ts';
import { readTrustedFiles } from '../../runtime/rule-files.ts';
import { assertTakenName, removeTakenFile, type TakenFiles, writeTakenFile } from '../../runtime/taken-files.ts';
import { workerEnvironment } from '../../runtime/worker-environment.ts';
import type { JournalInput } from '../../store/index.ts';
import { importedYaraRules, OWN_YARA_RULES } from '../../yara/index.ts';
import type { RuleHits } from '../host/host-messages.ts';
import type { ReadRule, ReadRuleList, RuleReading } from './rule-reading.ts';

/** What rules have done and which are off, kept over restarts: one text for each engine. */
export interface RuleMemory {
  mark(name: string): string | undefined;
  setMark(name: string, text: string): void;
}

export interface RuleDeskOptions {
  readonly dataDirectory: string;
  /** Effective user; root is pickier about files. */
  readonly userId: number;
  readonly clock: Clock;
  readonly memory: () => RuleMemory;
  readonly journal: (entry: JournalInput) => void;
  /** Other rules are to be in force: read them again, without those that are off. */
  readonly onChange: (engine: RuleEngine) => void;
  /** Why rules of an engine are not at work; empty where they are. */
  readonly limits: () => string;
}

export interface RulePiece {
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly isLast: boolean;
}

interface Hits {
  count: number;
  lastMs: number;
}

const MAX_FILE_BYTES = 16 * 2 ** 20;
const MAX_FILES = 5_000;
/** Files that are being sent; whoever goes away in the middle makes room for the next. */
const MAX_UPLOADS = 2;
/** Rules whose hits are remembered; beyond it those that hit longest ago are forgotten. */
const MAX_COUNTED = 5_000;
const MAX_DISABLED = 20_000;
const SAVE_MS = 10_000;
/** All rules take some seconds; a text can be written to take for ever. */
const LONGEST_READING_MS = 60_000;
/** Texts that wait to be checked: whoever may only look at Holdfast can ask for it. */
const MAX_CHECKS = 8;
const ENDINGS: Readonly<Record<RuleEngine, readonly string[]>> = {
  sigma: ['.yml', '.yaml'],
  yara: ['.yar', '.yara'],
};

/** Lists, switches, takes in and removes rules. What changed is at work at once. */
export class RuleDesk {
  readonly #options: RuleDeskOptions;
  readonly #disabled = new Map<RuleEngine, Set<string>>();
  readonly #hits = new Map<string, Hits>();
  readonly #uploads = new Map<string, { readonly pieces: Uint8Array[]; bytes: number }>();
  #read: Promise<ReadRuleList> | undefined;
  #checks = 0;
  /** The check before. */
  #checked: Promise<void> = Promise.resolve();
  #isDirty = false;
  #stopSaving: (() => void) | undefined;

  constructor(options: RuleDeskOptions) {
    this.#options = options;
  }

  /** After the store is open. */
  start(): void {
    const memory = this.#options.memory();
    for (const engine of RULE_ENGINES) this.#disabled.set(engine, new Set(textsOf(memory.mark(disabledMark(engine)))));
    for (const [key, count, lastMs] of hitsOf(memory.mark(HITS_MARK))) this.#hits.set(key, { count, lastMs });
    const timer = this.#options.clock.every(SAVE_MS, () => this.#save());
    this.#stopSaving = () => timer.cancel();
  }

  stop(): void {
    this.#stopSaving?.();
    this.#save();
  }

  disabled(engine: RuleEngine): readonly string[] {
    return [...(this.#disabled.get(engine) ?? [])];
  }

  isEnabled(engine: RuleEngine, id: string): boolean {
    return !(this.#disabled.get(engine)?.has(id) ?? false);
  }

  /** Sigma rules matched. */
  takeHits(hits: readonly RuleHits[]): void {
    for (const { ruleId, count, lastMs } of hits) this.count('sigma', ruleId, count, lastMs);
  }

  count(engine: RuleEngine, id: string, count: number, lastMs: number): void {
    const key = `${engine} ${id}`;
    const known = this.#hits.get(key);
    this.#hits.delete(key);
    this.#hits.set(key, { count: (known?.count ?? 0) + count, lastMs: Math.max(lastMs, known?.lastMs ?? 0) });
    if (this.#hits.size > MAX_COUNTED) this.#hits.delete(this.#hits.keys().next().value!);
    this.#isDirty = true;
  }

  async list(): Promise<{ rules: RuleRow[]; problems: readonly RuleProblemRow[]; limits: string }> {
    const { rules, problems } = await this.#rules();
    return { rules: rules.map((rule) => this.#rowOf(rule)), problems, limits: this.#options.limits() };
  }

  /** @throws FailureError `no-such-rule`, `not-readable` */
  async text(engine: RuleEngine, id: string): Promise<{ file: string; text: string }> {
    const { file, isOwn } = await this.#rule(engine, id);
    const path = join(this.#folder(engine, isOwn), file);
    const userId = isOwn ? ANY_OWNER : this.#options.userId;
    const { files, problems } = readTrustedFiles([path], { name: /./, maxBytes: MAX_FILE_BYTES, userId });
    const [read] = files;
    if (read !== undefined) return { file, text: read.text };
    const hint = '"holdfast rules list" reads the rules again.';
    throw new FailureError({ code: 'not-readable', message: `${file}: ${problems[0]?.reason ?? ''}`, hint });
  }

  /** @throws FailureError `no-such-rule` */
  async enable(engine: RuleEngine, id: string, isEnabled: boolean, actor: string): Promise<void> {
    const disabled = this.#disabled.get(engine) ?? new Set();
    // A rule that is gone can still be switched on again, which forgets that it was off.
    if (!disabled.has(id)) await this.#rule(engine, id);
    if (disabled.has(id) !== isEnabled) return;
    if (isEnabled) disabled.delete(id);
    else if (disabled.size < MAX_DISABLED) disabled.add(id);
    this.#options.memory().setMark(disabledMark(engine), JSON.stringify([...disabled]));
    this.#options.journal({
      actor,
      action: isEnabled ? 'rule-enabled' : 'rule-disabled',
      subject: id,
      detail: { engine },
    });
    this.#options.onChange(engine);
  }

  /** One text at a time. @throws FailureError `too-many-checks`, `rules-not-read` */
  async check(engine: RuleEngine, text: string): Promise<{ rules: number; problems: readonly RuleProblemRow[] }> {
    if (this.#checks >= MAX_CHECKS) {
      const message = 'Too many texts wait to be checked.';
      throw new FailureError({ code: 'too-many-checks', message, hint: 'Try again in a moment.' });
    }
    this.#checks++;
    const checked = this.#checked.then(() => readInThread({ kind: 'text', engine, name: 'text', text }));
    this.#checked = checked.then(
      () => {},
      () => {},
    );
    try {
      const { rules, problems } = await checked;
      return { rules: rules.length, problems };
    } finally {
      this.#checks--;
    }
  }

  /** @throws FailureError `wrong-offset`, `rules-too-large`, `no-rule`, and what a name or the disk refuses */
  async importPiece(engine: RuleEngine, name: string, piece: RulePiece, actor: string) {
    const { offset, bytes, isLast } = piece;
    assertTakenName(name, this.#files(engine));
    const key = `${engine} ${name}`;
    if (offset === 0) this.#beginUpload(key);
    const upload = this.#uploads.get(key);
    if (upload === undefined || upload.bytes !== offset) {
      const hint = 'Send the file from its beginning, one piece after the other.';
      throw new FailureError({ code: 'wrong-offset', message: 'This piece does not follow the one before.', hint });
    }
    if (upload.bytes + bytes.length > MAX_FILE_BYTES) {
      this.#uploads.delete(key);
      const message = `This file is larger than ${MAX_FILE_BYTES / 2 ** 20} MiB, the most that is read.`;
      throw new FailureError({ code: 'rules-too-large', message, hint: 'Split it.' });
    }
    upload.pieces.push(bytes);
    upload.bytes += bytes.length;
    if (!isLast) return { receivedBytes: upload.bytes, loaded: null };
    this.#uploads.delete(key);
    const loaded = await this.#take(engine, name, Buffer.concat(upload.pieces).toString('utf8'), actor);
    return { receivedBytes: upload.bytes, loaded };
  }

  /** @throws FailureError `no-such-file`, `bad-name` */
  remove(engine: RuleEngine, name: string, actor: string): void {
    removeTakenFile(this.#files(engine), name);
    this.#options.journal({ actor, action: 'rules-removed', subject: name, detail: { engine } });
    this.#changed(engine);
  }

  async reload(actor: string): Promise<{ rules: number; problems: number }> {
    for (const engine of RULE_ENGINES) this.#changed(engine);
    const { rules, problems } = await this.#rules();
    this.#options.journal({ actor, action: 'rules-reloaded', subject: 'all', detail: { rules: rules.length } });
    return { rules: rules.length, problems: problems.length };
  }

  async #take(engine: RuleEngine, name: string, text: string, actor: string) {
    const { rules, problems } = await readInThread({ kind: 'text', engine, name, text });
    if (rules.length === 0) {
      const [first] = problems;
      const message = first === undefined ? 'There is no rule in it.' : `Line ${first.line}: ${first.reason}`;
      const hint = engine === 'sigma' ? 'A file of rules in Sigma, in YAML.' : 'A file of rules in YARA.';
      throw new FailureError({ code: 'no-rule', message, hint });
    }
    writeTakenFile(this.#files(engine), name, text);
    const detail = { engine, rules: rules.length, problems: problems.length };
    this.#options.journal({ actor, action: 'rules-imported', subject: name, detail });
    this.#changed(engine);
    return { rules: rules.length, problems };
  }

  #changed(engine: RuleEngine): void {
    this.#read = undefined;
    this.#options.onChange(engine);
  }

  #rules(): Promise<ReadRuleList> {
    if (this.#read !== undefined) return this.#read;
    const { dataDirectory, userId } = this.#options;
    const read = readInThread({ kind: 'all', dataDirectory, userId });
    this.#read = read;
    read.catch(() => {
      if (this.#read === read) this.#read = undefined;
    });
    return read;
  }

  async #rule(engine: RuleEngine, id: string): Promise<ReadRule> {
    const { rules } = await this.#rules();
    const rule = rules.find((each) => each.engine === engine && each.id === id);
    if (rule !== undefined) return rule;
    const hint = '"holdfast rules list --json" has their ids.';
    throw new FailureError({ code: 'no-such-rule', message: 'There is no rule of that id.', hint });
  }

  #rowOf(rule: ReadRule): RuleRow {
    const hits = this.#hits.get(`${rule.engine} ${rule.id}`);
    return {
      ...rule,
      isEnabled: this.isEnabled(rule.engine, rule.id),
      hits: hits?.count ?? 0,
      lastHitMs: hits?.lastMs ?? null,
    };
  }

  #folder(engine: RuleEngine, isOwn: boolean): string {
    if (isOwn) return engine === 'sigma' ? OWN_RULES : OWN_YARA_RULES;
    const { dataDirectory } = this.#options;
    return engine === 'sigma' ? importedRules(dataDirectory) : importedYaraRules(dataDirectory);
  }

  #files(engine: RuleEngine): TakenFiles {
    return { directory: this.#folder(engine, false), endings: ENDINGS[engine], most: MAX_FILES };
  }

  #beginUpload(key: string): void {
    this.#uploads.delete(key);
    const [oldest] = this.#uploads.keys();
    if (this.#uploads.size >= MAX_UPLOADS && oldest !== undefined) this.#uploads.delete(oldest);
    this.#uploads.set(key, { pieces: [], bytes: 0 });
  }

  #save(): void {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    const rows = [...this.#hits].map(([key, { count, lastMs }]) => [key, count, lastMs]);
    this.#options.memory().setMark(HITS_MARK, JSON.stringify(rows));
  }
}

/** Why rules are not at work, for people; empty where all are. */
export function ruleLimits(entries: readonly HealthEntry[]): string {
  const [host, scanner] = ['host', 'scanner'].map((name) => entries.find(({ part }) => part === name));
  return [
    ...(host === undefined || host.state === 'ok' ? [] : [`Sigma: ${host.detail}`]),
    ...(scanner?.state === 'off' || scanner?.state === 'failed' ? [`YARA: ${scanner.detail}`] : []),
  ].join(' ');
}

/** What can be done with rules where no engine runs. */
export type LocalRules = Pick<RuleDesk, 'importPiece' | 'remove'>;

/** Takes rules in and removes them in the folder; the next engine has them in force. */
export function openLocalRules(dataDirectory: string): LocalRules {
  return new RuleDesk({
    dataDirectory,
    userId: process.geteuid?.() ?? 0,
    clock: systemClock,
    memory: () => ({ mark: () => undefined, setMark: () => {} }),
    journal: () => {},
    onChange: () => {},
    limits: () => '',
  });
}

const ANY_OWNER = -1;
const HITS_MARK = 'rule-hits';
const READ_HINT = 'Try it again; the rules in force are as they were.';

function disabledMark(engine: RuleEngine): string {
  return `rules-off-${engine}`;
}

/** What is not as it was written counts as nothing. */
function textsOf(json: string | undefined): readonly string[] {
  const value = parsed(json);
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];
}

function hitsOf(json: string | undefined): readonly (readonly [string, number, number])[] {
  const value = parsed(json);
  if (!Array.isArray(value)) return [];
  return value.filter(
    (row): row is [string, number, number] =>
      Array.isArray(row) && typeof row[0] === 'string' && Number.isFinite(row[1]) && Number.isFinite(row[2]),
  );
}

function parsed(json: string | undefined): unknown {
  try {
    return json === undefined ? undefined : JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** Reading thousands of rules takes a second or more, which the engine does not have. @throws FailureError */
function readInThread(reading: RuleReading): Promise<ReadRuleList> {
  return new Promise((resolve, reject) => {
    const fail = (detail: string): void => {
      reject(
        new FailureError({
          code: 'rules-not-read',
          message: `The rules could not be read: ${detail}.`,
          hint: READ_HINT,
        }),
      );
    };
    const worker = new Worker(new URL('./rule-reading-worker.ts', import.meta.url), {
      workerData: reading,
      env: workerEnvironment(),
    });
    const late = setTimeout(() => {
      fail(`it took longer than ${LONGEST_READING_MS / 1_000} s`);
      void worker.terminate();
    }, LONGEST_READING_MS);
    worker.on('message', resolve);
    worker.on('error', (error) => fail(messageOf(error)));
    worker.on('exit', () => {
      clearTimeout(late);
      fail('its thread ended');
    });
  });
}
