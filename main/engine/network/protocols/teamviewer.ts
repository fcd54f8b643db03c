import { PROTOCOL } from '../../../../contract/traffic.ts';
import { mayStartWith } from './bytes.ts';
import { type ProtocolDefinition, VERDICT } from './protocol.ts';

/** What a client says first: the mark of version 1 of its protocol, command 10 (its identity), flags. */
const FIRST = '\x17\x24\x0a\x20';
const HEADER_BYTES = 12;
/** Mark of the newer form of messages, which answer it. */
const MARKS: readonly (readonly [number, number])[] = [
  [0x17, 0x24],
  [0x11, 0x30],
];

/**
 * TeamViewer over TCP, told by its first message and the mark of the answer, as published captures have them (the
 * protocol is not documented). Over TLS and over UDP it is not told.
 */
export const teamviewer: ProtocolDefinition = {
  id: 'teamviewer',
  transports: [PROTOCOL.tcp],
  ports: [5938],
  identify({ initiator, responder }) {
    if (!mayStartWith(initiator, FIRST)) return VERDICT.no;
    if (initiator.length < HEADER_BYTES || responder.length < 2) return VERDICT.maybe;
    return MARKS.some(([first, second]) => responder[0] === first && responder[1] === second)
      ? VERDICT.yes
      : VERDICT.no;
  },
  parser(context) {
    // What follows is encrypted.
    context.finish();
    return { read: (bytes) => bytes.length };
  },
};
