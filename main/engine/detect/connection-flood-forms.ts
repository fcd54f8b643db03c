import { SERVICES } from '../../../contract/traffic.ts';
import type { ConnectionCounters } from './connection-flood-counters.ts';
import type { ConnectionFloodSettings } from './connection-flood-settings.ts';
import { loginProtocolOf } from './login-protocols.ts';

/** The connections of one client of a server port, or of all its clients together. */
export interface ConnectionWindow {
  readonly counters: ConnectionCounters;
  readonly slot: number;
  /** Index into SERVICES. */
  readonly service: number;
  readonly port: number;
}

/** A way to wear a server out through whole connections. */
export interface ConnectionFloodForm {
  readonly id: string;
  /** What the attacker does, after its name: "flooded 10.0.0.9:80 with" … */
  readonly weapon: string;
  /** What `measure` counts. */
  readonly unit: string;
  readonly measured: string;
  readonly usual: string;
  readonly usualRange: { readonly low: number; readonly high: number };
  /** How it harms, one sentence for people. */
  readonly harm: string;
  readonly techniques: readonly string[];
  /** Held connections do harm by their number, the others by their rate. */
  readonly isHeld: boolean;
  /** Its signs are so much its own that many clients with little each are told as well. */
  readonly isPlain: boolean;
  measure(window: ConnectionWindow, settings: ConnectionFloodSettings): number;
  /** From which on one client is an attacker. */
  limit(window: ConnectionWindow, settings: ConnectionFloodSettings): number;
}

const SERVICE_EXHAUSTION = 'T1499.002';
const SYSTEM_EXHAUSTION = 'T1499.001';
const NETWORK_FLOOD = 'T1498.001';

/** Connections that look like each other, or get no answer, among all: above it they come from one program. */
const ALIKE_SHARE = 0.8;
/** Fewer connections say nothing about what they have in common. */
const ALIKE_LEAST = 20;
/** Votes over requests: 0.6 where four of five requests name one path. */
const SAME_PATH_VOTES = 0.6;
const MOST_REQUESTS = 0.5;
/** From this share of logins on, it is password guessing. */
const LOGIN_SHARE = 0.3;
/** Signs of slowness per connection held back. A connection may show both an unfinished request and a later bit. */
const SIGNS_PER_HELD = 0.5;
const TINY_WINDOW_SHARE = 0.5;

const HTTP = SERVICES.indexOf('http');

function areLogins({ counters, slot, service, port }: ConnectionWindow): boolean {
  if (loginProtocolOf(service, port) !== undefined && service !== HTTP) return true;
  return counters.sum(slot, 'logins') > LOGIN_SHARE * counters.sum(slot, 'requests');
}

/** The share of connections that were over like the others, over without an answer, or have none yet. */
function alikeShare({ counters, slot }: ConnectionWindow): number {
  const unfinished = counters.unfinished(slot, 0);
  const all = counters.sum(slot, 'ended') + unfinished;
  if (all < ALIKE_LEAST) return 0;
  return (counters.sum(slot, 'endedAlike') + counters.sum(slot, 'endedUnanswered') + unfinished) / all;
}

/** How much of what a client tries fails: 0 for a server that is well, 1 for one that gives no answer any more. */
export function failingShare({ counters, slot }: ConnectionWindow): number {
  const tried = Math.max(counters.sum(slot, 'attempts'), counters.sum(slot, 'opened'));
  if (tried < ALIKE_LEAST) return 0;
  const unanswered = counters.sum(slot, 'endedUnanswered') + counters.unfinished(slot, 1);
  const failed = Math.max(0, counters.sum(slot, 'attempts') - counters.sum(slot, 'opened')) + unanswered;
  return Math.min(1, failed / tried);
}

function slowSigns({ counters, slot }: ConnectionWindow): number {
  return counters.sum(slot, 'incompleteRequests') + counters.sum(slot, 'trickles');
}

