/** Connections that Zeek logged for its own test captures: a conn.log per test, and a map from capture to logs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Conversations, endpointOf, sent } from './conversation.ts';
import { DATA } from './data.ts';

const ZEEK_MAP = 'dpi/zeek/map.json';

const map = z.record(z.string(), z.array(z.object({ log: z.string(), file: z.string() })));

const PROTOCOLS: Readonly<Record<string, number>> = { tcp: 6, udp: 17 };

/** Captures with a log that has all that is compared; several tests of one capture log the same connections. */
function connectionLogs(): Map<string, string> {
  const logs = new Map<string, string>();
  for (const [capture, entries] of Object.entries(map.parse(JSON.parse(readFileSync(join(DATA, ZEEK_MAP), 'utf8'))))) {
    for (const { log, file } of entries) {
      if (log !== 'conn.log') continue;
      const text = readFileSync(join(DATA, file), 'utf8');
      // Some tests keep only the columns that they are about.
      if (text.includes('\torig_ip_bytes\t')) logs.set(capture, text);
    }
  }
  return logs;
}

export function zeekConversations(): { conversations: Conversations; captures: string[] } {
  const conversations = new Conversations();
  const logs = connectionLogs();
  for (const [capture, text] of logs) {
    let columns: string[] = [];
    for (const line of text.trimEnd().split('\n')) {
      const cells = line.split('\t');
      if (cells[0] === '#fields') columns = cells.slice(1);
      if (line.startsWith('#')) continue;
      const value = (column: string) => cells[columns.indexOf(column)];
      const protocol = PROTOCOLS[value('proto')];
      if (protocol === undefined) continue;
      const side = (who: 'orig' | 'resp') =>
        sent(Number(value(`${who}_pkts`)), { ipBytes: Number(value(`${who}_ip_bytes`)) });
      conversations.add(capture, {
        protocol,
        initiator: endpointOf(protocol, value('id.orig_h'), Number(value('id.orig_p'))),
        responder: endpointOf(protocol, value('id.resp_h'), Number(value('id.resp_p'))),
        fromInitiator: side('orig'),
        fromResponder: side('resp'),
      });
    }
  }
  return { conversations, captures: [...logs.keys()] };
}
