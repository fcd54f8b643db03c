import { type LoginFact, MAX_FACT_TEXT, type PropertyFact, type ProtocolId } from '../../../../contract/facts.ts';
import type { ParserContext, Unstamped } from './protocol.ts';

/**
 * Facts of one conversation. A peer that repeats itself must fill neither the store nor the queue to it: more says no
 * more than these do.
 */
const MAX_PROPERTIES = 256;
const MAX_COMMANDS = 1_024;
const MAX_LOGINS = 256;
/** So many properties are looked through one by one. */
const INDEXED_FROM = 16;

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
  /** Those that were told. */
  readonly #properties: Unstamped<PropertyFact>[] = [];
  /** The same by name and value, once there are too many to look at each. */
  #index: Set<string> | undefined = undefined;
  /** Who asks and logs in, whoever's bytes are being read when that is told. */
  isClientInitiator = true;
  readonly #wantsCommands: boolean;
  #commandsLeft = MAX_COMMANDS;
  #loginsLeft = MAX_LOGINS;

  constructor(context: ParserContext, protocol: ProtocolId) {
    this.#context = context;
    this.#protocol = protocol;
    this.#wantsCommands = context.isWanted?.('command', protocol) ?? true;
  }

  /** Whether anybody wants to hear of it: for values that are costly to write. */
  wantsProperty(name: string): boolean {
    return this.#context.isWanted?.('property', this.#protocol, name) ?? true;
  }

  /** Each value of a name is told once; an empty one is not told. */
  property(name: string, value: string): void {
    if (value === '' || this.#properties.length >= MAX_PROPERTIES || !this.wantsProperty(name)) return;
    const text = bounded(value);
    if (this.#isTold(name, text)) return;
    const fact: Unstamped<PropertyFact> = { type: 'property', protocol: this.#protocol, name, value: text };
    this.#properties.push(fact);
    this.#context.tell(fact);
  }

  /** Most conversations have a handful of properties, for which a set would cost more than the facts. */
  #isTold(name: string, value: string): boolean {
    const properties = this.#properties;
    if (properties.length < INDEXED_FROM) {
      for (let i = 0; i < properties.length; i++) {
        if (properties[i].name === name && properties[i].value === value) return true;
      }
      return false;
    }
    this.#index ??= new Set(properties.map((told) => keyOf(told.name, told.value)));
    const key = keyOf(name, value);
    if (this.#index.has(key)) return true;
    this.#index.add(key);
    return false;
  }

  /** @param status of the answer; -1 where it is not known */
  command(command: string, argument: string, status = -1): void {
    if (!this.#wantsCommands || this.#commandsLeft === 0) return;
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

function keyOf(name: string, value: string): string {
  return `${name}\0${value}`;
}

function bounded(text: string): string {
  return text.length > MAX_FACT_TEXT ? text.slice(0, MAX_FACT_TEXT) : text;
}
