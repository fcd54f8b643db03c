/** The thread that hunts: reads the database over a connection of its own, so that nobody waits for a query. */
import { parentPort, workerData } from 'node:worker_threads';
import Sqlite, { type Database } from 'better-sqlite3';
import { FailureError, failureOf } from '../../runtime/failure.ts';
import { fileIdentity } from '../connection.ts';
import type { DamagedRow } from '../damaged-rows.ts';
import { askEvents } from '../events/event-queries.ts';
import { addFunctions } from './functions.ts';
import type { HuntReply, HuntTask } from './messages.ts';
import { paceOf } from './pace.ts';
import { runRows } from './rows.ts';
import { runSummary } from './summary.ts';
import { runValues } from './values.ts';

const BUSY_MS = 1_000;
const CACHE_KIB = 16 * 1024;
/** Damaged rows that one answer names. */
const MAX_DAMAGED = 1_000;

const port = parentPort;
if (port === null) throw new Error('hunt-worker.ts runs as a worker thread of the store');
const { path } = workerData as { readonly path: string };
let database: Database | undefined;
let identity: string | undefined;

/** Opened when first needed, and again when the file became another one. */
function opened(): Database {
  if (database !== undefined && identity === fileIdentity(path)) return database;
  database?.close();
  database = undefined;
  const fresh = new Sqlite(path, { readonly: true, fileMustExist: true, timeout: BUSY_MS });
  fresh.pragma('query_only = ON');
  fresh.pragma('trusted_schema = OFF');
  fresh.pragma(`cache_size = -${CACHE_KIB}`);
  addFunctions(fresh);
  identity = fileIdentity(path);
  database = fresh;
  return fresh;
}

function reply({ task, stop }: HuntTask): HuntReply {
  const pace = paceOf(stop);
  if (task.type === 'values') return { type: 'values', values: runValues(opened(), task.request, pace) };
  if (task.type === 'events') {
    const damaged: DamagedRow[] = [];
    const note = (row: DamagedRow): void => {
      if (damaged.length < MAX_DAMAGED) damaged.push(row);
    };
    const answer = askEvents(opened(), task.question, () => pace.isOver(), note);
    return { type: 'events', answer, damaged };
  }
  const { aggregate } = task.request.query;
  const answer =
    aggregate === null ? runRows(opened(), task.request, pace) : runSummary(opened(), task.request, aggregate, pace);
  return { type: 'answer', answer };
}

port.on('message', (task: HuntTask) => {
  try {
    port.postMessage(reply(task) satisfies HuntReply);
  } catch (error) {
    const isKnown = error instanceof FailureError;
    if (!isKnown) {
      database?.close();
      database = undefined;
    }
    const hint = 'Health says whether the database works. If it does, please report this with the query.';
    port.postMessage({ type: 'failed', failure: failureOf(error, 'hunt-failed', hint) } satisfies HuntReply);
  }
});
