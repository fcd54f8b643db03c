import type { AnomalySubject } from '../../models/index.ts';
import { type RecordedFlow, transportName } from '../../network/index.ts';
import { isInternal, parseAddress } from '../../runtime/address.ts';

/** What an unusual conversation is about. */
export function subjectOf(flow: RecordedFlow): AnomalySubject {
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
