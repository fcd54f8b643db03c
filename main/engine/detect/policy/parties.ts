import { PROTOCOL_IDS, type ProtocolId } from '../../../../contract/facts.ts';
import { type FlowView, INITIATOR_BASIS } from '../../../../contract/traffic.ts';
import { isBroadcast, isLoopback, isMulticast, isUnspecified } from '../../runtime/address.ts';
import { type Ends, endsOf } from '../ends.ts';

/** Who uses a service, and where it is. */
export interface Parties {
  readonly client: string;
  readonly server: string;
  readonly port: number;
}

/** The protocols that a table has rows for. */
export function protocolIdsOf(table: Partial<Record<ProtocolId, unknown>>): readonly ProtocolId[] {
  return PROTOCOL_IDS.filter((id) => table[id] !== undefined);
}

/** From here on systems choose the ports of those who call (Linux; others choose higher ones). */
const FIRST_DYNAMIC_PORT = 32_768;

/**
 * The two sides of a flow as client and server: mostly the initiator is the client. Of a conversation that was met in
 * the middle nobody knows who began; a port that is only given to callers tells.
 */
export function partiesOf(flow: FlowView, ends: Ends = endsOf(flow)): Parties {
  const isUnknown = flow.initiatorBasis === INITIATOR_BASIS.firstPacket;
  const isReversed = isUnknown && flow.responderPort >= FIRST_DYNAMIC_PORT && flow.initiatorPort < FIRST_DYNAMIC_PORT;
  return isReversed
    ? { client: ends.responder, server: ends.initiator, port: ends.initiatorPort }
    : { client: ends.initiator, server: ends.responder, port: ends.responderPort };
}

/** Whether it is between two computers: what stays on one is nobody else's matter, and a group is no one. */
export function isBetweenHosts(flow: FlowView): boolean {
  const { initiator0, initiator1, initiator2, initiator3, responder0, responder1, responder2, responder3 } = flow;
  return (
    isHost(initiator0, initiator1, initiator2, initiator3) &&
    isHost(responder0, responder1, responder2, responder3) &&
    !isLoopback(responder0, responder1, responder2, responder3)
  );
}

function isHost(w0: number, w1: number, w2: number, w3: number): boolean {
  return !isMulticast(w0, w1, w2, w3) && !isBroadcast(w0, w1, w2, w3) && !isUnspecified(w0, w1, w2, w3);
}
