import { type LoginFact, MAX_FACT_TEXT, type ProtocolId } from '../../../../contract/facts.ts';
import type { ParserContext } from './protocol.ts';

/**
 * Facts of one conversation. A peer that repeats itself must fill neither the store nor the queue to it: more says no
 * more than these do.
 */
const MAX_PROPERTIES = 256;
const MAX_COMMANDS = 1_024;
const MAX_LOGINS = 256;

export interface LoginDetails {
  readonly user: string;
  readonly outcome: LoginFact['outcome'];
  readonly method: string;
  readonly domain?: string;
  readonly host?: string;
  readonly isCleartext?: boolean;
}

/** Tells the facts that most protocols have, bounded in number and length. */
export class Teller {
  readonly #context: ParserContext;
  readonly #protocol: ProtocolId;
  readonly #properties = new Set<string>();
  /** Who asks and logs in, whoever's bytes are being read when that is told. */
  isClientInitiator = true;
  #commandsLeft = MAX_COMMANDS;
  #loginsLeft = MAX_LOGINS;

  constructor(context: ParserContext, protocol: ProtocolId) {
    this.#context = context;
    this.#protocol = protocol;
  }

  /** Each value of a name is told once; an empty one is not told. */
  property(name: string, value: string): void {
    if (value === '' || this.#properties.size >= MAX_PROPERTIES) return;
    const text = bounded(value);
    const key = `${name}\0${text}`;
    if (this.#properties.has(key)) return;
    this.#properties.add(key);
    this.#context.tell({ type: 'property', protocol: this.#protocol, name, value: text });
  }

  /** @param status of the answer; -1 where it is not known */
  command(command: string, argument: string, status = -1): void {
    if (this.#commandsLeft === 0) return;
    this.#commandsLeft--;
    this.#context.tell(
      { type: 'command', protocol: this.#protocol, command: bounded(command), argument: bounded(argument), status },
      this.isClientInitiator,
    );
  }

  login(login: LoginDetails): void {
    if (this.#loginsLeft === 0) return;
    this.#loginsLeft--;
    this.#context.tell(
      {
        type: 'login',
        protocol: this.#protocol,
        user: bounded(login.user),
        domain: bounded(login.domain ?? ''),
        host: bounded(login.host ?? ''),
        outcome: login.outcome,
        isCleartext: login.isCleartext ?? false,
        method: bounded(login.method),
      },
      this.isClientInitiator,
    );
  }
}

function bounded(text: string): string {
  return text.length > MAX_FACT_TEXT ? text.slice(0, MAX_FACT_TEXT) : text;
}
