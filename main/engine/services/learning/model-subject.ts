import type { AnomalySubject } from '../../models/index.ts';
import { type RecordedFlow, transportName } from '../../network/index.ts';
import { isInternal, parseAddress } from '../../runtime/address.ts';

/** What of a conversation its subject is made of. */
export type FlowEnds = Pick<RecordedFlow, 'initiator' | 'responder' | 'responderPort' | 'service' | 'protocol'>;

/** What an unusual conversation is about. */
export function subjectOf(flow: FlowEnds): AnomalySubject {
  const { initiator, responder, responderPort, service } = flow;
  return {
    table: 'flow',
    initiator,
    responder,
    responderPort,
    transport: transportName(flow.protocol),
    service,
    isInitiatorInside: isInside(initiator),
    isResponderInside: isInside(responder),
  };
}

function isInside(address: string): boolean {
  const words = parseAddress(address);
  return words !== null && isInternal(...words);
}
