/** For tests of detectors that read look-ups of names: questions and answers as the DNS parser tells them. */
import type { DnsFact } from '../../../contract/facts.ts';
import { PROTOCOL } from '../../../contract/traffic.ts';
import type { Player, ToldFact } from './testing.ts';

export interface Lookup {
  readonly name: string;
  /** "A" where it is left out. */
  readonly type?: string;
  /** Data of the answers; none where it is left out. */
  readonly answers?: readonly string[];
  readonly code?: string;
  readonly client?: string;
  readonly server?: string;
  /** Nobody answers. */
  readonly isUnanswered?: boolean;
}

export const DNS_CLIENT = '10.1.0.7';
export const DNS_SERVER = '203.0.113.53';

/** One look-up, a question and its answer, in a flow of its own. */
export function lookUp(player: Player, lookup: Lookup): void {
  const { client = DNS_CLIENT, server = DNS_SERVER, name, type = 'A', isUnanswered = false } = lookup;
  const answers = (lookup.answers ?? []).map((data) => ({ name, type, ttl: 60, data }));
  const question: DnsFact['questions'][number] = { name, type, class: 1 };
  const base = {
    type: 'dns',
    protocol: 'dns',
    id: 1,
    opcode: 0,
    isAuthoritative: false,
    isTruncated: false,
    recursionDesired: true,
    recursionAvailable: true,
    questions: [question],
    authorities: [],
    additionals: [],
  } as const;
  const asked: ToldFact = {
    ...base,
    isResponse: false,
    responseCode: 'NOERROR',
    answers: [],
    bytes: 18 + name.length,
    fromInitiator: true,
  };
  const answered: ToldFact = {
    ...base,
    isResponse: true,
    responseCode: lookup.code ?? (answers.length > 0 ? 'NOERROR' : 'NXDOMAIN'),
    answers,
    bytes: 18 + name.length + answers.reduce((sum, { data }) => sum + 12 + data.length, 0),
    fromInitiator: false,
  };
  player.play({
    from: client,
    to: server,
    port: 53,
    protocol: PROTOCOL.udp,
    service: 'dns',
    steps: [{ fact: asked }, ...(isUnanswered ? [] : [{ fact: answered }])],
  });
}

/** A repeatable source of texts over an alphabet (Lehmer generator, as in C++ minstd_rand). */
export function textSource(seed: number): (alphabet: string, length: number) => string {
  let state = seed;
  return (alphabet, length) => {
    let text = '';
    for (let index = 0; index < length; index++) {
      state = (state * 48_271) % 2_147_483_647;
      text += alphabet[state % alphabet.length];
    }
    return text;
  };
}

export const HEX = '0123456789abcdef';
export const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
export const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
