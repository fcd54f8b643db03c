import type { Severity } from '../../../../contract/domain.ts';
import type { SettingValues } from '../../runtime/settings.ts';
import type { ShellSession } from './session.ts';
import type { reverseShellSettings } from './settings.ts';
import type { Talker } from './talker.ts';

/** How a shell was told. */
export type ShellForm =
  /** A host called out, and the end that it called types. */
  | 'reverse'
  /** Somebody called a host, whose shell answers. */
  | 'bound'
  /** Unreadable, in the rhythm of orders and answers. */
  | 'rhythm'
  /** The same inside TLS, where the roles of the two ends are known to be turned round. */
  | 'encrypted';

export interface ShellVerdict {
  readonly form: ShellForm;
  /** Whether the end that began the flow controls the other. */
  readonly isInitiatorController: boolean;
  readonly typist: Talker;
  readonly shell: Talker;
  readonly points: number;
  readonly severity: Severity;
  readonly confidence: number;
}

/** Signs of a shell that need no command beside them: a greeting and a prompt. */
const SHELL_BY_ITSELF = 8;
/** Such points on the side of the shell leave no doubt that it is one. */
const PLAIN_SHELL = 4;
/** What a person does who gives orders varies by a third and more; timers and replies do not. */
const LEAST_IRREGULARITY = 0.35;
/** An order is a line; a command with a path and arguments has fewer bytes, also encrypted. */
const MOST_ORDER_BYTES = 160;
/** In each record of TLS the called end says one line: replies of web servers, with their headers, are longer. */
const MOST_RECORD_BYTES = 128;
/** Of a shell nearly all bytes come from the caller; of a mail server that announces a letter, from the called end. */
const CALLER_BY_CALLED = 2;
/** Commands and what they print differ in length; signs of life do not. */
const LEAST_ORDER_SIZES = 3;
const LEAST_ANSWER_SIZES = 4;
const PROMPT_SHARE = 2 / 3;
/** What the caller says of its own accord, by the orders: more is an agent that reports. */
const UNASKED_SHARE = 1 / 3;
/** A person, or a program in a person's place, reads the answer before the next order. */
const LEAST_PAUSE_SECONDS = 1;
/** Inside TLS at these ports servers speak unasked by nature: IMAP, IRC, SIP, push messages, TURN, AMQP, MQTT (IANA). */
const PUSH_PORTS: ReadonlySet<number> = new Set([993, 994, 5061, 5223, 5228, 5349, 5671, 6697, 8883]);
/** Ports where a shell in clear text is the service itself: telnet, rexec, rlogin, rsh (IANA). */
const SHELL_SERVICES: ReadonlySet<number> = new Set([23, 107, 512, 513, 514]);
/** Points from which nothing more is needed to be certain. */
const CERTAIN_POINTS = 16;

/** What is known of a conversation; undefined while it may be anything. */
export function judge(
  session: ShellSession,
  settings: SettingValues<typeof reverseShellSettings>,
): ShellVerdict | undefined {
  const { initiator, responder } = session;
  const shellOfInitiator = initiator.shellPoints + responder.typedPoints;
  const shellOfResponder = responder.shellPoints + initiator.typedPoints;
  const isInitiatorShell = shellOfInitiator >= shellOfResponder;
  const shell = isInitiatorShell ? initiator : responder;
  const typist = isInitiatorShell ? responder : initiator;
  if (isShell(shell, typist, settings)) {
    const form = isInitiatorShell === session.isInitiatorCalled ? 'bound' : 'reverse';
    if (form === 'bound' && !isUninvited(session, shell)) return undefined;
    const points = shell.shellPoints + typist.typedPoints;
    return {
      form,
      isInitiatorController: !isInitiatorShell,
      typist,
      shell,
      points,
      severity: 'high',
      confidence: Number((0.8 + 0.19 * Math.min(1, points / CERTAIN_POINTS)).toFixed(2)),
    };
  }
  return encrypted(session, settings) ?? (session.isUsualTls ? undefined : rhythm(session, settings));
}

function isShell(shell: Talker, typist: Talker, settings: SettingValues<typeof reverseShellSettings>): boolean {
  const points = shell.shellPoints + typist.typedPoints;
  if (points < settings.points) return false;
  if (shell.shellPoints >= SHELL_BY_ITSELF) return true;
  if (shell.shellPoints >= PLAIN_SHELL && typist.commands > 0) return true;
  // Commands are answered; what only comes is a script that is sent, or mail.
  return (
    typist.answered >= settings.commandsAlone &&
    typist.commands >= settings.commandsAlone &&
    typist.typedPoints >= settings.points
  );
}

/** A shell that was called: not a console that asks who is there, nor a service that is for shells. */
function isUninvited(session: ShellSession, shell: Talker): boolean {
  return !shell.hasLoginPrompt && !SHELL_SERVICES.has(session.calledPort) && shell.shellPoints >= PLAIN_SHELL;
}

function encrypted(
  session: ShellSession,
  settings: SettingValues<typeof reverseShellSettings>,
): ShellVerdict | undefined {
  const { turns, hello } = session;
  if (hello === undefined || turns.answered < settings.encryptedOrders) return undefined;
  if (turns.orderBytes > turns.answered * MOST_RECORD_BYTES || turns.pauseSeconds < LEAST_PAUSE_SECONDS)
    return undefined;
  if (turns.callerBytes < turns.calledBytes * CALLER_BY_CALLED) return undefined;
  if (turns.orderSizes < LEAST_ORDER_SIZES || turns.answerSizes < LEAST_ANSWER_SIZES) return undefined;
  if (turns.promptAnswers < turns.answered * PROMPT_SHARE) return undefined;
  if (turns.unasked > turns.answered * UNASKED_SHARE) return undefined;
  const isPush = PUSH_PORTS.has(session.calledPort);
  const isStrange = hello.isNameless && !hello.hasProtocols && !session.isCalledInside && !isPush;
  return ordersVerdict(session, 'encrypted', isStrange ? 'medium' : 'low', isStrange ? 0.7 : 0.45);
}

function rhythm(session: ShellSession, settings: SettingValues<typeof reverseShellSettings>): ShellVerdict | undefined {
  const { turns } = session;
  if (turns.answered < settings.orders || turns.irregularity < LEAST_IRREGULARITY) return undefined;
  if (turns.orderBytes > turns.answered * MOST_ORDER_BYTES || turns.answerBytes < turns.orderBytes * 2)
    return undefined;
  if (turns.unasked > turns.answered) return undefined;
  return ordersVerdict(session, 'rhythm', 'low', 0.4);
}

/** The called end gives orders, which cannot be read. */
function ordersVerdict(
  session: ShellSession,
  form: 'rhythm' | 'encrypted',
  severity: Severity,
  confidence: number,
): ShellVerdict {
  const { initiator, responder, isInitiatorCalled, turns } = session;
  return {
    form,
    isInitiatorController: isInitiatorCalled,
    typist: isInitiatorCalled ? initiator : responder,
    shell: isInitiatorCalled ? responder : initiator,
    points: turns.answered,
    severity,
    confidence,
  };
}
