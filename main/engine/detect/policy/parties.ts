import { type FlowView, INITIATOR_BASIS } from '../../../../contract/traffic.ts';
import { isLoopback } from '../../runtime/address.ts';
import { type Ends, endsOf } from '../ends.ts';

/** Who uses a service, and where it is. */
export interface Parties {
  readonly client: string;
  readonly server: string;
  readonly port: number;
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

/** What stays on the computer is nobody else's matter. */
export function staysOnHost(flow: FlowView): boolean {
  return isLoopback(flow.responder0, flow.responder1, flow.responder2, flow.responder3);
}
