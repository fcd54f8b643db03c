import type { HostEvent, HostProcess, HostProcessWithParents } from '../../../contract/events.ts';
import { type Behaviour, type BehaviourContext, defineBehaviour } from './behaviour.ts';
import { hostFinding, processKey, shownProgram } from './host-finding.ts';
import { isInstalling, programName } from './programs.ts';
import { RecentMap } from './recent-map.ts';

const settings = {
  commands: {
    type: 'number',
    default: 7,
    min: 3,
    max: 100,
    integer: true,
    unit: 'commands',
    reason: 'People and scripts ask two or three such things at a time; intruders go through the list.',
  },
  windowSeconds: {
    type: 'number',
    default: 120,
    min: 1,
    max: 3_600,
    unit: 's',
    reason: 'By hand the list takes a minute or two, by script a second.',
  },
} as const;
type Context = BehaviourContext<typeof settings>;

const MAX_SESSIONS = 1_024;

/** What each command tells, by ATT&CK technique. */
const QUESTIONS: Readonly<Record<string, string>> = {
  id: 'T1033',
  whoami: 'T1033',
  who: 'T1033',
  w: 'T1033',
  last: 'T1033',
  users: 'T1033',
  finger: 'T1033',
  logname: 'T1033',
  uname: 'T1082',
  hostname: 'T1082',
  hostnamectl: 'T1082',
  lsb_release: 'T1082',
  uptime: 'T1082',
  dmidecode: 'T1082',
  lscpu: 'T1082',
  lsblk: 'T1082',
  arch: 'T1082',
  lshw: 'T1082',
  ps: 'T1057',
  pgrep: 'T1057',
  pstree: 'T1057',
  top: 'T1057',
  ip: 'T1016',
  ifconfig: 'T1016',
  route: 'T1016',
  resolvectl: 'T1016',
  iwconfig: 'T1016',
  arp: 'T1018',
  netstat: 'T1049',
  ss: 'T1049',
  lsof: 'T1049',
  getent: 'T1087.001',
  groups: 'T1069.001',
  lastlog: 'T1087.001',
  systemctl: 'T1007',
  service: 'T1007',
  chkconfig: 'T1007',
  lsmod: 'T1082',
  kmod: 'T1082',
  mount: 'T1082',
  df: 'T1082',
  findmnt: 'T1135',
  showmount: 'T1135',
  dpkg: 'T1518.001',
  'dpkg-query': 'T1518.001',
  iptables: 'T1016',
  nft: 'T1016',
  getcap: 'T1083',
  chage: 'T1201',
  locale: 'T1614',
  printenv: 'T1082',
  env: 'T1082',
};
const TECHNIQUES = [...new Set(Object.values(QUESTIONS))];
/** Fewest different kinds of questions: a monitor asks much of one kind. */
const LEAST_TECHNIQUES = 4;
/** They ask all day, by design. */
const ASKERS = new Set([
  'neofetch',
  'fastfetch',
  'screenfetch',
  'inxi',
  'sosreport',
  'sos',
  'apport',
  'reportbug',
  'landscape-sysinfo',
  'node_exporter',
  'telegraf',
  'collectd',
  'zabbix_agentd',
  'snmpd',
  'munin-node',
  'checkmk-agent',
  'check_mk_agent',
  'facter',
  'ohai',
  'puppet',
  'ansible',
  'cloud-init',
  'update-motd',
  'configure',
  'lynis',
  'hwinfo',
  'htop',
  'conky',
  'waybar',
  'polybar',
  'make',
  'ninja',
  'cmake',
  'rustc',
  'cargo',
  'npm',
  'gradle',
  'dracut',
  'mkinitramfs',
  'update-initramfs',
  'update-grub',
  'grub-mkconfig',
  'NetworkManager',
  'networkmanager',
  'nm-dispatcher',
  'dhclient',
  'systemd-udevd',
  'udevadm',
  'run-parts',
]);

interface Session {
  sinceMs: number;
  readonly commands: Map<string, string>;
}

/** One shell asks one thing after the other about the computer. */
class DiscoveryWatcher implements Behaviour {
  readonly #context: Context;
  readonly #sessions = new RecentMap<string, Session>(MAX_SESSIONS);

  constructor(context: Context) {
    this.#context = context;
  }

  event(event: HostEvent): void {
    if (event.type !== 'process-start') return;
    const { process, timeMs } = event;
    const name = programName(process.image);
    if (!Object.hasOwn(QUESTIONS, name)) return;
    const [parent, ...above] = this.#context.processes.ancestors(process);
    if (parent === undefined) return;
    const key = processKey(parent);
    const known = this.#sessions.get(key);
    const isOpen = known !== undefined && timeMs - known.sinceMs <= this.#context.settings.windowSeconds * 1_000;
    const session = isOpen ? known : { sinceMs: timeMs, commands: new Map<string, string>() };
    if (!isOpen) this.#sessions.set(key, session);
    if (session.commands.has(name)) return;
    session.commands.set(name, QUESTIONS[name] ?? '');
    this.#judge(process, parent, above, session, key, timeMs);
  }

  #judge(
    process: HostProcessWithParents,
    parent: HostProcess,
    above: readonly HostProcess[],
    session: Session,
    key: string,
    timeMs: number,
  ): void {
    const techniques = [...new Set(session.commands.values())];
    if (session.commands.size < this.#context.settings.commands || techniques.length < LEAST_TECHNIQUES) return;
    const lineage = [parent, ...above];
    if (isInstalling(lineage) || lineage.some((each) => isAsker(each))) return;
    const names = [...session.commands.keys()];
    this.#context.report(
      hostFinding(
        {
          detector: 'discovery',
          kind: 'discovery',
          cause: `discovery/${key}`,
          firstSeenMs: session.sinceMs,
          lastSeenMs: timeMs,
          severity: 'low',
          confidence: 0.5,
          techniques,
          title: `${shownProgram(parent)} asked ${names.length} different things about this computer`,
          explanation: `Who is logged in, which programs run, how the network is set up: ${names.length} such commands came from one program in short time. People who look for a fault do that, and intruders who want to know where they are.`,
          evidence: [{ name: 'commands', value: names.join(', '), usual: 'two or three', meaning: 'What was asked.' }],
          process,
        },
        this.#context.processes,
      ),
    );
  }
}

function isAsker({ image, commandLine }: HostProcess): boolean {
  if (ASKERS.has(programName(image))) return true;
  // Most of them are scripts of a shell: "/bin/sh /usr/bin/neofetch".
  const script = commandLine.slice(0, 512).split(' ', 3).at(1) ?? '';
  return script.startsWith('/usr/') && ASKERS.has(programName(script));
}

export const discoveryBehaviour = defineBehaviour({
  id: 'discovery',
  kinds: ['discovery'],
  summary: 'One program asks one thing after the other about the computer, its users and its network.',
  techniques: TECHNIQUES,
  settings,
  events: ['process-start'],
  memoryBound: '1,024 programs of up to 60 commands',
  create: (context) => new DiscoveryWatcher(context),
});
