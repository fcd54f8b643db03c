import type { FlowFacts } from '../../engine/index.ts';
import type { Check, Ends, Expectation, Field, Match, Source } from './expectation.ts';
import { comparable, joined, valuesOf } from './our-values.ts';
import { canonicalAddress, keyOf } from './read-golden.ts';
import { ANY_TRANSPORT } from './zeek.ts';

type Values = ReturnType<typeof valuesOf>;

/** The outcome of one expectation or check. */
export interface Outcome {
  readonly source: Source;
  readonly capture: string;
  readonly protocol: string;
  readonly field: Field | 'check';
  readonly agrees: boolean;
  /** For the list of what differs: whose flow, what was expected, and what we say. */
  readonly flow: string;
  readonly expected: string;
  readonly ours: string;
}

const TRANSPORTS = [6, 17, 132];
/** What we say is listed no further than this. */
const LISTED_VALUES = 6;

/** What we say about one capture, ready to be asked. */
export class OurCapture {
  readonly #byKey = new Map<string, Values>();
  readonly #flows: readonly { readonly ends: Ends; readonly values: Values }[];
  readonly #all: Values;

  constructor(flows: readonly FlowFacts[]) {
    this.#flows = flows.map((flow) => ({
      values: valuesOf(flow.facts),
      ends: {
        protocol: flow.protocol,
        a: canonicalAddress(flow.initiator) ?? flow.initiator,
        aPort: flow.initiatorPort,
        b: canonicalAddress(flow.responder) ?? flow.responder,
        bPort: flow.responderPort,
      },
    }));
    const groups = Map.groupBy(this.#flows, ({ ends }) => keyOf(ends));
    for (const [key, group] of groups) this.#byKey.set(key, joined(group.map(({ values }) => values)));
    this.#all = joined(this.#flows.map(({ values }) => values));
  }

  judge(expectation: Expectation): Outcome {
    const { source, capture, protocol, field, values, match } = expectation;
    const ours = this.#valuesFor(expectation.ends);
    return {
      source,
      capture,
      protocol,
      field,
      agrees: ours !== undefined && agrees(ours, field, values, match),
      flow: expectation.ends === undefined ? 'any flow' : flowText(expectation.ends),
      expected: values.join(' or '),
      ours: ours === undefined ? 'no such flow' : textOf(ours, field),
    };
  }

  /** A check holds where one flow has all of it. */
  check({ source, capture, protocol, ends, wanted }: Check): Outcome {
    const flows = this.#flows.filter((flow) => isOf(flow.ends, ends));
    const all = flows.map(({ values }) => values);
    const holds = all.some((values) => wanted.every((want) => agrees(values, want.field, want.values, want.match)));
    const together = joined(all.length === 0 ? [new Map()] : all);
    const missing = wanted.filter((want) => !agrees(together, want.field, want.values, want.match));
    const shown = missing.length > 0 ? missing : wanted;
    return {
      source,
      capture,
      protocol,
      field: 'check',
      agrees: holds,
      flow: flowText(ends),
      expected: shown.map(({ field, values }) => `${field}: ${values.join(' or ')}`).join('; '),
      ours: all.length === 0 ? 'no such flow' : shown.map(({ field }) => textOf(together, field)).join('; '),
    };
  }

  #valuesFor(ends: Ends | undefined): Values | undefined {
    if (ends === undefined) return this.#all;
    if (ends.protocol !== ANY_TRANSPORT) return this.#byKey.get(keyOf(ends));
    const found = TRANSPORTS.flatMap((protocol) => this.#byKey.get(keyOf({ ...ends, protocol })) ?? []);
    return found.length === 0 ? undefined : joined(found);
  }
}

function agrees(ours: Values, field: Field, values: readonly string[], match: Match): boolean {
  const found = ours.get(field);
  if (found === undefined) return false;
  return values.some((value) => {
    const expected = comparable(field, value);
    if (found.has(expected)) return true;
    if (match === 'same') return false;
    return [...found].some((text) => (match === 'begins' ? text.startsWith(expected) : text.includes(expected)));
  });
}

/** Whether a flow is one that the check speaks of: either end may be named first. */
function isOf(flow: Ends, wanted: Partial<Ends>): boolean {
  if (wanted.protocol !== undefined && wanted.protocol !== flow.protocol) return false;
  const fits = (address: string, port: number, a: string | undefined, aPort: number | undefined) =>
    (a === undefined || a === address) && (aPort === undefined || aPort === port);
  const { a, aPort, b, bPort } = wanted;
  return (
    (fits(flow.a, flow.aPort, a, aPort) && fits(flow.b, flow.bPort, b, bPort)) ||
    (fits(flow.b, flow.bPort, a, aPort) && fits(flow.a, flow.aPort, b, bPort))
  );
}

function flowText(ends: Partial<Ends>): string {
  return `${ends.protocol ?? '?'} ${ends.a ?? '*'}:${ends.aPort ?? '*'} ${ends.b ?? '*'}:${ends.bPort ?? '*'}`;
}

function textOf(values: Values, field: Field): string {
  const found = [...(values.get(field) ?? [])];
  const more = found.length > LISTED_VALUES ? `, … ${found.length - LISTED_VALUES} more` : '';
  return found.length === 0 ? 'nothing' : found.slice(0, LISTED_VALUES).join(', ') + more;
}
