/** Real conversations of TLS, DTLS and QUIC, damaged in thousands of ways. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DATA, reasonToSkip } from '../../golden/data.ts';
import type { ProtocolDefinition } from '../protocol.ts';
import { quic } from '../quic/quic.ts';
import { inspectCapture, mutations, type Side } from '../testing.ts';
import { dtls } from './dtls.ts';
import { drive } from './testing.ts';
import { tls } from './tls.ts';

const OURS = [tls, dtls, quic];
/** Reads nine captures; on a busy machine that takes its time. */
const TIMEOUT_MS = 60_000;

describe(`damaged real conversations${reasonToSkip('dpi/ndpi')}`, () => {
  const CAPTURES = [
    '443-curl.pcap',
    'tls_heur__vmess.pcapng',
    'dtls_certificate_fragments.pcap',
    'quic-28.pcap',
    'quic_q50.pcap',
    'quic_t51.pcap',
    'quic_q43.pcap',
    'sites.pcapng',
    'tls_certificate_too_long.pcap',
  ];
  /** So many copies of each message, and so many messages. */
  const COPIES = 20;
  const MAX_MESSAGES = 150;

  it.skipIf(reasonToSkip('dpi/ndpi') !== '')(
    'never make a parser throw',
    async () => {
      let copies = 0;
      for (const capture of CAPTURES.filter((name) => existsSync(join(DATA, 'dpi/ndpi', name)))) {
        for (const [definition, exchange] of await recorded(join(DATA, 'dpi/ndpi', capture), MAX_MESSAGES)) {
          for (const [index, [side, bytes]] of exchange.entries()) {
            for (const damaged of mutations(bytes, index + 1, COPIES)) {
              drive(
                definition,
                exchange.slice(Math.max(0, index - 3), index + 2).with(Math.min(index, 3), [side, damaged]),
              );
              copies++;
            }
          }
        }
      }
      expect(copies).toBeGreaterThan(1_000);
    },
    TIMEOUT_MS,
  );
});

/** What the parsers were handed in a capture, conversation by conversation. */
async function recorded(
  path: string,
  maxMessages: number,
): Promise<(readonly [ProtocolDefinition, (readonly [Side, Uint8Array])[]])[]> {
  const conversations: (readonly [ProtocolDefinition, (readonly [Side, Uint8Array])[]])[] = [];
  let messages = 0;
  const spies = OURS.map(
    (definition): ProtocolDefinition => ({
      ...definition,
      parser: (context) => {
        const parser = definition.parser(context);
        const exchange: (readonly [Side, Uint8Array])[] = [];
        conversations.push([definition, exchange]);
        return {
          read: (bytes, fromInitiator) => {
            if (messages++ < maxMessages)
              exchange.push([fromInitiator ? 'initiator' : 'responder', new Uint8Array(bytes)]);
            return parser.read(bytes, fromInitiator);
          },
        };
      },
    }),
  );
  await inspectCapture(path, spies);
  return conversations;
}
