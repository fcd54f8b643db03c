import { dirname, resolve } from 'node:path';
import type { IndicatorListEntry } from '../../../../contract/api-indicators.ts';
import { formatCount } from '../../../../contract/format.ts';
import type { Indicator } from '../../../../contract/indicators.ts';
import {
  BUILT_IN_TABLE,
  type CompiledIndicators,
  checkValue,
  type IndicatorSettings,
  IndicatorTable,
  indicatorSettings,
  indicatorsDirectory,
  type LoadedIndicators,
  listFiles,
  loadIndicators,
  removeOwnList,
  tryList,
  writeOwnList,
} from '../../indicators/index.ts';
import { ANALYSIS_HASH_SEED } from '../../runtime/address.ts';
import type { Config } from '../../runtime/config.ts';
import { FailureError, failureOf } from '../../runtime/failure.ts';
import type { HealthPart, HealthRegistry } from '../../runtime/health.ts';
import type { JournalInput } from '../../store/index.ts';

export interface IndicatorDeskOptions {
  /** Of the lists that were taken in; need not exist. */
  readonly directory: string;
  readonly settings: () => IndicatorSettings;
  /** Of the table: random live. */
  readonly seed: number;
  /** Effective user; root is pickier about files. */
  readonly userId: number;
  /** Left out where there is no engine. */
  readonly health?: HealthRegistry;
  readonly journal?: (entry: JournalInput) => void;
  /** The table is another one now. */
  readonly onChange?: () => Promise<void> | void;
}

export interface ListPiece {
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly isLast: boolean;
}

const MEBIBYTE = 1024 * 1024;
/** Lists that are being sent; whoever goes away in the middle makes room for the next. */
const MAX_UPLOADS = 2;
const LIST_HINT = '"holdfast indicators list" says which, and why.';

/** The lists of indicators that are in force, and the one place where they change. */
export class IndicatorDesk {
  readonly #options: IndicatorDeskOptions;
  readonly #health: HealthPart | undefined;
  #loaded: LoadedIndicators = { compiled: BUILT_IN_TABLE, lists: [] };
  #table = new IndicatorTable(BUILT_IN_TABLE);
  readonly #uploads = new Map<string, { readonly pieces: Uint8Array[]; bytes: number }>();

  constructor(options: IndicatorDeskOptions) {
    this.#options = options;
    this.#health = options.health?.part('indicators', () => ({ indicators: this.size }));
  }

  /** For detectors, also in other threads. */
  get compiled(): CompiledIndicators {
    return this.#loaded.compiled;
  }

  get size(): number {
    return this.#loaded.compiled.size;
  }

  /** Reads all lists. What cannot be read is told in `lists` and in Health, and keeps nothing else up. */
  load(): void {
    const { directory, settings, seed, userId } = this.#options;
    const values = settings();
    let own: readonly string[] = [];
    let trouble = '';
    try {
      own = listFiles(directory);
    } catch (error) {
      trouble = failureOf(error, 'list-not-readable', LIST_HINT).message;
    }
    this.#loaded = loadIndicators([...own, ...values.files], values, seed, userId);
    this.#table = new IndicatorTable(this.#loaded.compiled);
    this.#tell(trouble);
  }

  /** The built-in one first. */
  lists(): IndicatorListEntry[] {
    const { directory } = this.#options;
    return this.#loaded.lists.map((list) => ({ ...list, isOwn: list.path !== '' && dirname(list.path) === directory }));
  }

