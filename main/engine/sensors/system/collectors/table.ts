/** Every collector, in the order in which they are looked at. */
import { AUTOSTART_PLACES } from '../../../../../contract/events.ts';
import { type AnyCollector, asRow, type FactForm } from '../collector.ts';
import { SET_UID_SHAPE } from '../set-uid.ts';
import { groupCollector, userCollector } from './accounts.ts';
import { deviceCollector, moduleCollector, mountCollector } from './kernel.ts';
import { placeCollector } from './places.ts';
import { enabledServiceCollector, runningServiceCollector } from './services.ts';

/** New ones, as some remember what they read. */
export function createCollectors(): readonly AnyCollector[] {
  return [
    asRow(userCollector),
    asRow(groupCollector),
    ...AUTOSTART_PLACES.map((place) => asRow(placeCollector(place))),
    asRow(enabledServiceCollector),
    asRow(runningServiceCollector),
    asRow(moduleCollector()),
    asRow(mountCollector()),
    asRow(deviceCollector()),
  ];
}

/** Name of the part of a snapshot that set-uid-watch.ts fills. */
export const SET_UID_PART = 'set-uid';

/** What a snapshot is made of, for reading it again. */
export function snapshotForms(): readonly FactForm[] {
  return [...createCollectors(), { name: SET_UID_PART, shape: SET_UID_SHAPE }];
}
