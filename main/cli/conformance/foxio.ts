/** JA4 of TLS clients as FoxIO's own program gives it: "name.json" beside "name.pcap". */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Expectation } from './expectation.ts';
import { endsOf, GoldenError, readJson } from './read-golden.ts';

const FOLDER = 'dpi/ja4';
const TCP = 6;
const UDP = 17;
/** Only JA4 itself: the rest of JA4+ is not free to use. */
const CLIENT_HELLO = /^JA4\.\d+$/;

const streamSchema = z.looseObject({
  src: z.string(),
  dst: z.string(),
  srcport: z.string(),
  dstport: z.string(),
  domain: z.string().optional(),
});

export function foxioExpectations(data: string): Expectation[] {
  const folder = join(data, FOLDER);
  if (!existsSync(folder)) throw new GoldenError(`${folder} is missing. Give the data folder with --data DIR.`);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) =>
      readJson(data, join(FOLDER, name), z.array(streamSchema)).flatMap((stream) =>
        expectationsOf(join(FOLDER, name.slice(0, -'.json'.length)), stream),
      ),
    );
}

function expectationsOf(capture: string, stream: z.infer<typeof streamSchema>): Expectation[] {
  const hashes = Object.entries(stream).flatMap(([key, value]) =>
    CLIENT_HELLO.test(key) && typeof value === 'string' ? [value] : [],
  );
  if (hashes.length === 0) return [];
  // The first letter says what the hello came over: TCP, QUIC or DTLS.
  const isStream = hashes[0].startsWith('t');
  const ends = endsOf(isStream ? TCP : UDP, stream.src, Number(stream.srcport), stream.dst, Number(stream.dstport));
  if (ends === undefined) return [];
  const protocol = isStream ? 'tls' : 'quic';
  const base = { source: 'FoxIO', capture, ends, protocol, match: 'same' } as const;
  const names = stream.domain === undefined || stream.domain === '' ? [] : [stream.domain];
  return [
    ...hashes.map((hash) => ({ ...base, field: 'ja4' as const, values: [hash] })),
    ...names.map((name) => ({ ...base, field: 'sni' as const, values: [name] })),
  ];
}
