/** Support for tests of this folder: whole frames through a traffic engine. */
import { LINK_TYPE, type TrafficObserver } from '../../../contract/traffic.ts';
import { defaultsOf } from '../runtime/settings.ts';
import { flowSettings } from './flow-settings.ts';
import { TrafficEngine } from './traffic-engine.ts';

export const SECOND = 1_000_000;
export const START = 1_700_000_000 * SECOND;

const SMALL = { ...defaultsOf(flowSettings), flowCapacity: 4_096, conversationCapacity: 2_048 };

/** A traffic engine with a small table. */
export function smallEngine(...observers: readonly TrafficObserver[]): TrafficEngine {
  return new TrafficEngine({ settings: SMALL, observers });
}

/** Hands an Ethernet frame, captured whole, to the engine. */
export function feed(engine: TrafficEngine, timeUs: number, frame: Uint8Array, wireBytes = frame.length): void {
  engine.frame(frame, 0, frame.length, wireBytes, timeUs, LINK_TYPE.ethernet);
}
