import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { Failure } from '../../../contract/domain.ts';
import type { ShellHandlers } from '../../../contract/shell-api.ts';
import type { UpdateState } from '../../../contract/shell-schemas.ts';
import { plainText } from '../../../contract/text.ts';
import { type Decision, decideUpdate, recallOf } from './decide.ts';
import { UpdateError } from './failure.ts';
import type { Installer, Package } from './installer.ts';
import {
  assertInTime,
  type Channel,
  MAX_MANIFEST_BYTES,
  openManifest,
  type ReleaseManifest,
  type TrustedKeys,
} from './manifest.ts';
import type { MemoryFile } from './memory.ts';

export interface UpdateManagerOptions {
  readonly currentVersion: string;
  /** Where lists and packages are, ending in "/"; undefined: this build names no place. */
  readonly feed: URL | undefined;
  readonly keys: TrustedKeys;
  readonly channel: () => Channel;
  /** Whether to fetch what is on offer without being asked. */
  readonly isAutomatic: () => boolean;
  readonly memory: MemoryFile;
  /** Undefined where this copy cannot replace itself; `whyNot` says why. */
  readonly installer: Installer | undefined;
  readonly whyNot: string;
  readonly fetch: typeof fetch;
  readonly now: () => number;
  readonly log: (level: 'info' | 'warn' | 'error', message: string) => void;
  /** Resolves when the engine answers; rejects, or never resolves, when it does not. */
  readonly engineAnswers: () => Promise<void>;
}

/** A list is small; a server that takes longer has other troubles. */
const FETCH_TIMEOUT_MS = 20_000;
const FIRST_CHECK_MS = 60_000;
const CHECK_INTERVAL_MS = 6 * 3_600_000;
const MS_PER_HOUR = 3_600_000;
/** How long the engine may take to answer after an update before that is called a failure. */
const HEALTHY_WITHIN_MS = 60_000;

