import type { Evidence, Finding } from '../../../../contract/domain.ts';
import { PROTOCOL } from '../../../../contract/traffic.ts';
import { attackersOf, type NamedEnd, notNamed } from '../control-ends.ts';
import { endpointText } from '../ends.ts';
import { countOf, formatDuration, listOf } from '../finding-text.ts';
import type { Landscape } from '../landscape.ts';
import type { ShellSession } from './session.ts';
import type { ShellForm, ShellVerdict } from './verdict.ts';

/** Names the shell itself; a sign such as "/bin/sh" or the greeting of Windows does. */
const WINDOWS = /windows|[a-z]:\\|ipconfig|net user/i;

const TITLES: Readonly<Record<ShellForm, (controller: string, controlled: string) => string>> = {
  reverse: (controller, controlled) => `${controlled} called ${controller} and gave it a command shell`,
  bound: (controller, controlled) => `${controller} uses an open command shell on ${controlled}`,
  rhythm: (controller, controlled) => `${controlled} called ${controller} and seems to take orders from it`,
  encrypted: (controller, controlled) =>
    `${controlled} called ${controller} and seems to give it an encrypted command shell`,
};

interface Ends {
  readonly controller: NamedEnd;
  readonly controlled: NamedEnd;
}

export function describeShell(session: ShellSession, verdict: ShellVerdict, landscape: Landscape): Finding {
  const { form, severity, confidence, isInitiatorController } = verdict;
  const controller = session.end(isInitiatorController, landscape);
  const controlled = session.end(!isInitiatorController, landscape);
  return {
    detector: 'reverse-shell',
    kind: 'reverse-shell',
    cause: `reverse-shell/${controlled.address}/${controller.address}`,
    firstSeenMs: session.firstUs / 1000,
    lastSeenMs: session.lastUs / 1000,
    severity,
    confidence,
    techniques: techniques(verdict),
    attackers: attackersOf(controller),
    victims: [controlled.address],
    attackerCount: attackersOf(controller).length,
    victimCount: 1,
    title: TITLES[form](endpointText(controller.address, controller.port), controlled.address),
    explanation: explain(session, verdict, { controller, controlled }),
    evidence: evidence(session, verdict),
  };
}

function techniques({ form, shell, typist }: ShellVerdict): string[] {
  if (form === 'rhythm') return ['T1095', 'T1571'];
  if (form === 'encrypted') return ['T1059', 'T1573'];
  const isWindows = [...shell.quotedSigns, ...typist.quotedCommands].some((line) => WINDOWS.test(line));
  const brings = typist.quotedCommands.some((line) => /\b(curl|wget|certutil|bitsadmin|tftp|scp)\b/.test(line));
  return [isWindows ? 'T1059.003' : 'T1059.004', 'T1095', 'T1571', ...(brings ? ['T1105'] : [])];
}

function explain(session: ShellSession, verdict: ShellVerdict, { controller, controlled }: Ends): string {
  const { form, typist, shell } = verdict;
  const transport = session.protocol === PROTOCOL.udp ? 'UDP' : 'TCP';
  const seconds = (session.lastUs - session.firstUs) / 1e6;
  const where = `${transport} port ${session.calledPort}`;
  const sentences: string[] = [];
  if (form === 'rhythm') {
    const { answered } = session.turns;
    sentences.push(
      `${controlled.address} called ${controller.address} at ${where} in no protocol that is known, and within ${formatDuration(seconds)} answered ${countOf(answered, 'short message')} of the other end at length, at no steady pace; usually the one who calls asks, and the other answers.`,
      'This is how a remote shell looks when it is encrypted. Programs for remote management and some games do the same.',
    );
  } else if (form === 'encrypted') {
    const { answered } = session.turns;
    const isNameless = session.hello?.isNameless === true;
    sentences.push(
      `${controlled.address} called ${controller.address} at ${where} by TLS${isNameless ? ' without naming a server' : ''}, and within ${formatDuration(seconds)} the called end said ${countOf(answered, 'short message')}, each after a silence; ${controlled.address} answered at once and at greater length.`,
      'Usually the one who calls asks and the server answers. Turned round like this, the called end most likely types commands into a shell, which encryption hides.',
      'Some programs for remote management look the same: ask whether one of yours was in use.',
    );
  } else {
    sentences.push(
      form === 'reverse'
        ? `${controlled.address} called ${controller.address} at ${where}, and the called end typed commands there that ${controlled.address} carried out, in clear text for ${formatDuration(seconds)}.`
        : `${controller.address} called ${controlled.address} at ${where}, where a command shell answered that asked for no password, for ${formatDuration(seconds)}.`,
      typist.typed > 0
        ? `It typed ${countOf(typist.typed, 'command')}, among them ${listOf(typist.quotedCommands.map((line) => `“${line}”`))}.`
        : `The shell shows itself: ${shell.quotedSigns[0] ?? 'its prompt'}.`,
      'Ordinary administration uses SSH, which is encrypted and asks who is there; whoever has this shell controls the computer.',
    );
  }
  const refused = notNamed(controller);
  if (refused !== '') sentences.push(refused);
  return sentences.join(' ');
}

