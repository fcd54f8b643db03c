import { describe, expect, it } from 'vitest';
import type { TrafficObserver } from '../../../contract/traffic.ts';
import { tcpPacket, udpPacket } from './decode/testing.ts';
import { FeatureReader } from './feature-reader.ts';
import { FEATURES } from './features.ts';
import { CSV_COLUMNS, FeatureTable, FlowCsvExporter, FlowJsonExporter } from './flow-export.ts';
import { feed, SECOND, START, smallEngine } from './testing-frames.ts';
import type { TrafficEngine } from './traffic-engine.ts';

/** The header of the CIC-IDS2017 flow files; they have "Fwd Header Length" twice, readers call the second ".1". */
const PUBLISHED =
  'Flow ID,Source IP,Source Port,Destination IP,Destination Port,Protocol,Timestamp,Flow Duration,Total Fwd Packets,' +
  'Total Backward Packets,Total Length of Fwd Packets,Total Length of Bwd Packets,Fwd Packet Length Max,' +
  'Fwd Packet Length Min,Fwd Packet Length Mean,Fwd Packet Length Std,Bwd Packet Length Max,Bwd Packet Length Min,' +
  'Bwd Packet Length Mean,Bwd Packet Length Std,Flow Bytes/s,Flow Packets/s,Flow IAT Mean,Flow IAT Std,Flow IAT Max,' +
  'Flow IAT Min,Fwd IAT Total,Fwd IAT Mean,Fwd IAT Std,Fwd IAT Max,Fwd IAT Min,Bwd IAT Total,Bwd IAT Mean,' +
  'Bwd IAT Std,Bwd IAT Max,Bwd IAT Min,Fwd PSH Flags,Bwd PSH Flags,Fwd URG Flags,Bwd URG Flags,Fwd Header Length,' +
  'Bwd Header Length,Fwd Packets/s,Bwd Packets/s,Min Packet Length,Max Packet Length,Packet Length Mean,' +
  'Packet Length Std,Packet Length Variance,FIN Flag Count,SYN Flag Count,RST Flag Count,PSH Flag Count,' +
  'ACK Flag Count,URG Flag Count,CWE Flag Count,ECE Flag Count,Down/Up Ratio,Average Packet Size,' +
  'Avg Fwd Segment Size,Avg Bwd Segment Size,Fwd Header Length.1,Fwd Avg Bytes/Bulk,Fwd Avg Packets/Bulk,' +
  'Fwd Avg Bulk Rate,Bwd Avg Bytes/Bulk,Bwd Avg Packets/Bulk,Bwd Avg Bulk Rate,Subflow Fwd Packets,' +
  'Subflow Fwd Bytes,Subflow Bwd Packets,Subflow Bwd Bytes,Init_Win_bytes_forward,Init_Win_bytes_backward,' +
  'act_data_pkt_fwd,min_seg_size_forward,Active Mean,Active Std,Active Max,Active Min,Idle Mean,Idle Std,Idle Max,' +
  'Idle Min,Label';

const HOSTS = { from: '192.168.1.10', to: '192.168.1.20' };
const BACK = { from: HOSTS.to, to: HOSTS.from };

/** A short HTTP exchange, a DNS question over IPv6 without an answer, and a scan of ten alike probes. */
function play(engine: TrafficEngine): void {
  const there = { ...HOSTS, sourcePort: 50_000, destinationPort: 80 };
  const back = { ...BACK, sourcePort: 80, destinationPort: 50_000 };
  const frames = [
    tcpPacket({ ...there, flags: 'S', sequence: 1 }),
    tcpPacket({ ...back, flags: 'SA', sequence: 1 }),
    tcpPacket({ ...there, flags: 'PA', sequence: 2, payload: 'GET / HTTP/1.1\r\n\r\n' }),
    tcpPacket({ ...back, flags: 'PA', sequence: 2, payload: 'HTTP/1.1 200 OK\r\n\r\n' }),
    tcpPacket({ ...back, flags: 'PA', sequence: 21, payload: 'x'.repeat(1_000) }),
  ];
  for (const [i, frame] of frames.entries()) feed(engine, START + i * i * 12_345, frame);
  const query = { from: '2001:db8::1', to: '2001:db8::53', sourcePort: 5_000, destinationPort: 53 };
  feed(engine, START + SECOND, udpPacket({ ...query, payload: new Array(20).fill(7) }));
  for (let port = 1; port <= 10; port++) {
    const probe = tcpPacket({
      ...HOSTS,
      sourcePort: 60_000,
      destinationPort: 1_000 + port,
      flags: 'S',
      sequence: port,
    });
    feed(engine, START + 2 * SECOND + port, probe);
  }
}

/** Runs the traffic past an observer that is made with a way to the engine. */
function run<T extends TrafficObserver>(make: (source: () => TrafficEngine['flowSource']) => T): T {
  const observer = make(() => engine.flowSource);
  const engine = smallEngine(observer);
  play(engine);
  engine.finish();
  return observer;
}