  check(value: string): readonly Indicator[] {
    return checkValue(this.#table, value);
  }

  /** What the lists know of a file by its hash. */
  hash(type: 'sha256' | 'sha1' | 'md5', value: string): Indicator | undefined {
    return this.#table.hash(type, value);
  }

  /** @throws FailureError `wrong-offset`, `list-too-large`, and those of `importText` */
  async importPiece(
    name: string,
    { offset, bytes, isLast }: ListPiece,
    actor: string,
  ): Promise<{ receivedBytes: number; list: IndicatorListEntry | null }> {
    if (offset === 0) this.#beginUpload(name);
    const upload = this.#uploads.get(name);
    if (upload === undefined || upload.bytes !== offset) {
      const hint = 'Send the list from its beginning, one piece after the other.';
      throw new FailureError({ code: 'wrong-offset', message: 'This piece does not follow the one before.', hint });
    }
    try {
      this.#assertSize(upload.bytes + bytes.length);
    } catch (error) {
      this.#uploads.delete(name);
      throw error;
    }
    if (bytes.length > 0) upload.pieces.push(bytes);
    upload.bytes += bytes.length;
    if (!isLast) return { receivedBytes: upload.bytes, list: null };
    this.#uploads.delete(name);
    const list = await this.importText(name, Buffer.concat(upload.pieces).toString('utf8'), actor);
    return { receivedBytes: upload.bytes, list };
  }

  /** @throws FailureError `list-too-large`, `no-indicators`, `bad-list-name`, `too-many-lists`, `list-not-written` */
  async importText(name: string, text: string, actor: string): Promise<IndicatorListEntry> {
    // As it will stand in the file: what is no UTF-8 becomes longer.
    this.#assertSize(Buffer.byteLength(text));
    const { entries, invalid } = tryList(text);
    if (entries === 0) {
      const message = `There is no indicator in it${invalid > 0 ? `; ${formatCount(invalid, 'line')} could not be read` : ''}.`;
      const hint =
        'One value a line, CSV with the columns type, value and label, a hosts file, or a bundle of STIX 2.1.';
      throw new FailureError({ code: 'no-indicators', message, hint });
    }
    const { directory, journal } = this.#options;
    writeOwnList(directory, name, text);
    journal?.({ actor, action: 'indicators-imported', subject: name, detail: { entries, invalid } });
    await this.reload();
    const list = this.lists().find((each) => each.isOwn && each.name === name);
    if (list === undefined) throw new Error(`the list ${name} was written and is not there`);
    return list;
  }

  /** @throws FailureError `no-such-list`, `bad-list-name` */
  async remove(name: string, actor: string): Promise<void> {
    const { directory, journal } = this.#options;
    removeOwnList(directory, name);
    journal?.({ actor, action: 'indicators-removed', subject: name });
    await this.reload();
  }

  /** Reads all lists again and puts them in force. @param actor who asked for it, where somebody did */
  async reload(actor?: string): Promise<void> {
    this.load();
    if (actor !== undefined) {
      this.#options.journal?.({ actor, action: 'indicators-reloaded', subject: 'all', detail: { size: this.size } });
    }
    await this.#options.onChange?.();
  }

  #assertSize(bytes: number): void {
    const limit = this.#options.settings().maximumMebibytes;
    if (bytes <= limit * MEBIBYTE) return;
    const message = `This list is larger than ${limit} MiB, the most that is read.`;
    const hint = 'Raise indicators.maximumMebibytes, or split it.';
    throw new FailureError({ code: 'list-too-large', message, hint });
  }

  #beginUpload(name: string): void {
    this.#uploads.delete(name);
    const [oldest] = this.#uploads.keys();
    if (this.#uploads.size >= MAX_UPLOADS && oldest !== undefined) this.#uploads.delete(oldest);
    this.#uploads.set(name, { pieces: [], bytes: 0 });
  }

  #tell(trouble: string): void {
    const { lists } = this.#loaded;
    const unread = lists.filter(({ failure }) => failure !== null).length;
    const invalid = lists.reduce((sum, list) => sum + list.invalid, 0);
    const left = lists.reduce((sum, list) => sum + list.left, 0);
    const parts = [
      `Comparing with ${formatCount(this.size, 'indicator')} of ${formatCount(lists.length - unread, 'list')}.`,
      invalid > 0 ? `${formatCount(invalid, 'line')} could not be read.` : '',
      left > 0 ? `${formatCount(left, 'indicator')} had to be left out.` : '',
      unread > 0 ? `${formatCount(unread, 'list')} could not be read.` : '',
      trouble,
    ];
    const detail = parts.filter((part) => part !== '').join(' ');
    if (unread > 0 || left > 0 || trouble !== '') this.#health?.degraded(detail, LIST_HINT);
    else this.#health?.ok(detail);
  }
}

/** See index.ts of the engine. */
export function openLocalIndicators(dataDirectory: string, config: Config, files: readonly string[]): IndicatorDesk {
  const settings = config.section('indicators', indicatorSettings);
  const named = files.map((file) => resolve(file));
  const desk = new IndicatorDesk({
    directory: indicatorsDirectory(dataDirectory),
    settings: () => ({ ...settings, files: [...settings.files, ...named] }),
    // What is said of a capture is the same every time.
    seed: ANALYSIS_HASH_SEED,
    userId: process.geteuid?.() ?? 0,
  });
  desk.load();
  const unread = desk.lists().find(({ path, failure }) => failure !== null && named.includes(path));
  if (unread?.failure) throw new FailureError(unread.failure);
  return desk;
}
