/** The files that are on their way to the engine, one after the other; they go on whatever page is open. */
import { create } from 'zustand';
import type { Failure } from '../../../contract/domain.ts';
import { plainText } from '../../../contract/text.ts';
import { type Answer, request } from '../../lib/client.ts';
import { FileQueue } from '../../lib/file-queue.ts';
import { counted } from '../../lib/format.ts';
import { linked } from '../../lib/linked.ts';
import { toast } from '../../lib/toasts.ts';
import { reloadQueries } from '../../lib/use-query.ts';
import { strings } from '../../strings/index.ts';
import { type ImportClient, importFile, type Taken } from './transfer.ts';

const words = strings.rules.imports;

export interface Import {
  readonly key: number;
  readonly name: string;
  readonly sizeBytes: number;
  readonly sentBytes: number;
  readonly state: 'queued' | 'sending' | 'no-link' | 'taken' | 'failed';
  readonly failure: Failure | null;
  /** What the engine made of it, where there is something to tell of it. */
  readonly taken: Taken | null;
}

export const useImports = create<{ readonly imports: readonly Import[] }>(() => ({ imports: [] }));

/** More are a mistake of the hand. */
const MOST_AT_ONCE = 500;

const queue = new FileQueue<File>(async ({ key, file, signal }) => {
  change(key, { state: 'sending' });
  const tell = (sentBytes: number): void => change(key, { sentBytes, state: 'sending' });
  settle(key, file.name, await importFile(file, clientFor(key), signal, tell));
});

function change(key: number, changes: Partial<Import>): void {
  useImports.setState(({ imports }) => ({
    imports: imports.map((one) => (one.key === key ? { ...one, ...changes } : one)),
  }));
}

function take(key: number): void {
  useImports.setState(({ imports }) => ({ imports: imports.filter((one) => one.key !== key) }));
}

/** Puts files at the end of the queue. */
export function addFiles(files: readonly File[]): void {
  const added = files.slice(0, MOST_AT_ONCE).map((file): Import => {
    const key = queue.add(file);
    return { key, name: file.name, sizeBytes: file.size, sentBytes: 0, state: 'queued', failure: null, taken: null };
  });
  useImports.setState(({ imports }) => ({ imports: [...imports, ...added] }));
  void queue.work();
}

/** Ends an import wherever it is; also takes one that is over off the list. */
export function cancelImport(key: number): void {
  queue.cancel(key);
  take(key);
}

/** What has something to tell stays in the list until it was read. */
function settle(key: number, name: string, answer: Answer<Taken> | undefined): void {
  if (answer === undefined) {
    take(key);
  } else if (!answer.ok) {
    change(key, { state: 'failed', failure: answer.failure });
  } else {
    const taken = answer.value;
    reloadQueries(taken.kind === 'indicators' ? 'indicators.' : 'rules.');
    if (problemCount(taken) > 0) {
      change(key, { state: 'taken', taken });
    } else {
      take(key);
      toast({ message: words.taken(plainText(name, SHORT_NAME), whatOf(taken)) });
    }
  }
}

const SHORT_NAME = 60;

export function problemCount(taken: Taken): number {
  return taken.kind === 'indicators' ? taken.list.invalid : taken.problems.length;
}

/** "12 rules". */
export function whatOf(taken: Taken): string {
  return taken.kind === 'indicators'
    ? counted(taken.list.entries, words.entry)
    : counted(taken.rules, strings.rules.rule);
}

function clientFor(key: number): ImportClient {
  return {
    send: async (kind, piece) => {
      if (kind === 'indicators') {
        const answer = await request('indicators.import', piece);
        if (!answer.ok) return answer;
        const { receivedBytes, list } = answer.value;
        return { ok: true, value: { receivedBytes, taken: list === null ? null : { kind, list } } };
      }
      const answer = await request('rules.import', { engine: kind, ...piece });
      if (!answer.ok) return answer;
      const { receivedBytes, loaded } = answer.value;
      return { ok: true, value: { receivedBytes, taken: loaded === null ? null : { kind, ...loaded } } };
    },
    linked: (signal) => {
      change(key, { state: 'no-link', sentBytes: 0 });
      return linked(signal);
    },
  };
}
