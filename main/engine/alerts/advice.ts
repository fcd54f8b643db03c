import type { Alert, AlertKind } from '../../../contract/domain.ts';
import { isInternal, parseAddress } from '../runtime/address.ts';

/** Where a side of an alert is, as seen from this computer. `unknown`: several places, or nobody knows. */
type Place = 'own' | 'inside' | 'outside' | 'unknown';

interface Step {
  /** Told only where that side is in one of these places; always when left out. */
  readonly attackers?: readonly Place[];
  readonly victims?: readonly Place[];
  /** {attackers} and {victims} stand for the addresses in words. */
  readonly text: string;
}

/** Addresses named in one sentence. */
const NAMED = 3;

const ELSEWHERE: readonly Place[] = ['inside', 'unknown'];
const NOT_HERE: readonly Place[] = ['inside', 'outside', 'unknown'];

const TAKE_OFF: Step = {
  attackers: ELSEWHERE,
  text: 'If it should not do this, take {attackers} off the network, but leave it switched on, and look at what runs on it.',
};
/** Where the robbed or controlled host is the one that calls. */
const FIND_CALLER: Step = {
  victims: ['own'],
  text: 'Find the program on this computer that does it: "ss -tunp" lists programs with their connections.',
};
const TAKE_VICTIM_OFF: Step = {
  victims: ELSEWHERE,
  text: 'If nobody wanted this, take {victims} off the network, but leave it switched on, and look at what runs on it.',
};
const FIND_PROGRAM: Step = {
  attackers: ['own'],
  text: 'Find the program on this computer that does it: "ss -tunp" lists programs with their connections.',
};
const BLOCK_OUTSIDE: Step = { attackers: ['outside'], text: 'Block {attackers} at the firewall.' };
const LEAVE_ON: Step = {
  text: 'If not, take this computer off the network, but leave it switched on: its memory shows what happened.',
};
const ALLOW: Step = { text: 'If this is wanted, allow it here: alerts that fit are then dismissed by themselves.' };

