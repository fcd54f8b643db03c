import type { FlowView } from '../../../contract/traffic.ts';
import { formatAddress, isInternal } from '../runtime/address.ts';

/** The two ends of a flow as texts: made when something is worth remembering, not for every packet. */
export interface Ends {
  readonly initiator: string;
  readonly responder: string;
  readonly initiatorPort: number;
  readonly responderPort: number;
  /** Private, link-local and loopback addresses are inside. */
  readonly isInitiatorInside: boolean;
  readonly isResponderInside: boolean;
}

export function initiatorText(flow: FlowView): string {
  return formatAddress(flow.initiator0, flow.initiator1, flow.initiator2, flow.initiator3);
}

export function responderText(flow: FlowView): string {
  return formatAddress(flow.responder0, flow.responder1, flow.responder2, flow.responder3);
}

export function isInitiatorInside(flow: FlowView): boolean {
  return isInternal(flow.initiator0, flow.initiator1, flow.initiator2, flow.initiator3);
}

export function isResponderInside(flow: FlowView): boolean {
  return isInternal(flow.responder0, flow.responder1, flow.responder2, flow.responder3);
}

export function endsOf(flow: FlowView): Ends {
  return {
    initiator: initiatorText(flow),
    responder: responderText(flow),
    initiatorPort: flow.initiatorPort,
    responderPort: flow.responderPort,
    isInitiatorInside: isInitiatorInside(flow),
    isResponderInside: isResponderInside(flow),
  };
}

/** "10.0.0.5:443", "[2001:db8::1]:443". */
export function endpointText(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
