/** Links from a story into Hunt. Pure. */
import { linkTo } from '../../../lib/address.ts';

/** Only what the query language reads as an address: a MAC address is none. */
const IP = /^(\d{1,3}(\.\d{1,3}){3}|[0-9a-f]*:[0-9a-f:.]*:[0-9a-f.]*)$/i;
const MAC = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i;

/** Null where a host cannot be asked for. */
export function huntHost(address: string): string | null {
  return IP.test(address) && !MAC.test(address) ? linkTo('hunt', null, { q: `flows where host = ${address}` }) : null;
}

/** The same query over another time. @param fromMs milliseconds since the epoch */
export function huntBetween(query: string, fromMs: number, untilMs: number): string {
  const head = query.replace(/ since \S+ until \S+$/, '');
  return `${head} since ${isoSecond(Math.floor(fromMs / 1_000))} until ${isoSecond(Math.ceil(untilMs / 1_000))}`;
}

function isoSecond(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replace(/\.\d+Z$/, 'Z');
}