/** What a person can do, by the kind of alert, the most useful first. */
const STEPS: Readonly<Record<AlertKind, readonly Step[]>> = {
  'port-scan': [
    { attackers: ELSEWHERE, text: 'Find out whose computer {attackers} is, and whether somebody scans on purpose.' },
    FIND_PROGRAM,
    BLOCK_OUTSIDE,
    { victims: ['own'], text: 'See what answers on this computer with "ss -tulnp", and stop what nobody needs.' },
    { victims: NOT_HERE, text: 'See which ports of {victims} can be reached, and close those that nobody needs.' },
    TAKE_OFF,
    ALLOW,
  ],
  'host-discovery': [
    {
      attackers: ELSEWHERE,
      text: 'Find out whether {attackers} runs an inventory or monitoring tool; those search the network on purpose.',
    },
    FIND_PROGRAM,
    TAKE_OFF,
    BLOCK_OUTSIDE,
    ALLOW,
  ],
  'brute-force': [
    {
      victims: ['own'],
      text: 'Look for a login that succeeded from {attackers}: "last -i" and "journalctl -u ssh" show them. If there is one, treat the account as stolen.',
    },
    {
      victims: NOT_HERE,
      text: 'Look in the login records of {victims} for a success from {attackers}. If there is one, treat the account as stolen.',
    },
    BLOCK_OUTSIDE,
    FIND_PROGRAM,
    { text: 'Change the passwords of the accounts that were tried; allow logins by key or with a second factor only.' },
    TAKE_OFF,
    { text: 'Let the service be reached only from where it is needed.' },
  ],
  'denial-of-service': [
    { victims: ['own'], text: 'See whether the service on this computer still answers.' },
    { victims: NOT_HERE, text: 'See whether {victims} still answers.' },
    { attackers: ['own'], text: 'Find the program on this computer that sends so much ("ss -tunp"), and stop it.' },
    { attackers: ['inside'], text: 'Take {attackers} off the network: the flood comes from there.' },
    {
      attackers: ['outside', 'unknown'],
      text: 'Ask your internet provider to filter the traffic before it reaches you. Addresses of a flood are often forged, so blocking single ones rarely helps.',
    },
    {
      victims: ['own'],
      text: 'Switch on SYN cookies ("sysctl net.ipv4.tcp_syncookies=1"), and limit new connections.',
    },
  ],
  exfiltration: [
    FIND_CALLER,
    { victims: NOT_HERE, text: 'Ask the user of {victims} whether they sent this data to {attackers}.' },
    { text: 'If nobody did, block {attackers} and find out which files were read before.' },
    TAKE_VICTIM_OFF,
    { text: 'Change every password and key that may have been among the data.' },
  ],
  'reverse-shell': [
    {
      victims: ['own'],
      text: 'Take this computer off the network at once, but leave it switched on: its memory shows what happened.',
    },
    {
      victims: NOT_HERE,
      text: 'Take {victims} off the network at once, but leave it switched on: its memory shows what happened.',
    },
    { text: 'Find the program that made the connection, and how it got there.' },
    { text: 'Block {attackers}. Set the computer up anew, and change the passwords and keys that were used on it.' },
  ],
  'command-and-control': [
    { victims: ['own'], text: 'Find the program on this computer that made the connection with "ss -tunp".' },
    {
      victims: NOT_HERE,
      text: 'Take {victims} off the network, but leave it switched on, and find the program that made the connection.',
    },
    { text: 'Block {attackers}, and hunt for the same address in the traffic of other computers.' },
  ],
  beaconing: [
    {
      victims: ['own'],
      text: 'Find the program that calls with "ss -tunp". Updates, mail and monitoring do this too.',
    },
    { victims: NOT_HERE, text: 'Find the program on {victims} that calls. Updates, mail and monitoring do this too.' },
    { text: 'If nobody knows it, block {attackers} and take the computer off the network.' },
    ALLOW,
  ],
  'dns-tunnel': [
    { text: 'Block look-ups of the domain at your DNS server.' },
    FIND_CALLER,
    {
      victims: NOT_HERE,
      text: 'Find the program on {victims} that makes them. Some security products do this on purpose.',
    },
    ALLOW,
  ],
  tunnel: [
    { text: 'Find out whether somebody set up a tunnel on purpose, for example a VPN.' },
    FIND_CALLER,
    { victims: NOT_HERE, text: 'If not, find the program on {victims} that opened it.' },
    { text: 'Block {attackers} until that is clear.' },
    ALLOW,
  ],
  'man-in-the-middle': [
    { text: 'Find the device with the address {attackers}, and unplug it.' },
    { text: 'Change passwords that were used over unencrypted connections in that time.' },
    { text: 'Switch on what your switch has against it: ARP inspection, DHCP snooping.' },
  ],
  'lateral-movement': [
    {
      attackers: ELSEWHERE,
      text: 'Find out whether somebody administers {victims} from {attackers} on purpose, for example to install updates.',
    },
    FIND_PROGRAM,
    TAKE_OFF,
    { text: 'Look on {victims} for new services, tasks and programs, and for logins from {attackers}.' },
    { text: 'Change the password of the account that was used; it works on every one of these computers.' },
    ALLOW,
  ],
  exploit: [
    {
      victims: ['own'],
      text: 'See whether the attacked program on this computer has the weakness, and install its update.',
    },
    {
      victims: NOT_HERE,
      text: 'See whether the attacked program on {victims} has the weakness, and install its update.',
    },
    { text: 'Look at what the attacked computer did afterwards: new connections and files tell whether it worked.' },
    BLOCK_OUTSIDE,
    TAKE_OFF,
  ],
  'web-attack': [
    { text: 'Look in the web server’s log for how it answered the requests of {attackers}.' },
    { text: 'Update the web application, and look for files that were planted.' },
    BLOCK_OUTSIDE,
    TAKE_OFF,
  ],
  'malware-transfer': [
    { text: 'Do not open the file. Find it on {victims}, and check it with a virus scanner.' },
    { text: 'If it was opened, take the computer off the network.' },
    { text: 'Block {attackers}, which it came from.' },
  ],
  policy: [{ text: 'Decide whether this is wanted here. If not, talk to the user of {attackers}.' }, ALLOW],
  anomaly: [
    FIND_PROGRAM,
    { attackers: NOT_HERE, text: 'Find the program on {attackers} that is behind it.' },
    { text: 'Unusual is not yet harmful: something new may have been set up.' },
    ALLOW,
  ],
  execution: [
    { text: 'Find out whether somebody at this computer started the program on purpose, for example to install it.' },
    LEAVE_ON,
    { text: 'Find out how the program came here: the programs that started it tell.' },
    ALLOW,
  ],
  persistence: [
    { text: 'Find out whether you, or a program that you installed, set this up to start by itself.' },
    { text: 'If nobody did, remove the entry, and look at what it would have started.' },
    { text: 'Look for other entries of the same time: intruders often leave several.' },
    ALLOW,
  ],
  'privilege-escalation': [
    { text: 'Find out whether an administrator did this on purpose.' },
    LEAVE_ON,
    { text: 'Take back what was changed: modes of files, members of groups, rules of sudo.' },
    ALLOW,
  ],
  'credential-access': [
    { text: 'Find out whether a backup, or somebody on purpose, read these files.' },
    { text: 'If not, change the passwords and replace the keys that were in them, from another computer.' },
    { text: 'Look at what the program sent away afterwards.' },
    ALLOW,
  ],
  'defence-evasion': [
    { text: 'Find out whether an administrator did this on purpose.' },
    LEAVE_ON,
    { text: 'Switch the protection on again, and look at what happened shortly before.' },
    ALLOW,
  ],
  discovery: [
    { text: 'Find out whether somebody looked around on purpose, for example to find a fault.' },
    { text: 'If not, look at how they got in: the programs that started these tell.' },
    ALLOW,
  ],
  ransomware: [
    {
      text: 'Stop the program, and take this computer off the network. Do not switch it off: the key may be in memory.',
    },
    { text: 'Bring the files back from a backup, after the computer was set up anew.' },
    { text: 'Before paying anybody, look whether there is a tool for this kind, and ask the police.' },
    ALLOW,
  ],
  malware: [
    { text: 'Do not run the file. Where it runs already, end the program, and take this computer off the network.' },
    { text: 'Find out how it came here: the program that wrote it tells.' },
    { text: 'Look whether "holdfast scan" finds more of it, and whether it starts by itself.' },
    ALLOW,
  ],
};

