import { alertSettings } from './alerts/index.ts';
import { apiSettings } from './api/index.ts';
import { captureSettings } from './capture-settings.ts';
import { DETECTORS } from './detect/index.ts';
import { flowSettings } from './network/index.ts';
import type { Section } from './runtime/config-names.ts';
import { logSettings } from './runtime/log.ts';
import { sensorSettings } from './sensors/index.ts';
import { storeSettings } from './store/index.ts';

/** Where the settings of a detector live. */
export function detectorSection(id: string): string {
  return `detect.${id}`;
}

/** Every section of the configuration, in the order in which `holdfast config example` prints them. */
export const CONFIG_SECTIONS: readonly Section[] = [
  { path: 'sensors', table: sensorSettings },
  { path: 'network', table: flowSettings },
  ...DETECTORS.map((detector) => ({ path: detectorSection(detector.id), table: detector.settings })),
  { path: 'alerts', table: alertSettings },
  { path: 'captures', table: captureSettings },
  { path: 'api', table: apiSettings },
  { path: 'store', table: storeSettings },
  { path: 'log', table: logSettings },
];
