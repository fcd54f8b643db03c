/** Who controls and who is controlled, for the detectors of shells and of command and control. */
import { type FlowView, INITIATOR_BASIS, PROTOCOL } from '../../../contract/traffic.ts';
import { type AddressWords, formatAddress, isInternal } from '../runtime/address.ts';
import type { Landscape } from './landscape.ts';

/** Ports from here on are lent to callers (Linux from 32768, Windows from 49152; RFC 6335). */
const FIRST_LENT_PORT = 32_768;

/**
 * Whether the initiator of the flow was called, not calling: of a connection that is met in its middle the first
 * packet tells nothing, but the ports do when only one of them is of those lent to callers.
 */
export function isInitiatorCalled(flow: FlowView): boolean {
  if (flow.protocol !== PROTOCOL.tcp || flow.initiatorBasis !== INITIATOR_BASIS.firstPacket) return false;
  return flow.initiatorPort < FIRST_LENT_PORT && flow.responderPort >= FIRST_LENT_PORT;
}

/** One end of a flow, as it is named in a finding. */
export interface NamedEnd {
  readonly address: string;
  readonly port: number;
  readonly isInside: boolean;
  /** May be named as attacker. */
  readonly mayAttack: boolean;
}

export function namedEnd(flow: FlowView, isInitiator: boolean, landscape: Landscape): NamedEnd {
  return isInitiator
    ? nameEnd([flow.initiator0, flow.initiator1, flow.initiator2, flow.initiator3], flow.initiatorPort, landscape)
    : nameEnd([flow.responder0, flow.responder1, flow.responder2, flow.responder3], flow.responderPort, landscape);
}

/** The same of numbers that were kept: texts are made when there is something to say. */
export function nameEnd(words: AddressWords, port: number, landscape: Landscape): NamedEnd {
  return {
    address: formatAddress(...words),
    port,
    isInside: isInternal(...words),
    mayAttack: landscape.mayBeAttacker(...words),
  };
}

/** Attackers of a finding: none where the address is one that must not be acted on; the explanation says so. */
export function attackersOf(end: NamedEnd): readonly string[] {
  return end.mayAttack ? [end.address] : [];
}

/** Said in the explanation where the other end must not be named as attacker; empty elsewhere. */
export function notNamed(end: NamedEnd): string {
  return end.mayAttack
    ? ''
    : `${end.address} is a gateway, a DNS server or another address that is never named as attacker here, so look at it yourself.`;
}
