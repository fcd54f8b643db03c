/** Hosts that call regularly, as programs do that ask for orders. */
import { defineDetector } from '../detector.ts';
import { beaconingSettings } from './settings.ts';
import { BEACON_TECHNIQUES } from './story.ts';
import { BeaconWatcher } from './watcher.ts';

export { type Channel, connectionCall, type Destination } from './call.ts';
export { type HttpCallFacts, httpCall, httpDestination, isCertificateCheck } from './http-call.ts';
export type { RatedPair } from './judge.ts';
export { type BeaconScore, scoreBeacon } from './score.ts';
export { beaconingSettings } from './settings.ts';
export { BeaconWatcher } from './watcher.ts';

export const beaconingDetector = defineDetector({
  id: 'beaconing',
  kind: 'beaconing',
  summary: 'A host calls one destination again and again in a rhythm, as a program does that is controlled from there.',
  techniques: BEACON_TECHNIQUES,
  settings: beaconingSettings,
  interest: { facts: ['protocol', 'tls-client', 'certificate', 'http-request', 'http-response', 'dns:dns'] },
  memoryBound:
    '4,096 pairs of 4 kB, 24,576 that called up to three times of 200 B, 16,384 connections of 80 B, 2,048 domains of 600 B, 8,192 names of addresses of 150 B, 8,192 names with their hosts of 400 B: 30 MB',
  create: (context) => new BeaconWatcher(context),
});