function evidence(session: ShellSession, { form, typist, shell, points }: ShellVerdict): Evidence[] {
  const port: Evidence = {
    name: 'called port',
    value: session.calledPort,
    meaning: 'What is said there is in no protocol that belongs to a port.',
  };
  if (form === 'encrypted') return encryptedEvidence(session);
  if (form === 'rhythm') {
    const { answered, orderBytes, answerBytes, irregularity } = session.turns;
    return [
      {
        name: 'orders of the called end',
        value: answered,
        unit: 'messages',
        usual: '0 to 3',
        usualRange: { low: 0, high: 3 },
        meaning: 'After a silence the called end said something short, and the caller answered.',
      },
      {
        name: 'answer for each byte of an order',
        value: Number((answerBytes / Math.max(1, orderBytes)).toPrecision(2)),
        unit: 'B',
        usual: 'under 1',
        usualRange: { low: 0, high: 1 },
        meaning: 'Commands are short, and what they print is long.',
      },
      {
        name: 'irregularity of the orders',
        value: Number(irregularity.toFixed(2)),
        usual: 'under 0.3 for a timer',
        usualRange: { low: 0, high: 0.3 },
        meaning: 'A person, not a clock, sets the pace.',
      },
      port,
    ];
  }
  return [
    {
      name: 'commands typed',
      value: typist.typed,
      unit: 'commands',
      usual: '0',
      usualRange: { low: 0, high: 0 },
      meaning: 'Lines of the controlling end that are commands of a shell.',
    },
    ...typist.quotedCommands.map((value) => ({ name: 'command', value, meaning: 'As it was typed.' })),
    ...shell.quotedSigns.map((value) => ({ name: 'sign of a shell', value, meaning: 'As the shell sent it.' })),
    {
      name: 'weight of the signs',
      value: points,
      unit: 'points',
      usual: '0 to 2',
      usualRange: { low: 0, high: 2 },
      meaning: 'Commands, prompts and output together.',
    },
    port,
  ];
}

function encryptedEvidence({ turns, hello, calledPort }: ShellSession): Evidence[] {
  return [
    {
      name: 'orders of the called end',
      value: turns.answered,
      unit: 'messages',
      usual: '0 to 2',
      usualRange: { low: 0, high: 2 },
      meaning: 'After a silence the called end said something short, and the caller answered.',
    },
    {
      name: 'answered within a second',
      value: turns.promptAnswers,
      unit: 'messages',
      usual: '0 to 2',
      usualRange: { low: 0, high: 2 },
      meaning: 'A program acts on what is said; it is no person who reads news.',
    },
    {
      name: 'sent by the caller for each byte of the called end',
      value: Number((turns.callerBytes / Math.max(1, turns.calledBytes)).toPrecision(2)),
      unit: 'B',
      usual: 'under 1',
      usualRange: { low: 0, high: 1 },
      meaning: 'Commands are short, and what they print is long; of servers it is the other way round.',
    },
    {
      name: 'pause between orders',
      value: Number(turns.pauseSeconds.toPrecision(2)),
      unit: 's',
      meaning: 'Long enough to read an answer before the next order.',
    },
    {
      name: 'server that was named',
      value: hello?.isNameless === true ? 'none' : 'yes',
      usual: 'a name',
      meaning: 'Browsers and updates say whom they want.',
    },
    {
      name: 'protocols proposed',
      value: hello?.hasProtocols === true ? 'yes' : 'none',
      usual: 'those of the web',
      meaning: 'Browsers say what they want to speak; this program did not.',
    },
    { name: 'called port', value: calledPort, meaning: 'Attackers like ports that firewalls let out.' },
  ];
}
