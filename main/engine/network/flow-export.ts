import { type EndReason, type FlowView, SERVICES, type TrafficObserver } from '../../../contract/traffic.ts';
import { ByteWriter } from './byte-writer.ts';
import { FeatureReader, type FlowSourceThunk } from './feature-reader.ts';
import { CICFLOWMETER_FEATURE_COUNT, FEATURES } from './features.ts';

/** Columns before the features, as in the flow files of CIC-IDS2017. */
const KEY_COLUMNS = [
  'Flow ID',
  'Source IP',
  'Source Port',
  'Destination IP',
  'Destination Port',
  'Protocol',
  'Timestamp',
] as const;
/** What CICFlowMeter writes where nobody has labelled the flow yet. */
const NO_LABEL = 'NeedManualLabel';
const END_REASONS = ['finished', 'idle-timeout', 'active-timeout', 'evicted', 'stopped', 'clock-reset'] as const;
const COMMA = 0x2c;
const NEWLINE = 0x0a;
const DASH = 0x2d;

/** The columns of the CSV: CIC-IDS2017's in its order up to "Label", then ours. */
export const CSV_COLUMNS: readonly string[] = [
  ...KEY_COLUMNS,
  ...FEATURES.slice(0, CICFLOWMETER_FEATURE_COUNT).map((feature) => feature.name),
  'Label',
  ...FEATURES.slice(CICFLOWMETER_FEATURE_COUNT).map((feature) => feature.name),
  'Service',
  'End Reason',
];

/** Rows kept together before a new block is taken: 1,024 rows of all features are under 0.5 MB. */
const BLOCK_ROWS = 1_024;

/**
 * Keeps the features of every flow in memory as 32-bit floats, in blocks. Flows of one packet that look
 * alike share one row, so that a flood costs 4 bytes a flow.
 */
export class FeatureTable implements TrafficObserver {
  readonly #blocks: Float32Array[] = [];
  #rows = 0;
  #rowOfFlow = new Uint32Array(BLOCK_ROWS);
  #flows = 0;
  readonly #reader: FeatureReader;

  constructor(source: FlowSourceThunk) {
    this.#reader = new FeatureReader(source);
  }

  /** How many flows there are. */
  get flows(): number {
    return this.#flows;
  }

  /** The value of feature number `feature` of flow number `flow`, both from 0. */
  value(flow: number, feature: number): number {
    const row = this.#rowOfFlow[flow];
    return this.#blocks[Math.floor(row / BLOCK_ROWS)][(row % BLOCK_ROWS) * FEATURES.length + feature];
  }