/** The features of every flow, as the reader computes them, with who it is between. */
function computed(): number[][] {
  const rows: number[][] = [];
  run((source) => {
    const reader = new FeatureReader(source);
    return { flowEnd: (flow) => void rows.push([...reader.read(flow)]) };
  });
  return rows;
}

function csvText(): string {
  const pieces: Buffer[] = [];
  const exporter = run((source) => {
    const made = new FlowCsvExporter(source, (bytes) => pieces.push(Buffer.from(bytes)));
    made.start();
    return made;
  });
  exporter.finish();
  return Buffer.concat(pieces).toString();
}

/** What stands in a table for a number: six decimals at the most. */
function rounded(value: number): number {
  return Number.isFinite(value) ? Number(value.toFixed(6)) : 0;
}

describe('the CSV', () => {
  const [header, ...lines] = csvText().trimEnd().split('\n');
  const records = lines.map((line) => new Map(line.split(',').map((cell, i) => [CSV_COLUMNS[i], cell])));

  it('begins with the published columns in their order', () => {
    expect(header).toBe(CSV_COLUMNS.join(','));
    expect(header.slice(0, PUBLISHED.length)).toBe(PUBLISHED);
    expect(header[PUBLISHED.length]).toBe(',');
    expect(new Set(CSV_COLUMNS).size).toBe(CSV_COLUMNS.length);
  });

  it('has a cell for every column of every flow', () => {
    expect(lines).toHaveLength(12);
    for (const line of lines) expect(line.split(',')).toHaveLength(CSV_COLUMNS.length);
  });

  it('says whose flow it is', () => {
    const http = records.find((record) => record.get('Destination Port') === '80')!;
    expect(http.get('Flow ID')).toBe('192.168.1.10-192.168.1.20-50000-80-6');
    expect(http.get('Source IP')).toBe('192.168.1.10');
    expect(http.get('Timestamp')).toBe('2023-11-14 22:13:20.000000');
    expect([http.get('Service'), http.get('Label'), http.get('End Reason')]).toEqual([
      'http',
      'NeedManualLabel',
      'stopped',
    ]);
    const dns = records.find((record) => record.get('Destination Port') === '53')!;
    expect([dns.get('Source IP'), dns.get('Destination IP')]).toEqual(['2001:db8::1', '2001:db8::53']);
  });

  it('has the features as they are computed, to six decimals', () => {
    const rows = computed();
    for (const [i, record] of records.entries()) {
      const cells = FEATURES.map(({ name }) => Number(record.get(name)));
      expect(cells).toEqual(rows[i].map(rounded));
    }
  });

  it('keeps alike flows of one packet apart', () => {
    const ports = records.map((record) => Number(record.get('Destination Port'))).filter((port) => port > 1_000);
    expect(ports.sort((a, b) => a - b)).toEqual([1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010]);
  });
});

describe('the JSON', () => {
  it('is one document with every flow', () => {
    const pieces: Buffer[] = [];
    const exporter = run((source) => {
      const made = new FlowJsonExporter(source, (bytes) => pieces.push(Buffer.from(bytes)));
      made.start();
      return made;
    });
    exporter.finish('"capture":{"packets":16}');
    const document = JSON.parse(Buffer.concat(pieces).toString());
    expect(document.capture).toEqual({ packets: 16 });
    expect(document.flows).toHaveLength(12);
    const names = FEATURES.map(({ name }) => name);
    const rows = computed();
    for (const [i, flow] of document.flows.entries()) {
      expect(Object.keys(flow.features)).toEqual(names);
      expect(Object.values(flow.features)).toEqual(rows[i].map(rounded));
    }
    const http = document.flows.find((flow: { responderPort: number }) => flow.responderPort === 80);
    expect(http).toMatchObject({
      id: '192.168.1.10-192.168.1.20-50000-80-6',
      initiator: '192.168.1.10',
      initiatorPort: 50_000,
      responder: '192.168.1.20',
      protocol: 6,
      vlan: 0,
      start: '2023-11-14 22:13:20.000000',
      service: 'http',
      endReason: 'stopped',
    });
  });

  it('is one document without any flow, too', () => {
    const pieces: Buffer[] = [];
    const exporter = new FlowJsonExporter(
      () => {
        throw new Error('there is no flow to read');
      },
      (bytes) => pieces.push(Buffer.from(bytes)),
    );
    exporter.start();
    exporter.finish('"capture":{}');
    expect(JSON.parse(Buffer.concat(pieces).toString())).toEqual({ flows: [], capture: {} });
  });
});

describe('FeatureTable', () => {
  it('keeps every flow with all its features as 32-bit floats', () => {
    const table = run((source) => new FeatureTable(source));
    const rows = computed();
    expect(table.flows).toBe(rows.length);
    for (const [flow, row] of rows.entries()) {
      for (const [feature, value] of row.entries()) expect(table.value(flow, feature)).toBe(Math.fround(value));
    }
  });
});
