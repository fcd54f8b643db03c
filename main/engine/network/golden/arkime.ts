/** Sessions that Arkime 5 wrote down for its own test captures: one JSON document beside each capture. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Conversations, endpointOf, sent } from './conversation.ts';
import { DATA } from './data.ts';

/** Sessions of link protocols (ARP, LLDP) have no addresses. */
const side = z.object({
  ip: z.string().optional(),
  port: z.number().optional(),
  packets: z.number(),
  bytes: z.number(),
});
const document = z.object({
  sessions3: z.array(z.object({ body: z.object({ ipProtocol: z.number(), source: side, destination: side }) })),
});

export function arkimeConversations(captures: readonly string[]): Conversations {
  const conversations = new Conversations();
  for (const capture of captures) {
    const path = join(DATA, capture.replace(/\.\w+$/, '.test'));
    for (const { body } of document.parse(JSON.parse(readFileSync(path, 'utf8'))).sessions3) {
      const { ipProtocol, source, destination } = body;
      if (source.ip === undefined || destination.ip === undefined) continue;
      conversations.add(capture, {
        protocol: ipProtocol,
        initiator: endpointOf(ipProtocol, source.ip, source.port ?? 0),
        responder: endpointOf(ipProtocol, destination.ip, destination.port ?? 0),
        fromInitiator: sent(source.packets, { wireBytes: source.bytes }),
        fromResponder: sent(destination.packets, { wireBytes: destination.bytes }),
      });
    }
  }
  return conversations;
}
