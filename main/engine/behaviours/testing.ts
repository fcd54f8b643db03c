/** For tests of behaviours: events of one computer, told as the sensors would tell them. */
import type { Finding } from '../../../contract/domain.ts';
import type { HostEvent, HostProcess, HostProcessWithParents } from '../../../contract/events.ts';
import { defaultsOf } from '../runtime/settings.ts';
import { type BehaviourDefinition, type HostSamples, NO_SAMPLES } from './behaviour.ts';
import { BehaviourHost } from './host.ts';

export const START_MS = 1_700_000_000_000;

/**
 * A process from its path and what else was typed: "/usr/bin/curl -s http://a". Above it stand those in `parents`, the
 * nearest first. Numbers follow from the text, so that the same text is the same process.
 */
export function program(
  command: string,
  parents: readonly string[] = [],
  more: Partial<HostProcess> = {},
): HostProcessWithParents {
  const [parent, ...ancestors] = parents.map((each) => plain(each));
  return {
    ...plain(command),
    ...(parent !== undefined && { parent }),
    ...(ancestors.length > 0 && { ancestors }),
    ...more,
  };
}

function plain(command: string): HostProcess {
  const words = command.split(' ');
  const image = words[0] ?? '';
  let pid = 0;
  for (const character of command) pid = (pid * 31 + character.charCodeAt(0)) % 4_000_000;
  return {
    pid: pid + 2,
    startedMs: START_MS,
    image,
    name: image.slice(image.lastIndexOf('/') + 1).slice(0, 15),
    commandLine: command,
    arguments: words,
    user: 'anna',
    uid: 1000,
    euid: 1000,
  };
}

export function starts(process: HostProcessWithParents, timeMs = START_MS): HostEvent {
  return { type: 'process-start', timeMs, process };
}

/** What the behaviour says of these events: the last finding of each cause. */
export function findingsOf(
  definition: BehaviourDefinition,
  events: readonly HostEvent[],
  settings: Readonly<Record<string, unknown>> = {},
  /** Of as many seconds as there are, after the events. */
  samples: readonly HostSamples[] = [NO_SAMPLES],
): readonly Finding[] {
  const found = new Map<string, Finding>();
  const host = new BehaviourHost();
  const behaviour = definition.create({
    settings: { ...defaultsOf(definition.settings), ...settings } as ReturnType<typeof defaultsOf>,
    processes: host.processes,
    report: (finding) => {
      const others = finding.techniques.filter((id) => !definition.techniques.includes(id));
      if (others.length > 0) throw new Error(`${definition.id} does not name ${others.join(', ')} in its row`);
      if (!definition.kinds.includes(finding.kind)) throw new Error(`${definition.id} does not name ${finding.kind}`);
      found.set(finding.cause, finding);
    },
  });
  host.add(behaviour, definition.events);
  for (const event of events) host.event(event);
  const lastMs = events.at(-1)?.timeMs ?? START_MS;
  for (const [second, sample] of samples.entries()) host.tick(lastMs + (second + 1) * 1_000, sample);
  return [...found.values()];
}
