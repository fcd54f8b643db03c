import type { CommandFact, Fact, HttpResponseFact, LoginFact, PropertyFact } from '../../../../contract/facts.ts';
import type { EndReason, FlowView, TrafficObserver } from '../../../../contract/traffic.ts';
import { BoundedMap } from '../bounded-map.ts';
import { isInitiatorCalled, namedEnd } from '../control-ends.ts';
import { type DetectorContext, defineDetector } from '../detector.ts';
import { initiatorText, isInitiatorInside, isResponderInside, responderText } from '../ends.ts';
import { isAdminShare, remoteActionOf, SERVICES_OF_ADMINISTRATION } from './remote-action.ts';
import { lateralMovementSettings } from './settings.ts';
import { describeMovement } from './story.ts';
import { addAccount, Travels } from './travels.ts';
import { judge, type Thresholds, type Verdict } from './verdict.ts';

/** Open conversations of which something is remembered. */
const MAX_FLOWS = 2048;
/** Computers that something new was heard of since the last look. */
const MAX_DIRTY = 256;
const MAX_REPORTED = 512;
const REPORT_GROWTH = 2;
const REPORT_EVERY_US = 60_000_000;
/** A session of remote desktop that only failed to log in is smaller, in either direction. */
const DESKTOP_CLIENT_BYTES = 4_000;
const DESKTOP_SERVER_BYTES = 40_000;
const WINRM_PATH = '/wsman';
/** A login by these is enough to go on from there. */
const INTERACTIVE: ReadonlySet<string> = new Set(['ssh', 'telnet', 'rdp', 'vnc', 'winrm']);

interface Reported {
  severity: string;
  targets: number;
  timeUs: number;
}

/** One inside computer that works on others: by whom it is done, how far it goes, and whether it goes on from there. */
class LateralMovementWatcher implements TrafficObserver {
  readonly #context: DetectorContext<typeof lateralMovementSettings>;
  readonly #thresholds: Thresholds;
  readonly #travels: Travels;
  /** Flows with an administrative share open; flows of remote desktop; requests of remote management. */
  readonly #shareFlows = new BoundedMap<number, true>(MAX_FLOWS);
  readonly #desktopFlows = new BoundedMap<number, true>(MAX_FLOWS);
  readonly #managementFlows = new BoundedMap<number, true>(MAX_FLOWS);
  readonly #dirty = new Set<string>();
  readonly #reported = new BoundedMap<string, Reported>(MAX_REPORTED);
  #lastTickSecond = Number.NaN;

  constructor(context: DetectorContext<typeof lateralMovementSettings>) {
    this.#context = context;
    const { hosts, controlledHosts, windowMinutes, learnHours } = context.settings;
    this.#thresholds = { hosts, controlledHosts, learnUs: learnHours * 3600e6 };
    this.#travels = new Travels(windowMinutes * 60e6);
  }

