import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { ApiHandlers } from '../../../contract/api.ts';
import { type Role, SOCKETS } from '../../../contract/api-roles.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import type { HealthPart, HealthRegistry } from '../runtime/health.ts';
import type { Module } from '../runtime/lifecycle.ts';
import type { Logger } from '../runtime/log.ts';
import { ensureOwnDirectory } from '../runtime/paths.ts';
import { socketActor } from './actor.ts';
import { assertNobodyAt, bindSocket, type SocketPlace } from './bind.ts';
import { type ApiCounters, Connection } from './connection.ts';
import type { Dispatcher } from './dispatcher.ts';
import { groupIdOf } from './group.ts';
import type { ApiSettings } from './settings.ts';

export interface ApiServerOptions {
  readonly handlers: ApiHandlers;
  /** Where the sockets are put; made if it is missing. */
  readonly directory: string;
  readonly settings: ApiSettings;
  readonly health: HealthRegistry;
  readonly logger: Logger;
  readonly version: string;
  /** Parse what handlers give, too; see Dispatcher. */
  readonly checkAnswers: boolean;
  readonly clock?: Clock;
}

const OWNER_ONLY = 0o600;
const OWNER_AND_GROUP = 0o660;
const PRIVATE_DIRECTORY = 0o700;
/** Others may go through to a socket that they may use, but not look around. */
const PASSABLE_DIRECTORY = 0o711;

/** The engine's sockets: one that may do everything, one that may only look. */
export class ApiServer implements Module {
  readonly name = 'api';
  readonly #options: ApiServerOptions;
  readonly #clock: Clock;
  readonly #health: HealthPart;
  readonly #counters: ApiCounters = { calls: 0, refused: 0, hostile: 0, slowReaders: 0, droppedItems: 0 };
  readonly #connections = new Set<Connection>();
  #dispatcher: Promise<Dispatcher> | undefined;
  readonly #servers: { readonly server: Server; readonly remove: () => void }[] = [];

  constructor(options: ApiServerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#health = options.health.part('api', () => ({ connections: this.#connections.size, ...this.#counters }));
  }

  /**
   * To be called before the store is opened and capture starts.
   * @throws FailureError `already-running` when another engine answers here
   */
  async assertAlone(): Promise<void> {
    await assertNobodyAt(join(this.#options.directory, SOCKETS[0].file));
  }

  /** @throws FailureError when the sockets cannot be put in place, as when another engine is running */
  async start(): Promise<void> {
    const { directory, settings } = this.#options;
    const groupId = settings.viewGroup === '' ? undefined : groupIdOf(settings.viewGroup);
    const dispatcher = await this.dispatcher();
    ensureOwnDirectory(directory, groupId === undefined ? PRIVATE_DIRECTORY : PASSABLE_DIRECTORY);
    try {
      for (const { file, role } of SOCKETS) {
        const place = { path: join(directory, file), ...rights(role, groupId) };
        await this.#listen(place, role, dispatcher);
      }
    } catch (error) {
      await this.stop();
      throw error;
    }
    if (settings.viewGroup !== '' && groupId === undefined) {
      this.#health.degraded(
        `There is no group "${settings.viewGroup}", so only the user that runs Holdfast can see its state.`,
        'Create the group, or correct api.viewGroup.',
      );
    } else {
      this.#health.ok(`Listening in ${directory}.`);
    }
  }

  async stop(): Promise<void> {
    for (const { server, remove } of this.#servers) {
      remove();
      server.close();
    }
    this.#servers.length = 0;
    for (const connection of [...this.#connections]) connection.close();
    this.#health.off('Not listening.');
  }

  /** The one that every transport of this engine speaks to. */
  dispatcher(): Promise<Dispatcher> {
    this.#dispatcher ??= this.#makeDispatcher();
    return this.#dispatcher;
  }

  /** Loaded here, because the table loads zod, which commands that only read a capture have no use for. */
  async #makeDispatcher(): Promise<Dispatcher> {
    const { Dispatcher } = await import('./dispatcher.ts');
    const { handlers, checkAnswers, logger } = this.#options;
    const onMistake = (name: string, error: unknown): void =>
      logger.error('A call of the API failed', { call: name, error });
    return new Dispatcher({ handlers, checkAnswers, onMistake });
  }

  async #listen(place: SocketPlace, role: Role, dispatcher: Dispatcher): Promise<void> {
    const { settings, version } = this.#options;
    const actor = socketActor(role);
    const mine = new Set<Connection>();
    const server = createServer((socket) => {
      if (mine.size >= settings.maxConnections) {
        this.#counters.refused += 1;
        socket.on('error', () => socket.destroy());
        socket.destroy();
        return;
      }
      const connection = new Connection({
        socket,
        role,
        actor,
        version,
        settings,
        backend: dispatcher,
        counters: this.#counters,
        clock: this.#clock,
        onClose: () => {
          mine.delete(connection);
          this.#connections.delete(connection);
        },
      });
      mine.add(connection);
      this.#connections.add(connection);
    });
    const remove = await bindSocket(server, place);
    server.on('error', (error) => {
      this.#health.degraded('A connection could not be taken.', 'The log says more.');
      this.#options.logger.warn('A socket of the API had an error', { error });
    });
    this.#servers.push({ server, remove });
  }
}

function rights(role: Role, groupId: number | undefined): { readonly mode: number; readonly groupId?: number } {
  return role === 'view' && groupId !== undefined ? { mode: OWNER_AND_GROUP, groupId } : { mode: OWNER_ONLY };
}
