import type { FirewallChangeEvent, HostEvent, HostProcessWithParents } from '../../../contract/events.ts';
import { plainText } from '../../../contract/text.ts';
import { mayChangeFirewall } from '../runtime/firewall-programs.ts';
import { type Behaviour, type BehaviourContext, defineBehaviour } from './behaviour.ts';
import { hostFinding, shownProgram } from './host-finding.ts';
import { isInstalling } from './programs.ts';

const settings = {
  attributionMs: {
    type: 'number',
    default: 10_000,
    min: 1_000,
    max: 120_000,
    integer: true,
    unit: 'ms',
    reason:
      'How long after a program that changes firewalls was run a change is taken for its work. The kernel does not say ' +
      'who changed the rules; they are looked at a moment after such a program begins.',
  },
} as const;

type Context = BehaviourContext<typeof settings>;

/** Tables of these names translate and mark packets; nothing is let through that was not before. */
const NOT_FILTERS = /(?:^|[ _-])(?:nat|mangle|raw|security)$/;
/** Holdfast's own table comes and goes with what it blocks; who else touches it is found by self-protection. */
const OWN_TABLE = /^(?:inet|ip|ip6) holdfast$/;
const MAX_NAME_SHOWN = 80;

/** A firewall lost its rules, or began to let through what it kept out. */
class Firewall implements Behaviour {
  readonly #context: Context;
  #changer: { readonly process: HostProcessWithParents; readonly timeMs: number } | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  event(event: HostEvent): void {
    if (event.type === 'process-start') {
      const { process, timeMs } = event;
      if (mayChangeFirewall(process.image, process.arguments)) this.#changer = { process, timeMs };
    } else if (event.type === 'firewall-change' && event.action !== 'changed' && !OWN_TABLE.test(event.table)) {
      this.#lost(event);
    }
  }

  #lost(event: FirewallChangeEvent): void {
    const { timeMs, action, rulesBefore, rulesAfter } = event;
    const process = event.process ?? this.#changerAt(timeMs);
    if (process !== undefined && isInstalling([process, ...this.#context.processes.ancestors(process)])) return;
    const table = plainText(event.table, MAX_NAME_SHOWN);
    const chain = plainText(event.chain ?? '', MAX_NAME_SHOWN);
    const who = process === undefined ? 'Somebody' : shownProgram(process);
    const isFilter = action === 'opened' || !NOT_FILTERS.test(event.table);
    this.#context.report(
      hostFinding(
        {
          detector: 'firewall-change',
          kind: 'defence-evasion',
          cause: `firewall-change/${event.table}`,
          firstSeenMs: timeMs,
          lastSeenMs: timeMs,
          severity: isFilter ? 'medium' : 'low',
          confidence: process === undefined ? 0.6 : 0.7,
          techniques: ['T1562.004'],
          title:
            action === 'opened'
              ? `${who} opened chain ${chain} of the firewall's table ${table}`
              : `${who} removed all rules of the firewall's table ${table}`,
          explanation:
            action === 'opened'
              ? 'The chain dropped what no rule allowed; now it lets everything through, or is gone. Administrators do so for a short time to find a fault; intruders, to be reached from outside and to reach their own servers.'
              : 'The table had rules and has none any more. Administrators do so for a short time to find a fault; intruders, to be reached from outside and to reach their own servers.',
          evidence: [
            { name: 'rules before', value: rulesBefore, meaning: 'Rules in the table when it was last looked at.' },
            { name: 'rules now', value: rulesAfter, meaning: 'Rules in the table now.' },
            ...(event.hook === undefined
              ? []
              : [
                  {
                    name: 'hook',
                    value: plainText(event.hook, MAX_NAME_SHOWN),
                    meaning: 'Which packets pass the chain.',
                  },
                ]),
          ],
          ...(process !== undefined && { process }),
        },
        this.#context.processes,
      ),
    );
  }

  #changerAt(timeMs: number): HostProcessWithParents | undefined {
    const last = this.#changer;
    return last !== undefined && Math.abs(timeMs - last.timeMs) <= this.#context.settings.attributionMs
      ? last.process
      : undefined;
  }
}

export const firewallBehaviour = defineBehaviour({
  id: 'firewall-change',
  kinds: ['defence-evasion'],
  summary: 'The firewall lost its rules, or began to let through what it kept out.',
  techniques: ['T1562.004'],
  settings,
  events: ['process-start', 'firewall-change'],
  memoryBound: '1 process of 10 kB',
  create: (context) => new Firewall(context),
});
