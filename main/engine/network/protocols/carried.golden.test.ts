/**
 * Hellos and certificates that other protocols carry, against what Arkime and Zeek say of their own captures: OpenVPN,
 * IKE, RDP, Android's debug bridge, Facebook's hello over TCP.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FlowFacts } from './fact-collector.ts';
import { inspectCapture } from './testing.ts';

const DATA = join(process.env.HOLDFAST_TEST_DATA ?? join(import.meta.dirname, '../../../../../shared/data'), 'dpi');
const reason = existsSync(DATA) ? '' : ` (skipped: ${DATA} is not there)`;
const ZEEK_LOG = 'zeek/expected/scripts.base.protocols.rdp.rdp-x509/x509.log';

interface Session {
  readonly source: { readonly ip: string; readonly port: number };
  readonly destination: { readonly ip: string; readonly port: number };
  readonly tls?: { readonly ja3?: readonly string[]; readonly ja3s?: readonly string[] };
  readonly http?: { readonly host?: readonly string[] };
  readonly quic?: { readonly host?: readonly string[] };
  readonly cert?: readonly { readonly hash: string }[];
}

function sessionsOf(capture: string): readonly Session[] {
  const text = readFileSync(join(DATA, 'arkime', `${capture}.test`), 'utf8');
  const { sessions3 } = JSON.parse(text) as { readonly sessions3: readonly { readonly body: Session }[] };
  return sessions3.map(({ body }) => body);
}

function expectedOf({ tls, http, quic, cert }: Session): readonly string[] {
  const hashes = (cert ?? []).map(({ hash }) => hash.replaceAll(':', ''));
  return [...(tls?.ja3 ?? []), ...(tls?.ja3s ?? []), ...(http?.host ?? []), ...(quic?.host ?? []), ...hashes];
}

/** What our facts say of the same. */
function saidOf({ facts }: FlowFacts): readonly string[] {
  return facts.flatMap((fact) => {
    switch (fact.type) {
      case 'tls-client':
        return [fact.serverName, fact.ja3];
      case 'tls-server':
        return [fact.ja3s];
      case 'quic':
        return [fact.serverName];
      case 'certificate':
        return [fact.sha1];
      default:
        return [];
    }
  });
}

describe(`carried by other protocols${reason}`, () => {
  it.skipIf(reason !== '').each([
    ['openvpn_synthetic', 12],
    ['ike-cert_synthetic', 4],
    ['adb_synthetic', 3],
    ['fbzero-android', 1],
  ])('%s', async (capture, least) => {
    const flows = await inspectCapture(join(DATA, 'arkime', `${capture}.pcap`));
    let compared = 0;
    for (const session of sessionsOf(capture)) {
      const flow = flows.find(
        ({ initiatorPort, responderPort, initiator }) =>
          initiatorPort === session.source.port &&
          responderPort === session.destination.port &&
          initiator === session.source.ip,
      );
      const said = flow === undefined ? [] : saidOf(flow);
      for (const value of expectedOf(session)) {
        expect(said, `${session.source.ip}:${session.source.port}`).toContain(value);
        compared++;
      }
    }
    expect(compared).toBeGreaterThanOrEqual(least);
  });

  it.skipIf(reason !== '')('certificates of an RDP server', async () => {
    const rows = readFileSync(join(DATA, ZEEK_LOG), 'utf8').split('\n');
    const names = rows.find((row) => row.startsWith('#fields'))?.split('\t') ?? [];
    // The first word of that row is its own name.
    const column = names.indexOf('fingerprint') - 1;
    const expected = rows.filter((row) => row !== '' && !row.startsWith('#')).map((row) => row.split('\t')[column]);
    const flows = await inspectCapture(join(DATA, 'zeek/rdp/rdp-x509.pcap'));
    const told = flows.flatMap(({ facts }) =>
      facts.flatMap((fact) => (fact.type === 'certificate' ? [fact.sha256] : [])),
    );
    expect(expected).toHaveLength(2);
    expect(told.toSorted()).toEqual(expected.toSorted());
  });
});
