import { readFileSync } from 'node:fs';
import { SocketAddress } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import type { Ends } from './expectation.ts';

/** Something about the data that the person must put right. */
export class GoldenError extends Error {}

export function readText(data: string, name: string): string {
  try {
    const bytes = readFileSync(join(data, name));
    return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new GoldenError(`${join(data, name)} cannot be read (${reason}). Give the data folder with --data DIR.`);
  }
}

export function readJson<T>(data: string, name: string, schema: z.ZodType<T>): T {
  let json: unknown;
  try {
    json = JSON.parse(readText(data, name));
  } catch (error) {
    if (error instanceof GoldenError) throw error;
    throw new GoldenError(`${join(data, name)} is not valid JSON: ${String(error)}`);
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success)
    throw new GoldenError(`${join(data, name)} is not as expected:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** An address in the one form that is compared (RFC 5952); undefined where it is none. */
export function canonicalAddress(address: string): string | undefined {
  try {
    return new SocketAddress({ address, family: address.includes(':') ? 'ipv6' : 'ipv4' }).address.replace(
      /^::ffff:/,
      '',
    );
  } catch {
    return undefined;
  }
}

/** Undefined where an address is none: nDPI shortens some twice, and nobody can read those. */
export function endsOf(protocol: number, a: string, aPort: number, b: string, bPort: number): Ends | undefined {
  const first = canonicalAddress(a);
  const second = canonicalAddress(b);
  if (first === undefined || second === undefined) return undefined;
  return { protocol, a: first, aPort, b: second, bPort };
}

/** The same for both directions of a five-tuple. */
export function keyOf({ protocol, a, aPort, b, bPort }: Ends): string {
  const hasPorts = protocol === 6 || protocol === 17 || protocol === 132;
  const ends = hasPorts ? [`${a} ${aPort}`, `${b} ${bPort}`] : [a, b];
  return `${protocol} ${ends.sort().join(' ')}`;
}