  fact(flow: FlowView, fact: Fact): void {
    switch (fact.type) {
      case 'login':
        if (SERVICES_OF_ADMINISTRATION[fact.protocol] !== undefined) this.#login(flow, fact);
        break;
      case 'command':
        if (fact.protocol === 'smb' || fact.protocol === 'rpc') this.#command(flow, fact);
        break;
      case 'property':
        if (fact.protocol === 'smb' && fact.name === 'share') this.#share(flow, fact);
        break;
      case 'protocol':
        if (fact.protocol === 'rdp' && isInside(flow)) this.#desktopFlows.set(flow.id, true);
        break;
      case 'http-request':
        if (fact.uri.toLowerCase().startsWith(WINRM_PATH) && isInside(flow)) this.#managementFlows.set(flow.id, true);
        break;
      case 'http-response':
        if (this.#managementFlows.size > 0) this.#managed(flow, fact);
        break;
    }
  }

  flowUpdate(flow: FlowView): void {
    if (this.#desktopFlows.size > 0) this.#desktop(flow);
  }

  flowEnd(flow: FlowView, _reason: EndReason): void {
    if (this.#desktopFlows.size > 0) this.#desktop(flow);
    this.#desktopFlows.delete(flow.id);
    this.#shareFlows.delete(flow.id);
    this.#managementFlows.delete(flow.id);
  }

  tick(nowUs: number): void {
    const second = Math.floor(nowUs / 1e6);
    // Ticks come once per second, and once more at the end.
    const isLast = second === this.#lastTickSecond;
    this.#lastTickSecond = second;
    for (const address of this.#dirty) this.#judge(address, nowUs, isLast);
  }

  clockReset(nowUs: number): void {
    for (const address of this.#dirty) this.#judge(address, nowUs, true);
    this.#dirty.clear();
    this.#reported.clear();
    this.#travels.clear();
    for (const flows of [this.#shareFlows, this.#desktopFlows, this.#managementFlows]) flows.clear();
    this.#lastTickSecond = Number.NaN;
  }

  #login(flow: FlowView, fact: LoginFact): void {
    if (fact.outcome !== 'success' || !isInside(flow)) return;
    const target = this.#visit(flow, fact.protocol, fact.timeUs);
    if (target === undefined) return;
    addAccount(target, fact.user === '' || fact.domain === '' ? fact.user : `${fact.domain}\\${fact.user}`);
    if (fact.method.startsWith('ntlm')) target.methods.add('ntlm');
  }

  #share(flow: FlowView, fact: PropertyFact): void {
    if (isAdminShare(fact.value) && isInside(flow)) this.#shareFlows.set(flow.id, true);
  }

  #command(flow: FlowView, fact: CommandFact): void {
    const action = remoteActionOf(fact, this.#shareFlows.peek(flow.id) !== undefined);
    if (action === undefined || !isInside(flow)) return;
    const target = this.#visit(flow, fact.protocol, fact.timeUs);
    target?.actions.set(action.id, action);
    if (target !== undefined) this.#travels.reach(callerOf(flow), target.address, fact.protocol, fact.timeUs);
  }

  #managed(flow: FlowView, fact: HttpResponseFact): void {
    if (this.#managementFlows.peek(flow.id) === undefined || fact.status !== 200) return;
    this.#managementFlows.delete(flow.id);
    this.#visit(flow, 'winrm', fact.timeUs);
  }

  #desktop(flow: FlowView): void {
    if (this.#desktopFlows.peek(flow.id) === undefined) return;
    if (flow.initiatorPayloadBytes < DESKTOP_CLIENT_BYTES || flow.responderPayloadBytes < DESKTOP_SERVER_BYTES) return;
    this.#desktopFlows.delete(flow.id);
    this.#visit(flow, 'rdp', flow.lastUs);
  }

  #visit(flow: FlowView, service: string, nowUs: number) {
    // Sessions of hours are met in their middle, where the server may be heard first.
    const isTurned = isInitiatorCalled(flow);
    const { landscape } = this.#context;
    const { address: from, mayAttack } = namedEnd(flow, !isTurned, landscape);
    const { address: to } = namedEnd(flow, isTurned, landscape);
    if (from === to || !mayAttack) return;
    if (this.#dirty.size < MAX_DIRTY) this.#dirty.add(from);
    const { target } = this.#travels.visit(from, to, service, nowUs);
    // Every computer uses shares of servers, which use shares of others; that is no way of going on.
    if (INTERACTIVE.has(service)) this.#travels.reach(from, to, service, nowUs);
    return target;
  }

  #judge(address: string, nowUs: number, isLast: boolean): void {
    const source = this.#travels.peek(address);
    const verdict = source === undefined ? null : judge(source, this.#thresholds, nowUs);
    if (source === undefined || verdict === null) {
      this.#dirty.delete(address);
      return;
    }
    const before = this.#reported.get(address);
    if (!isLast && before !== undefined && !isWorthTelling(before, verdict, nowUs)) return;
    this.#dirty.delete(address);
    this.#reported.set(address, { severity: verdict.severity, targets: verdict.targets.length, timeUs: nowUs });
    this.#context.report(describeMovement(source, verdict));
  }
}

function isWorthTelling(before: Reported, verdict: Verdict, nowUs: number): boolean {
  return (
    before.severity !== verdict.severity ||
    verdict.targets.length >= before.targets * REPORT_GROWTH ||
    nowUs - before.timeUs >= REPORT_EVERY_US
  );
}

/** Who called, and works on the other. */
function callerOf(flow: FlowView): string {
  return isInitiatorCalled(flow) ? responderText(flow) : initiatorText(flow);
}

function isInside(flow: FlowView): boolean {
  return isInitiatorInside(flow) && isResponderInside(flow);
}

export const lateralMovementDetector = defineDetector({
  id: 'lateral-movement',
  kind: 'lateral-movement',
  summary: 'One computer works on many others of the network, starts programs there, or goes on from where it came in.',
  techniques: [
    'T1021',
    'T1021.001',
    'T1021.002',
    'T1021.004',
    'T1021.005',
    'T1021.006',
    'T1047',
    'T1053',
    'T1543.003',
    'T1550.002',
    'T1569.002',
    'T1570',
  ],
  settings: lateralMovementSettings,
  interest: {
    facts: [
      'login',
      'command:smb',
      'command:rpc',
      'property:smb.share',
      'protocol:rdp',
      'http-request',
      'http-response',
    ],
    silentEnds: false,
  },
  memoryBound: '512 computers with 64 targets of 1 kB each, 6,144 conversations of 60 B',
  create: (context) => new LateralMovementWatcher(context),
});
