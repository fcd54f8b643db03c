/**
 * Beacons of calls that no packets are at hand for (logs of other tools, made-up ones), and of captures: all pairs with
 * their scores, and not only those that are worth an alert. For comparing with others.
 */

import {
  BeaconWatcher,
  beaconingSettings,
  connectionCall,
  type HttpCallFacts,
  httpCall,
  httpDestination,
  isCertificateCheck,
  LearnedLandscape,
  NO_INDICATORS,
  type RatedPair,
} from '../../detect/index.ts';
import { flowSettings, readTraffic, TrafficEngine } from '../../network/index.ts';
import { DEFAULT_SETTINGS } from '../traffic/default-settings.ts';

export { type BeaconScore, type RatedPair, scoreBeacon } from '../../detect/index.ts';

interface LoggedBase {
  /** Microseconds since the epoch. */
  readonly timeUs: number;
  readonly client: string;
  readonly server: string;
  readonly port: number;
}

/** What a log knows of one call. */
export type LoggedCall =
  | (LoggedBase & { readonly type: 'http'; readonly request: HttpCallFacts; readonly answeredBytes: number })
  | (LoggedBase & {
      readonly type: 'connection';
      readonly channel: 'tls' | 'quic' | 'tcp' | 'udp';
      /** Empty where it is not said. */
      readonly name: string;
      readonly isUsualPort: boolean;
      readonly isRefused?: boolean;
      /** −1 where it is not known. */
      readonly sentBytes: number;
      readonly answeredBytes: number;
    })
  | (LoggedBase & { readonly type: 'dns'; readonly name: string; readonly recordType: string });

/** Times in order are taken as the traffic's; calls of a log that is not in order are put in order by their readers. */
export function rateCalls(calls: Iterable<LoggedCall>): readonly RatedPair[] {
  const watcher = newWatcher(new LearnedLandscape());
  for (const call of calls) addCall(watcher, call);
  return watcher.rated();
}

/** @throws CaptureError when there is nothing to read */
export async function rateCapture(path: string): Promise<readonly RatedPair[]> {
  const landscape = new LearnedLandscape();
  const watcher = newWatcher(landscape);
  const engine = new TrafficEngine({
    settings: DEFAULT_SETTINGS.section('network', flowSettings),
    observers: [landscape, watcher],
  });
  await readTraffic(path, engine);
  engine.finish();
  return watcher.rated();
}

function newWatcher(landscape: LearnedLandscape): BeaconWatcher {
  return new BeaconWatcher({
    settings: DEFAULT_SETTINGS.section('detect.beaconing', beaconingSettings),
    landscape,
    indicators: NO_INDICATORS,
    // What is worth telling stands in the ratings.
    report: () => {},
  });
}

function addCall(watcher: BeaconWatcher, call: LoggedCall): void {
  const { client, server, port, timeUs } = call;
  switch (call.type) {
    case 'http': {
      if (isCertificateCheck(call.request)) return;
      const destination = httpDestination(client, server, port, call.request);
      watcher.addCall({ ...httpCall(destination, timeUs, call.request), answeredBytes: call.answeredBytes });
      return;
    }
    case 'connection':
      watcher.addCall(connectionCall(call));
      return;
    case 'dns':
      watcher.addQuestion({ client, resolver: server, timeUs, name: call.name, recordType: call.recordType });
  }
}
