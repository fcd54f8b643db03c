import { FLOW_CHANGE, type FlowChange, TCP_FLAG, TCP_STATE } from '../../../contract/traffic.ts';
import { type Direction, FROM_INITIATOR, FROM_RESPONDER } from './flow-statistics.ts';

/** The bits of a state word that hold its TCP_STATE; behind them is who has sent FIN, and whatever the flow keeps. */
export const TCP_STATE_MASK = 0xff;
const FIN_FROM_INITIATOR = 1 << 8;
const FIN_FROM_RESPONDER = 1 << 9;
const BOTH_FINS = FIN_FROM_INITIATOR | FIN_FROM_RESPONDER;

/** What observers are told when a connection comes into a state; undefined for those that are no turning point. */
export const CHANGE_INTO: Readonly<Record<number, FlowChange | undefined>> = {
  [TCP_STATE.established]: FLOW_CHANGE.established,
  [TCP_STATE.refused]: FLOW_CHANGE.refused,
  [TCP_STATE.reset]: FLOW_CHANGE.reset,
  [TCP_STATE.closed]: FLOW_CHANGE.closed,
};

/** The state word of a connection after a packet (RFC 9293 3.3.2, as seen from outside). */
export function tcpStateAfter(word: number, direction: Direction, flags: number): number {
  const state = word & TCP_STATE_MASK;
  let next = state;
  let fins = word & BOTH_FINS;
  if (flags & TCP_FLAG.rst) {
    if (state === TCP_STATE.synSent && direction === FROM_RESPONDER) next = TCP_STATE.refused;
    else if (state < TCP_STATE.closed) next = TCP_STATE.reset;
  } else if (state === TCP_STATE.synSent) {
    if (direction === FROM_RESPONDER && (flags & (TCP_FLAG.syn | TCP_FLAG.ack)) === (TCP_FLAG.syn | TCP_FLAG.ack)) {
      next = TCP_STATE.synReceived;
    }
  } else if (state === TCP_STATE.synReceived) {
    if (direction === FROM_INITIATOR && (flags & (TCP_FLAG.syn | TCP_FLAG.ack)) === TCP_FLAG.ack) {
      next = TCP_STATE.established;
    }
  }
  if (flags & TCP_FLAG.fin && next < TCP_STATE.closed) {
    fins |= direction === FROM_INITIATOR ? FIN_FROM_INITIATOR : FIN_FROM_RESPONDER;
    next = fins === BOTH_FINS ? TCP_STATE.closed : TCP_STATE.closing;
  }
  return (word & ~(TCP_STATE_MASK | BOTH_FINS)) | next | fins;
}