/** Looks for updates, fetches and installs them, and says how it goes. */
export class UpdateManager {
  readonly #options: UpdateManagerOptions;
  readonly #listeners = new Set<(state: UpdateState) => void>();
  #state: UpdateState;
  #offer: Package | undefined;
  #manifest: ReleaseManifest | undefined;
  #file: string | undefined;
  #busy: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: UpdateManagerOptions) {
    this.#options = options;
    const whyNot = whyUnsupported(options);
    this.#state = {
      state: whyNot === undefined ? 'idle' : 'unsupported',
      current: options.currentVersion,
      version: null,
      notes: '',
      progress: null,
      checkedMs: options.memory.value.checkedMs,
      postponedUntilMs: null,
      failure: whyNot ?? null,
      lastUpdate: null,
    };
  }

  get state(): UpdateState {
    return this.#state;
  }

  /** The rows of the shell's table that are about updates. */
  readonly handlers: Pick<
    ShellHandlers,
    | 'shell.updates.watch'
    | 'shell.updates.check'
    | 'shell.updates.download'
    | 'shell.updates.install'
    | 'shell.updates.postpone'
  > = {
    'shell.updates.watch': (_input, emit) => this.watch(emit),
    'shell.updates.check': async () => {
      await this.check();
      return {};
    },
    'shell.updates.download': async () => {
      await this.download();
      return {};
    },
    'shell.updates.install': async () => {
      await this.install();
      return {};
    },
    'shell.updates.postpone': ({ hours }) => {
      this.postpone(hours);
      return {};
    },
  };

  watch(listener: (state: UpdateState) => void): () => void {
    this.#listeners.add(listener);
    listener(this.#state);
    return () => this.#listeners.delete(listener);
  }

  /** Tells how the last update went, and begins to look for the next one from time to time. */
  start(): void {
    void this.#judgeLastUpdate();
    if (this.#state.state === 'unsupported') return;
    this.#timer = setTimeout(() => this.#checkAgain(), FIRST_CHECK_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** Never throws: how it went is in the state. */
  check(): Promise<void> {
    return this.#exclusive('checking', () => this.#check());
  }

  download(): Promise<void> {
    return this.#exclusive('downloading', () => this.#download());
  }

  install(): Promise<void> {
    return this.#exclusive('installing', () => this.#install());
  }

  postpone(hours: number): void {
    const version = this.#state.version;
    if (version === null) return;
    const untilMs = this.#options.now() + hours * MS_PER_HOUR;
    this.#options.memory.change({ postponed: { version, untilMs } });
    this.#change({ postponedUntilMs: untilMs });
  }

  #checkAgain(): void {
    void this.check().then(() => {
      if (this.#state.state === 'available' && this.#options.isAutomatic()) return this.download();
    });
    this.#timer = setTimeout(() => this.#checkAgain(), CHECK_INTERVAL_MS);
    this.#timer.unref();
  }

  /** One thing at a time; a second wish joins the first. */
  #exclusive(state: UpdateState['state'], work: () => Promise<void>): Promise<void> {
    if (this.#state.state === 'unsupported') return Promise.resolve();
    this.#busy ??= (async () => {
      this.#change({ state, failure: null });
      try {
        await work();
      } catch (error) {
        this.#failed(error);
      } finally {
        this.#busy = undefined;
      }
    })();
    return this.#busy;
  }

  async #check(): Promise<void> {
    const { memory, currentVersion, installer, now } = this.#options;
    const manifest = await this.#fetchManifest();
    const decision: Decision = decideUpdate(manifest, currentVersion, memory.value, (installer as Installer).host);
    const checkedMs = now();
    memory.change({
      checkedMs,
      sequences: { ...memory.value.sequences, [manifest.channel]: manifest.sequence },
    });
    this.#manifest = manifest;
    const recall = recallOf(manifest, currentVersion);
    const recalled = recall === undefined ? '' : `The version that runs here was called back: ${plainText(recall)} `;
    if (decision.offer === undefined) {
      this.#offer = undefined;
      this.#file = undefined;
      this.#change({ state: 'none', version: null, notes: `${recalled}${decision.why}`, checkedMs, progress: null });
      return;
    }
    const isSame = this.#file !== undefined && this.#offer?.sha512 === decision.offer.sha512;
    if (!isSame) this.#file = undefined;
    const { size, sha512, name } = decision.offer;
    this.#offer = { version: decision.version, url: new URL(name, this.#options.feed), size, sha512 };
    const { postponed } = memory.value;
    this.#change({
      state: isSame ? 'ready' : 'available',
      version: decision.version,
      notes: `${recalled}${manifest.notes}`,
      checkedMs,
      progress: null,
      postponedUntilMs: postponed?.version === decision.version && postponed.untilMs > now() ? postponed.untilMs : null,
    });
  }

  async #download(): Promise<void> {
    const [offer, installer] = [this.#offer, this.#options.installer];
    if (offer === undefined || installer === undefined) throw new UpdateError('update-no-file');
    this.#file = undefined;
    let file: string;
    try {
      file = await installer.fetch(offer, (progress) => this.#change({ progress }));
    } catch (error) {
      throw new UpdateError(isDamage(error) ? 'update-damaged' : 'update-interrupted', '', error);
    }
    await assertIs(file, offer);
    this.#file = file;
    this.#change({ state: 'ready', progress: null });
  }

  /** What was true when it was fetched need not be true any more: everything is asked again. */
  async #install(): Promise<void> {
    const { installer, memory, currentVersion, now } = this.#options;
    const [offer, file, manifest] = [this.#offer, this.#file, this.#manifest];
    if (!offer || !file || !manifest || !installer) throw new UpdateError('update-no-file');
    const latest = await this.#fetchManifest().catch((error: unknown) => {
      // Without the network the list that is held decides, as long as it has not run out.
      if (error instanceof UpdateError && error.failure.code !== 'update-unreachable') throw error;
      return manifest;
    });
    assertInTime(latest, now());
    const recall = latest.recalled.find(({ version }) => version === offer.version);
    if (recall) {
      this.#file = undefined;
      throw new UpdateError('update-recalled', plainText(recall.reason));
    }
    if (latest.sequence < memory.value.sequences[latest.channel]) throw new UpdateError('update-replayed');
    await assertIs(file, offer);
    memory.change({ pending: { from: currentVersion, to: offer.version, timeMs: now() } });
    try {
      installer.install();
    } catch (error) {
      memory.change({ pending: null });
      throw new UpdateError('update-not-installed', '', error);
    }
  }

  async #fetchManifest(): Promise<ReleaseManifest> {
    const { feed, keys, now } = this.#options;
    const channel = this.#options.channel();
    const text = await this.#fetchText(new URL(`${channel}.json`, feed));
    return openManifest(text, keys, channel, now());
  }

  async #fetchText(url: URL): Promise<string> {
    try {
      const signal = AbortSignal.timeout(FETCH_TIMEOUT_MS);
      const response = await this.#options.fetch(url.href, { signal, redirect: 'error', cache: 'no-store' });
      if (!response.ok || response.body === null) throw new Error(`HTTP ${response.status}`);
      return await readBounded(response.body);
    } catch (error) {
      throw error instanceof UpdateError ? error : new UpdateError('update-unreachable', '', error);
    }
  }

  async #judgeLastUpdate(): Promise<void> {
    const { memory, currentVersion, now, engineAnswers, log } = this.#options;
    const { pending } = memory.value;
    if (pending === null) return;
    try {
      memory.change({ pending: null });
    } catch (error) {
      // A full disk: it is told all the same, and once more at the next start.
      log('warn', `That an update was told of could not be kept: ${String(error)}`);
    }
    const told = (isHealthy: boolean, message: string): void =>
      this.#change({ lastUpdate: { from: pending.from, to: pending.to, timeMs: now(), isHealthy, message } });
    if (currentVersion !== pending.to) {
      told(false, `The update to ${pending.to} was not installed: version ${currentVersion} still runs. Try it again.`);
      return;
    }
    const { promise: late, resolve } = Promise.withResolvers<'late'>();
    const timer = setTimeout(() => resolve('late'), HEALTHY_WITHIN_MS);
    const outcome = await Promise.race([
      engineAnswers().then(
        () => 'answers',
        () => 'late',
      ),
      late,
    ]);
    clearTimeout(timer);
    if (outcome === 'answers') told(true, `Updated from ${pending.from} to ${pending.to}. The engine answers.`);
    else {
      const hint = 'This computer may not be protected. Look at Health, or install the version before by hand.';
      told(false, `Updated from ${pending.from} to ${pending.to}, but the engine does not answer. ${hint}`);
    }
  }

  #failed(error: unknown): void {
    const failure: Failure =
      error instanceof UpdateError
        ? error.failure
        : { code: 'internal', message: 'Looking after updates went wrong.', hint: 'The log says more. Try again.' };
    this.#options.log('warn', `${failure.message} ${String((error as Error)?.cause ?? error)}`);
    this.#change({ state: 'failed', failure, progress: null });
  }

  #change(change: Partial<UpdateState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener(this.#state);
  }
}

function whyUnsupported({ feed, keys, installer, whyNot }: UpdateManagerOptions): Failure | undefined {
  const code = 'update-unsupported';
  const hint = 'Install new versions the way this one was installed.';
  if (feed === undefined || keys.size === 0) {
    return { code, message: 'This build names no place and no key for updates.', hint };
  }
  return installer === undefined ? { code, message: whyNot, hint } : undefined;
}

/** Of a stream that may never end. */
async function readBounded(body: ReadableStream<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of body) {
    length += piece.length;
    if (length > MAX_MANIFEST_BYTES) throw new UpdateError('update-malformed');
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** @throws UpdateError `update-damaged` when the file is not the package */
async function assertIs(file: string, { size, sha512 }: Package): Promise<void> {
  const hash = createHash('sha512');
  const found = await stat(file).catch(() => undefined);
  if (found?.size === size) {
    await pipeline(createReadStream(file), hash);
    if (hash.digest('base64') === sha512) return;
  }
  throw new UpdateError('update-damaged');
}

/** How electron-updater calls a file whose hash is another one. */
function isDamage(error: unknown): boolean {
  return (error as { readonly code?: unknown } | undefined)?.code === 'ERR_CHECKSUM_MISMATCH';
}