export const CONNECTION_FLOOD_FORMS: readonly ConnectionFloodForm[] = [
  {
    id: 'connection-rate',
    weapon: 'one connection after another',
    unit: 'connections/s',
    measured: 'connections per second',
    usual: 'under 10 from one client',
    usualRange: { low: 0, high: 10 },
    harm: 'Every connection costs the server a process or a place in its queue, until nobody else gets one.',
    techniques: [SERVICE_EXHAUSTION, NETWORK_FLOOD],
    isHeld: false,
    isPlain: false,
    measure: ({ counters, slot }, settings) => counters.openedPerSecond(slot, settings.sustainedSeconds),
    limit: (window, settings) =>
      areLogins(window) || alikeShare(window) < ALIKE_SHARE
        ? settings.variedConnectionsPerSecond
        : settings.connectionsPerSecond,
  },
  {
    id: 'request-rate',
    weapon: 'web requests',
    unit: 'requests/s',
    measured: 'web requests per second',
    usual: 'under 50 from one client, and never for long',
    usualRange: { low: 0, high: 50 },
    harm: 'Every request costs the server work, until it has no time left for others.',
    techniques: [SERVICE_EXHAUSTION],
    isHeld: false,
    isPlain: false,
    measure: ({ counters, slot }, settings) => counters.requestsPerSecond(slot, settings.sustainedSeconds),
    limit(window, settings) {
      const { counters, slot } = window;
      const requests = counters.sum(slot, 'requests');
      const isSame =
        counters.sum(slot, 'samePath') >= requests * SAME_PATH_VOTES &&
        counters.sum(slot, 'submissions') < requests * MOST_REQUESTS;
      return isSame && !areLogins(window) ? settings.requestsPerSecond : settings.variedRequestsPerSecond;
    },
  },
  {
    id: 'slow-request',
    weapon: 'requests that never end',
    unit: 'connections',
    measured: 'connections held open by unfinished requests',
    usual: '0–6',
    usualRange: { low: 0, high: 6 },
    harm: 'Each request is sent so slowly that it never becomes complete, and the server keeps a place free for it all the time.',
    techniques: [SERVICE_EXHAUSTION],
    isHeld: true,
    isPlain: true,
    measure(window, settings) {
      const held = window.counters.unfinished(window.slot, settings.heldSeconds);
      return slowSigns(window) >= held * SIGNS_PER_HELD ? held : 0;
    },
    limit: (_window, settings) => settings.slowConnections,
  },
  {
    id: 'slow-read',
    weapon: 'connections that hardly take any data',
    unit: 'connections',
    measured: 'connections held open by tiny receive windows',
    usual: '0–6',
    usualRange: { low: 0, high: 6 },
    harm: 'The client takes the answers a few bytes at a time, and the server keeps a place for each until it is done.',
    techniques: [SERVICE_EXHAUSTION],
    isHeld: true,
    isPlain: true,
    measure({ counters, slot }, settings) {
      const isTiny = counters.sum(slot, 'tinyWindow') >= counters.sum(slot, 'opened') * TINY_WINDOW_SHARE;
      return isTiny ? counters.held(slot, settings.heldSeconds) : 0;
    },
    limit: (_window, settings) => settings.slowConnections,
  },
  {
    id: 'idle-connections',
    weapon: 'connections that say nothing',
    unit: 'connections',
    measured: 'connections held open without an exchange',
    usual: '0–50 from one client',
    usualRange: { low: 0, high: 50 },
    harm: 'A server can keep a limited number of connections open; these take them all and use none.',
    techniques: [SYSTEM_EXHAUSTION, SERVICE_EXHAUSTION],
    isHeld: true,
    isPlain: false,
    measure: ({ counters, slot }, settings) => counters.unfinished(slot, settings.heldSeconds, true),
    limit: (_window, settings) => settings.idleConnections,
  },
  {
    id: 'held-connections',
    weapon: 'connections that stay open',
    unit: 'connections',
    measured: 'connections opened within a minute and held open',
    usual: '0–500 from a pool',
    usualRange: { low: 0, high: 500 },
    harm: 'A server can keep a limited number of connections open; these take them all.',
    techniques: [SYSTEM_EXHAUSTION, SERVICE_EXHAUSTION],
    isHeld: true,
    isPlain: false,
    measure: ({ counters, slot }, settings) => counters.held(slot, settings.heldSeconds, true),
    limit: (_window, settings) => settings.pooledConnections,
  },
];