/** What a person can do about an alert, the most useful first; addresses of this computer are called so. */
export function nextSteps(alert: Alert, ownAddresses: ReadonlySet<string>): string[] {
  const attackers = placeOf(alert.attackers, ownAddresses);
  const victims = placeOf(alert.victims, ownAddresses);
  const words = {
    '{attackers}': inWords(alert.attackers, alert.attackerCount, ownAddresses, 'the sender'),
    '{victims}': inWords(alert.victims, alert.victimCount, ownAddresses, 'the target'),
  };
  return STEPS[alert.kind]
    .filter((step) => (step.attackers?.includes(attackers) ?? true) && (step.victims?.includes(victims) ?? true))
    .map(({ text }) => text.replace(/\{attackers\}|\{victims\}/g, (name) => words[name as keyof typeof words]));
}

function placeOf(hosts: readonly string[], own: ReadonlySet<string>): Place {
  const places = new Set(hosts.map((host) => placeOfHost(host, own)));
  const [place = 'unknown'] = places;
  return places.size === 1 ? place : 'unknown';
}

function placeOfHost(host: string, own: ReadonlySet<string>): Place {
  if (own.has(host)) return 'own';
  const words = parseAddress(host);
  // A MAC address is always of the network that this computer is in.
  return words === null || isInternal(...words) ? 'inside' : 'outside';
}

/** "10.0.0.5", "this computer (10.0.0.5)", "10.0.0.5, 10.0.0.6 and 12 more". */
function inWords(hosts: readonly string[], count: number, own: ReadonlySet<string>, nobody: string): string {
  if (hosts.length === 0) return nobody;
  const named = hosts.slice(0, NAMED).map((host) => (own.has(host) ? `this computer (${host})` : host));
  const more = Math.max(count, hosts.length) - named.length;
  if (more > 0) return `${named.join(', ')} and ${more.toLocaleString('en-US')} more`;
  return named.length === 1 ? named[0] : `${named.slice(0, -1).join(', ')} and ${named.at(-1)}`;
}