  flowEnd(flow: FlowView): void {
    const values = this.#reader.read(flow);
    const memo = this.#reader.memo;
    let row = memo === null ? -1 : memo.place;
    if (row < 0) {
      row = this.#rows++;
      const at = row % BLOCK_ROWS;
      if (at === 0) this.#blocks.push(new Float32Array(BLOCK_ROWS * FEATURES.length));
      this.#blocks[this.#blocks.length - 1].set(values, at * FEATURES.length);
      if (memo !== null) memo.place = row;
    }
    if (this.#flows === this.#rowOfFlow.length) {
      const longer = new Uint32Array(this.#flows * 2);
      longer.set(this.#rowOfFlow);
      this.#rowOfFlow = longer;
    }
    this.#rowOfFlow[this.#flows++] = row;
  }
}

/** Writes every flow that ends as a line of CSV. Call `start` before the first and `finish` after the last. */
export class FlowCsvExporter implements TrafficObserver {
  readonly #out: ByteWriter;
  readonly #reader: FeatureReader;

  constructor(source: FlowSourceThunk, write: (bytes: Uint8Array) => void) {
    this.#out = new ByteWriter(write);
    this.#reader = new FeatureReader(source);
  }

  readonly #parts = new Int32Array(2 * KEY_PARTS);

  start(): void {
    this.#out.text(`${CSV_COLUMNS.join(',')}\n`);
  }

  finish(): void {
    this.#out.flush();
  }

  flowEnd(flow: FlowView, reason: EndReason): void {
    const row = this.#reader.read(flow);
    const out = this.#out;
    // The key columns repeat what the flow id says: their bytes are copied from there.
    const parts = this.#parts;
    writeFlowId(out, flow, parts);
    for (let i = 0; i < KEY_PARTS; i++) {
      out.byte(COMMA);
      out.repeat(parts[2 * PART_ORDER[i]], parts[2 * PART_ORDER[i] + 1]);
    }
    out.byte(COMMA);
    out.timestamp(flow.firstUs);
    const known = this.#reader.memo;
    if (known?.text) {
      out.bytes(known.text);
    } else {
      const mark = out.mark;
      out.fields(row, 0, CICFLOWMETER_FEATURE_COUNT);
      out.text(`,${NO_LABEL}`);
      out.fields(row, CICFLOWMETER_FEATURE_COUNT, row.length);
      // Kept from the second time on: most that come once never come again.
      if (known && known.uses++ > 0) known.text = out.copyFrom(mark);
    }
    out.byte(COMMA);
    out.text(SERVICES[flow.service]);
    out.byte(COMMA);
    out.text(END_REASONS[reason]);
    out.byte(NEWLINE);
    out.rowDone();
  }
}

/** Writes every flow that ends as an object in the array `flows` of one JSON document. */
export class FlowJsonExporter implements TrafficObserver {
  readonly #out: ByteWriter;
  readonly #reader: FeatureReader;
  readonly #featureKeys = FEATURES.map((feature, i) => `${i === 0 ? '' : ','}${JSON.stringify(feature.name)}:`);
  readonly #parts = new Int32Array(2 * KEY_PARTS);
  #first = true;

  constructor(source: FlowSourceThunk, write: (bytes: Uint8Array) => void) {
    this.#out = new ByteWriter(write);
    this.#reader = new FeatureReader(source);
  }

  start(): void {
    this.#out.text('{"flows":[');
  }

  /** @param rest further members of the document, as JSON text without the braces: `"capture":{…}`. */
  finish(rest: string): void {
    this.#out.text(`\n],${rest}}\n`);
    this.#out.flush();
  }

  flowEnd(flow: FlowView, reason: EndReason): void {
    const row = this.#reader.read(flow);
    const out = this.#out;
    out.text(this.#first ? '\n{"id":"' : ',\n{"id":"');
    this.#first = false;
    writeFlowId(out, flow, this.#parts);
    out.text('","initiator":"');
    out.address(flow.initiator0, flow.initiator1, flow.initiator2, flow.initiator3);
    out.text('","initiatorPort":');
    out.whole(flow.initiatorPort);
    out.text(',"responder":"');
    out.address(flow.responder0, flow.responder1, flow.responder2, flow.responder3);
    out.text('","responderPort":');
    out.whole(flow.responderPort);
    out.text(',"protocol":');
    out.whole(flow.protocol);
    out.text(',"vlan":');
    out.whole(flow.vlan);
    out.text(',"start":"');
    out.timestamp(flow.firstUs);
    out.text(`","service":"${SERVICES[flow.service]}","endReason":"${END_REASONS[reason]}","features":{`);
    for (let i = 0; i < row.length; i++) {
      out.text(this.#featureKeys[i]);
      out.number(row[i]);
    }
    out.text('}}');
    out.rowDone();
  }
}

/** Parts of a flow id: initiator, responder, their ports, protocol. */
const KEY_PARTS = 5;
/** The order in which the key columns show them: source address and port, destination address and port, protocol. */
const PART_ORDER = [0, 2, 1, 3, 4] as const;

/** CICFlowMeter's flow id: both addresses, both ports, the protocol. Notes where each part begins and ends. */
function writeFlowId(out: ByteWriter, flow: FlowView, parts: Int32Array): void {
  parts[0] = out.mark;
  out.address(flow.initiator0, flow.initiator1, flow.initiator2, flow.initiator3);
  parts[1] = out.mark;
  out.byte(DASH);
  parts[2] = out.mark;
  out.address(flow.responder0, flow.responder1, flow.responder2, flow.responder3);
  parts[3] = out.mark;
  out.byte(DASH);
  parts[4] = out.mark;
  out.whole(flow.initiatorPort);
  parts[5] = out.mark;
  out.byte(DASH);
  parts[6] = out.mark;
  out.whole(flow.responderPort);
  parts[7] = out.mark;
  out.byte(DASH);
  parts[8] = out.mark;
  out.whole(flow.protocol);
  parts[9] = out.mark;
}
