import type { StoreAccess } from '../access.ts';
import type { HuntRunner } from '../hunt/hunt-runner.ts';
import type { EventAnswer, EventFilter, EventPage, EventQuestion, ProcessLife, ProcessName } from './event-queries.ts';

/** Reading stored events, on the thread that hunts: nobody waits for the database. */
export class EventStore {
  /** Of the database, for eventHistory. */
  readonly path: string;
  readonly #access: StoreAccess;
  readonly #runner: HuntRunner;

  constructor(access: StoreAccess, runner: HuntRunner, path: string) {
    this.path = path;
    this.#access = access;
    this.#runner = runner;
  }

  /** Events that fit, the latest stored first: of a process, around a time, of some types. @throws FailureError */
  async list(filter: EventFilter, signal?: AbortSignal): Promise<EventPage> {
    const answer = await this.#ask({ ask: 'list', filter }, signal);
    if (answer.ask !== 'list') throw new Error('the thread answered another question');
    return answer.page;
  }

  /** A process with its ancestors and its end; null when no event tells of it. @throws FailureError */
  async process(name: ProcessName, signal?: AbortSignal): Promise<ProcessLife | null> {
    const answer = await this.#ask({ ask: 'process', name }, signal);
    if (answer.ask !== 'process') throw new Error('the thread answered another question');
    return answer.life;
  }

  /** Programs that a process started, the latest first. @throws FailureError */
  async children(name: ProcessName, limit: number, signal?: AbortSignal): Promise<readonly ProcessLife[]> {
    const answer = await this.#ask({ ask: 'children', name, limit }, signal);
    if (answer.ask !== 'children') throw new Error('the thread answered another question');
    return answer.lives;
  }

  /** Everything that waits is on the disk then, for who reads the database itself. Never throws. */
  settle(): Promise<void> {
    return this.#access.settle();
  }

  async #ask(question: EventQuestion, signal: AbortSignal | undefined): Promise<EventAnswer> {
    await this.#access.settle();
    const reply = await this.#runner.run({ type: 'events', question }, signal);
    if (reply.type !== 'events') throw new Error('the thread answered another question');
    return reply.answer;
  }
}
