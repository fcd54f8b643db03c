import type { Severity } from '../../../contract/domain.ts';
import type { HostEvent, HostProcess, ModuleLoadEvent } from '../../../contract/events.ts';
import { plainText } from '../../../contract/text.ts';
import { afterHome } from './autostart-paths.ts';
import { type Behaviour, type BehaviourContext, defineBehaviour } from './behaviour.ts';
import { hostFinding, shownPath, shownProgram } from './host-finding.ts';
import { isInOpenFolder, isInstalling, isOfTheSystem, isShell, programName } from './programs.ts';

const settings = {} as const;
type Context = BehaviourContext<typeof settings>;

/** Where the kernel and what is built for it keep their modules. */
const MODULE_FOLDERS = ['/lib/modules/', '/usr/lib/modules/', '/run/booted-system/kernel-modules/', '/nix/store/'];
/** They load what the hardware, a mount or a tunnel needs. */
const LOADERS = new Set([
  'systemd-modules-load',
  'systemd-udevd',
  'udevd',
  'udevadm',
  'kthreadd',
  'systemd',
  'dockerd',
  'containerd',
  'libvirtd',
  'networkmanager',
  'dkms',
  'akmods',
  'vboxconfig',
  'vboxdrv.sh',
  'wg-quick',
  'mount',
  'iptables',
  'ip6tables',
  'nft',
  'firewalld',
  'zfs',
]);

interface Judgement {
  readonly severity: Severity;
  readonly confidence: number;
  readonly why: string;
}

/** Code is loaded into the kernel by somebody's hand, or from a place where the kernel keeps none. */
class KernelModuleWatcher implements Behaviour {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  event(event: HostEvent): void {
    if (event.type !== 'module-load') return;
    const { process, name, path, timeMs } = event;
    const lineage = process === undefined ? [] : [process, ...this.#context.processes.ancestors(process)];
    const judgement = judge(event, lineage);
    if (judgement === undefined) return;
    const shown = plainText(name, 64);
    this.#context.report(
      hostFinding(
        {
          detector: 'kernel-module',
          kind: 'persistence',
          cause: `kernel-module/${name.slice(0, 64)}`,
          firstSeenMs: timeMs,
          lastSeenMs: timeMs,
          severity: judgement.severity,
          confidence: judgement.confidence,
          techniques: ['T1547.006', ...(judgement.severity === 'low' ? [] : ['T1014'])],
          title: `${process === undefined ? 'Something' : shownProgram(process)} loaded ${shown} into the kernel`,
          explanation: `${judgement.why} A module of the kernel can do everything and hide everything, this alert included. Drivers are loaded by the system itself, from the kernel’s own folder.`,
          evidence: [
            {
              name: 'module',
              value: path === undefined ? shown : shownPath(path),
              usual: '/lib/modules',
              meaning: judgement.why,
            },
          ],
          ...(process !== undefined && { process }),
          files: path === undefined ? [] : [path],
        },
        this.#context.processes,
      ),
    );
  }
}

function judge({ path, isTainting }: ModuleLoadEvent, lineage: readonly HostProcess[]): Judgement | undefined {
  const isOwn = path === undefined || MODULE_FOLDERS.some((folder) => path.startsWith(folder));
  if (!isOwn) {
    const isOpen = isInOpenFolder(path) || afterHome(path) !== undefined;
    return {
      severity: isOpen ? 'critical' : 'high',
      confidence: isOpen ? 0.9 : 0.75,
      why: isOpen
        ? 'It came from a folder in which everybody, or one user, can write.'
        : 'It did not come from the folder of the kernel.',
    };
  }
  if (isInstalling(lineage)) return undefined;
  // modprobe asks for many things on behalf of others; what counts is who started it.
  const [first, second] = lineage;
  const byHand = [first, second].some((each) => each !== undefined && isShell(each));
  const isKnown = lineage.slice(0, 3).some((each) => LOADERS.has(programName(each.image)) && isOfTheSystem(each));
  if (isKnown || !byHand) {
    return isTainting === true && first !== undefined && !isOfTheSystem(first)
      ? {
          severity: 'high',
          confidence: 0.7,
          why: 'A program that is none of the system’s loaded it, and nobody signed it.',
        }
      : undefined;
  }
  return isTainting === true
    ? {
        severity: 'medium',
        confidence: 0.55,
        why: 'Nobody that this kernel trusts has signed it, and a shell loaded it.',
      }
    : { severity: 'low', confidence: 0.4, why: 'It was loaded by hand, from a shell.' };
}

export const kernelModuleBehaviour = defineBehaviour({
  id: 'kernel-module',
  kinds: ['persistence'],
  summary: 'Code is loaded into the kernel by hand, or from a place where the kernel keeps none.',
  techniques: ['T1547.006', 'T1014'],
  settings,
  events: ['module-load'],
  memoryBound: 'none',
  create: (context) => new KernelModuleWatcher(context),
});
