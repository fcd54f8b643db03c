/**
 * Runs the sensor on the real "/" of the namespaces that it is started in, changes something there, and prints what
 * was told as JSON. Started by sensor.integration.test.ts in mount and process namespaces of its own.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { HostEvent } from '../../../../../contract/events.ts';
import { HealthRegistry } from '../../../runtime/health.ts';
import { SystemSensor } from '../sensor.ts';

const CRON_FOLDER = '/etc/cron.d';
const MOUNT_POINT = '/mnt';
/** Mounts are looked at every two seconds. */
const LONGEST_WAIT_MS = 20_000;

const mount = (path: string): void =>
  void execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'holdfast-test', path], { stdio: 'ignore' });

// Over the folder of this namespace alone: the computer's own is not touched.
mount(CRON_FOLDER);
const events: HostEvent[] = [];
const sensor = new SystemSensor({
  health: new HealthRegistry(),
  onEvents: (each) => events.push(...each),
  walksFiles: false,
});
sensor.start();
const begunMs = performance.now();
writeFileSync(`${CRON_FOLDER}/holdfast-test`, '* * * * * root true\n');
sensor.noteWrite(`${CRON_FOLDER}/holdfast-test`);
mount(MOUNT_POINT);
const isSeen = (type: HostEvent['type']): boolean => events.some((event) => event.type === type);
let noticedMs: number | undefined;
while (performance.now() - begunMs < LONGEST_WAIT_MS && !(isSeen('autostart-change') && isSeen('mount-change'))) {
  await setTimeout(20);
  if (isSeen('autostart-change')) noticedMs ??= performance.now() - begunMs;
}
await sensor.stop();
process.stdout.write(JSON.stringify({ noticedMs, events }));
