import type { AlertKind, Severity } from './domain.ts';

/** How a kind of alert is called, and what a person can do about it. */
interface KindWords {
  readonly name: string;
  /** What is looked for, as the object of "looks for". */
  readonly lookedFor: string;
  /** Next steps, the most useful first; each a plain sentence that can be followed. */
  readonly steps: readonly string[];
}

export const KIND_WORDS: Readonly<Record<AlertKind, KindWords>> = {
  'port-scan': {
    name: 'Port scan',
    lookedFor: 'computers that try many ports or many computers',
    steps: [
      'Find out whether the scanning computer is yours and whether somebody scans on purpose, for example to test security.',
      'If it is an outside address, block it at the firewall and close the ports that nobody outside needs.',
      'If it is a computer of your own that should not do this, take it off the network and look at what runs on it.',
    ],
  },
  'host-discovery': {
    name: 'Host discovery',
    lookedFor: 'computers that search the network for others',
    steps: [
      'Find out whether the searching computer runs an inventory or monitoring tool; those do this on purpose.',
      'If not, look at what runs on it: searching the network is often the first step after a break-in.',
    ],
  },
  'brute-force': {
    name: 'Password guessing',
    lookedFor: 'logins that are tried again and again',
    steps: [
      'Look at the login records of the attacked computer for a success from this address. If there is one, treat the account as stolen.',
      'Change the passwords of the accounts that were tried, and allow logins by key or with a second factor only.',
      'Block the address, and let the service be reached only from where it is needed.',
    ],
  },
  'denial-of-service': {
    name: 'Flood',
    lookedFor: 'floods of packets or connections that keep a computer busy',
    steps: [
      'See whether the attacked service still answers. If it does not, ask your internet provider to filter the traffic before it reaches you.',
      'Do not block single addresses when there are very many: they are often forged. Limit rates instead, and switch on SYN cookies.',
      'If one of your own computers sends the flood, take it off the network.',
    ],
  },
  exfiltration: {
    name: 'Data leaving',
    lookedFor: 'unusual amounts of data that leave the network',
    steps: [
      'Ask the user of the computer whether they sent this data.',
      'If not, take the computer off the network and find out which files were read before.',
      'Block the destination, and change every password and key that may have been among the data.',
    ],
  },
  'reverse-shell': {
    name: 'Remote shell',
    lookedFor: 'shells that are handed to somebody outside',
    steps: [
      'Take the computer off the network at once, but leave it switched on: its memory shows what happened.',
      'Find the program that made the connection, and how it got there.',
      'Set the computer up anew, and change the passwords and keys that were used on it.',
    ],
  },
  'command-and-control': {
    name: 'Remote control',
    lookedFor: 'programs that take orders from outside',
    steps: [
      'Take the computer off the network, but leave it switched on.',
      'Find the program that made the connection, and look for the same destination in the traffic of other computers.',
      'Block the destination.',
    ],
  },
  beaconing: {
    name: 'Regular call home',
    lookedFor: 'connections that come back like clockwork',
    steps: [
      'Find the program that calls. Updates, mail and monitoring do this too.',
      'If nobody knows it, block the destination and take the computer off the network.',
    ],
  },
  'dns-tunnel': {
    name: 'Data in DNS look-ups',
    lookedFor: 'data hidden in DNS look-ups',
    steps: [
      'Block look-ups of the domain at your DNS server.',
      'Find the program on the computer that makes them. Some security products do this on purpose.',
    ],
  },
  tunnel: {
    name: 'Tunnel',
    lookedFor: 'one protocol hidden inside another',
    steps: [
      'Ask the user of the computer whether they set up a tunnel, for example a VPN.',
      'If not, block the destination and find the program that opened it.',
    ],
  },
  'man-in-the-middle': {
    name: 'Someone in the middle',
    lookedFor: 'computers that put themselves between others',
    steps: [
      'Find the device with the attacking address and unplug it.',
      'Change passwords that were used over unencrypted connections in that time.',
      'Switch on the protection that your switch has against it: ARP inspection, DHCP snooping.',
    ],
  },
  'lateral-movement': {
    name: 'Moving between computers',
    lookedFor: 'computers that take over one computer after the other',
    steps: [
      'Find out whether somebody administers these computers from there on purpose, for example to install updates.',
      'If not, take the computer that reaches out off the network, but leave it switched on, and look at who is logged in.',
      'Look on the computers that were reached for new services, tasks and programs, and change the password of the account that was used.',
    ],
  },
  exploit: {
    name: 'Attack on a weakness',
    lookedFor: 'attacks on weaknesses of programs',
    steps: [
      'See whether the attacked program has the weakness, and install its update.',
      'Look at what the attacked computer did afterwards: new connections and new files tell whether the attack worked.',
      'If it worked, take the computer off the network.',
    ],
  },
  'web-attack': {
    name: 'Attack on a web server',
    lookedFor: 'attacks in web requests',
    steps: [
      'Look in the web server’s log for how it answered these requests.',
      'Update the web application, and look for files that were planted.',
      'Block the address.',
    ],
  },
  'malware-transfer': {
    name: 'Harmful file',
    lookedFor: 'harmful programs on their way to a computer',
    steps: [
      'Do not open the file. Find it on the computer, and check it with a virus scanner.',
      'If it was opened, take the computer off the network.',
      'Block the address that it came from.',
    ],
  },
  policy: {
    name: 'Notice',
    lookedFor: 'habits that weaken security',
    steps: ['Decide whether this is wanted here. If it is not, talk to the user of the computer.'],
  },
  anomaly: {
    name: 'Unusual traffic',
    lookedFor: 'traffic unlike what the computer usually has',
    steps: ['Find the program behind it. Unusual is not yet harmful: something new may have been set up.'],
  },
  execution: {
    name: 'Suspicious program',
    lookedFor: 'programs that are started the way intruders start theirs',
    steps: [
      'Find out whether somebody at this computer started it on purpose, for example to install something.',
      'If not, take the computer off the network, but leave it switched on, and look at what the program started and wrote.',
      'Find out how it came to the computer; the programs above it tell.',
    ],
  },
  persistence: {
    name: 'Starts by itself',
    lookedFor: 'programs that are made to start by themselves',
    steps: [
      'Find out whether you or a program that you installed set this up.',
      'If not, remove the entry, and look at what it would have started and who wrote it.',
      'Look for other entries of the same time: intruders often leave several.',
    ],
  },
  'privilege-escalation': {
    name: 'More rights',
    lookedFor: 'programs that get rights they were not given',
    steps: [
      'Find out whether an administrator did this on purpose.',
      'If not, take the computer off the network: whoever did it may now do anything on it.',
      'Install updates of the system, and take back what was changed: file modes, groups, rules of sudo.',
    ],
  },
  'credential-access': {
    name: 'Passwords read',
    lookedFor: 'programs that read passwords and keys which are not theirs',
    steps: [
      'Find out whether a backup or somebody on purpose read these files.',
      'If not, change the passwords and replace the keys that were in them, from another computer.',
      'Look at what the program sent away afterwards.',
    ],
  },
  'defence-evasion': {
    name: 'Covering tracks',
    lookedFor: 'programs that hide themselves, remove traces or switch off protection',
    steps: [
      'Find out whether an administrator did this on purpose.',
      'If not, take the computer off the network, but leave it switched on: what is in memory may be all that is left.',
      'Switch the protection on again, and look at what happened shortly before.',
    ],
  },
  discovery: {
    name: 'Looking around',
    lookedFor: 'programs that find out all about the computer in a short time',
    steps: [
      'Find out whether somebody looked around on purpose, for example to find a fault.',
      'If not, look at how they got in: the programs above it tell.',
    ],
  },
  ransomware: {
    name: 'Files made unreadable',
    lookedFor: 'programs that make many files unreadable',
    steps: [
      'Stop the program, and take the computer off the network. Do not switch it off: the key may be in its memory.',
      'Do not pay before you have asked the police; for some kinds there are tools that bring files back.',
      'Bring the files back from a backup, after the computer was set up anew.',
    ],
  },
  malware: {
    name: 'Harmful program',
    lookedFor: 'programs and scripts whose content is known to be harmful',
    steps: [
      'Do not run the file. Where it runs already, end the program, and take the computer off the network.',
      'Find out how it came there: the program that wrote it tells.',
      'Look whether the same content, by its SHA-256, lies on other computers.',
    ],
  },
};

/** How severities are called. */
export const SEVERITY_WORDS: Readonly<Record<Severity, string>> = {
  critical: 'Critical',
  high: 'High',
  medium: 'Medium',
  low: 'Low',
  info: 'Info',
};
