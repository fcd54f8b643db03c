/** Services: which are switched on (links that systemctl enable makes), and which run (control groups). */
import type { ServiceChangeEvent } from '../../../../../contract/events.ts';
import type { Change, ChangeContext, Collector } from '../collector.ts';
import type { Surroundings } from '../surroundings.ts';

export type EnabledFact = {
  /** "enabled" or "masked". */
  readonly state: string;
};

const UNIT_NAME = /^[A-Za-z0-9:_.\\@-]{1,255}\.(?:service|timer|socket|path|mount|automount|target)$/;
const SYSTEM_UNITS = '/etc/systemd/system';
const WANTS = /\.(?:wants|requires|upholds)$/;
const NOWHERE = '/dev/null';
const MAX_UNITS = 8_192;
const ENABLED_INTERVAL_MS = 10_000;
const ENABLED_SEEN_INTERVAL_MS = 30_000;
/** One listing of a folder that the kernel keeps. */
const RUNNING_INTERVAL_MS = 2_000;

export const enabledServiceCollector: Collector<EnabledFact> = {
  name: 'services-enabled',
  title: 'services that are switched on',
  keeping: 'always',
  intervalMs: ENABLED_INTERVAL_MS,
  seenIntervalMs: ENABLED_SEEN_INTERVAL_MS,
  shape: { state: 'string' },
  concerns: (path) => path.startsWith(`${SYSTEM_UNITS}/`),
  collect: (around) => ({ facts: readEnabled(around), left: 0 }),
  tell: tellEnabled,
};

function readEnabled({ files }: Surroundings): ReadonlyMap<string, EnabledFact> {
  const facts = new Map<string, EnabledFact>();
  for (const name of files.list(SYSTEM_UNITS)) {
    if (WANTS.test(name)) {
      for (const unit of files.list(`${SYSTEM_UNITS}/${name}`))
        if (UNIT_NAME.test(unit) && !facts.has(unit) && facts.size < MAX_UNITS) facts.set(unit, { state: 'enabled' });
    } else if (UNIT_NAME.test(name) && isMasked(files.link(`${SYSTEM_UNITS}/${name}`))) {
      facts.set(name, { state: 'masked' });
    }
  }
  return facts;
}

function isMasked(target: string | undefined): boolean {
  return target === NOWHERE;
}

function tellEnabled(
  { key, before, after }: Change<EnabledFact>,
  { timeMs }: ChangeContext,
): readonly ServiceChangeEvent[] {
  const event = (action: ServiceChangeEvent['action']): ServiceChangeEvent[] => [
    { type: 'service-change', timeMs, unit: key, action },
  ];
  if (after?.state === 'masked') return event('masked');
  if (after?.state === 'enabled') return event('enabled');
  return before?.state === 'enabled' ? event('disabled') : [];
}

export type RunningFact = { readonly slice: string };

/** Where systemd keeps the groups of services, with one hierarchy (v2) or several (v1). */
const GROUP_FOLDERS = ['/sys/fs/cgroup/system.slice', '/sys/fs/cgroup/systemd/system.slice'];
/** Started for one command, with a name that is never used again. */
const TRANSIENT = /^run-[a-z0-9-]+\.service$|^systemd-(?:coredump|udevd-worker)@/;

export const runningServiceCollector: Collector<RunningFact> = {
  name: 'services-running',
  title: 'services that run',
  keeping: 'boot',
  intervalMs: RUNNING_INTERVAL_MS,
  shape: { slice: 'string' },
  concerns: () => false,
  collect({ files }) {
    const folder = GROUP_FOLDERS.find((each) => files.stat(each)?.isDirectory());
    const facts = new Map<string, RunningFact>();
    if (folder !== undefined) gather(folder, 'system.slice', facts, files);
    return { facts, left: 0 };
  },
  tell: ({ key, after }, { timeMs }) => [
    { type: 'service-change', timeMs, unit: key, action: after === undefined ? 'stopped' : 'started' },
  ],
};

/** Instances of one template lie in a slice of their own. */
function gather(folder: string, slice: string, facts: Map<string, RunningFact>, files: Surroundings['files']): void {
  for (const name of files.list(folder)) {
    if (facts.size >= MAX_UNITS) return;
    if (name.endsWith('.slice') && slice === 'system.slice') gather(`${folder}/${name}`, name, facts, files);
    else if (name.endsWith('.service') && UNIT_NAME.test(name) && !TRANSIENT.test(name)) facts.set(name, { slice });
  }
}
