import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Autoencoder, activationOf } from './autoencoder.ts';
import { type Epoch, trainAutoencoder } from './autoencoder-training.ts';
import { type ModelDocument, ModelDocumentError, matrixOf, Random, readModel, Scaler, scoreRows } from './index.ts';
import { fromTensorFlow, toTensorFlow } from './tensorflow-format.ts';
import { aucOf, twoGroups } from './testing.ts';
import { layers, startTensorFlow, tf } from './training/tensorflow.ts';

const TABLE = twoGroups(11);
const QUICK = { layers: [16, 8, 3], epochs: 15 };
const EPOCHS: Epoch[] = [];
const folder = mkdtempSync(join(tmpdir(), 'holdfast-autoencoder-'));
let model: Autoencoder;
let ofFew: Autoencoder;

beforeAll(async () => {
  model = await trainAutoencoder(TABLE.train, QUICK, { onEpoch: (epoch) => EPOCHS.push(epoch) });
  ofFew = await trainAutoencoder(TABLE.train);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Of layers so wide, with weights of chance. */
function networkOf(widths: readonly number[]): Autoencoder {
  const random = new Random(5);
  const columns = widths[0]!;
  const made = widths.slice(1).map((units, index, all) => {
    const inputs = widths[index]!;
    const weights = (length: number) => Float32Array.from({ length }, () => random.normal() / Math.sqrt(inputs));
    const activation = activationOf(index, all.length);
    return { inputs, units, activation, kernel: weights(inputs * units), bias: weights(units) };
  });
  const ones = new Float64Array(columns).fill(1);
  return new Autoencoder({
    layers: made,
    precision: ones,
    centre: new Float64Array(columns),
    narrowness: ones,
    lowest: new Float64Array(columns).fill(-1),
    highest: new Float64Array(columns).fill(1),
    room: ones,
    loss: 1,
  });
}

const copyOf = (document: object): Record<string, unknown> => JSON.parse(JSON.stringify(document));

describe('autoencoder', () => {
  it('ranks unusual rows above usual ones', () => {
    expect(aucOf(model, TABLE)).toBeGreaterThan(0.95);
  });

  it('tells how the errors fall', () => {
    expect(EPOCHS.map(({ epoch }) => epoch)).toEqual(Array.from({ length: EPOCHS.length }, (_, i) => i + 1));
    expect(EPOCHS[0]).toMatchObject({ epochs: 15 });
    expect(EPOCHS.at(-1)!.training).toBeLessThan(EPOCHS[0]!.training / 2);
    expect(model.loss).toBe(Math.min(...EPOCHS.map(({ heldBack }) => heldBack)));
  });

  it('solves for the last weights of few rows where no layers are asked for', () => {
    expect(ofFew.layers.map(({ units }) => units)).toEqual([128, 5]);
    expect(aucOf(ofFew, TABLE)).toBeGreaterThan(0.97);
    const rows = TABLE.train.data;
    const said = Array.from({ length: TABLE.train.rows }, (_, row) => [...ofFew.reconstruct(rows, row * 5)]).flat();
    // No factor on what is said could bring it nearer to the rows.
    const nearer = said.reduce((sum, value, place) => sum + value * (rows[place]! - value), 0);
    expect(Math.abs(nearer) / said.reduce((sum, value) => sum + value ** 2, 0)).toBeLessThan(0.01);
  });

  it('is the same for the same rows and seed, another for another, and leaves no tensors behind', async () => {
    const few = { ...TABLE.train, rows: 100, data: TABLE.train.data.slice(0, 500) };
    const settings = { ...QUICK, epochs: 2 };
    const first = await trainAutoencoder(few, settings);
    const { numTensors } = tf.memory();
    const second = await trainAutoencoder(few, settings);
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(second.toJSON()).toEqual(first.toJSON());
    expect((await trainAutoencoder(few, { ...settings, seed: 2 })).toJSON()).not.toEqual(first.toJSON());
  });

  it('ends when it was told to', async () => {
    const controller = new AbortController();
    const epochs: Epoch[] = [];
    const training = trainAutoencoder(TABLE.train, QUICK, {
      signal: controller.signal,
      onEpoch(epoch) {
        epochs.push(epoch);
        controller.abort();
      },
    });
    await expect(training).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    expect(epochs).toHaveLength(1);
  });

  it('ends early where held-back rows are said no better', async () => {
    const epochs: Epoch[] = [];
    const rows = matrixOf(Array.from({ length: 120 }, (_, i) => [(i * 7919) % 101, (i * 104_729) % 97]));
    const settings = { layers: [8], epochs: 200, patience: 2, learningRate: 0.1, noise: 2 };
    await trainAutoencoder(rows, settings, { onEpoch: (epoch) => epochs.push(epoch) });
    expect(epochs.length).toBeLessThan(200);
  });

  it('refuses settings and rows that make no sense', async () => {
    for (const settings of [{ layers: [] }, { layers: [0] }, { epochs: -1 }, { noise: Number.NaN }, { patience: 0 }]) {
      await expect(trainAutoencoder(TABLE.train, settings)).rejects.toThrow(RangeError);
    }
    await expect(trainAutoencoder(matrixOf([[1, 2]]))).rejects.toThrow(RangeError);
  });

  it('learns from rows that are all equal', async () => {
    const same = await trainAutoencoder(matrixOf(Array.from({ length: 60 }, () => [1, 2, 3])), QUICK);
    const far = same.score(Float64Array.of(1, 2, 9));
    expect(far).toBeGreaterThan(same.score(Float64Array.of(1, 2, 3)));
    const parts = same.explain(Float64Array.of(1, 2, 9));
    expect(parts.indexOf(Math.max(...parts))).toBe(2);
  });

  it('scores the same after it was saved and read', () => {
    const read = readModel(copyOf(model.toJSON()));
    expect(read.kind).toBe('autoencoder');
    expect(scoreRows(read, TABLE.test)).toEqual(scoreRows(model, TABLE.test));
    expect(read.toJSON()).toEqual(model.toJSON());
  });

  it('gives the same score at any offset', () => {
    const scores = scoreRows(model, TABLE.test);
    for (const row of [0, 7, 239]) expect(model.score(TABLE.test.data.slice(row * 5, row * 5 + 5))).toBe(scores[row]);
  });

  it('explains by the column that is wrong', () => {
    for (let column = 0; column < 5; column++) {
      const row = Float64Array.from({ length: 5 }, (_, index) => (index === column ? 40 : 4));
      const parts = model.explain(row);
      expect(parts.indexOf(Math.max(...parts)), `column ${column}`).toBe(column);
      expect(parts.reduce((sum, part) => sum + part)).toBeCloseTo(1, 9);
    }
  });

  it('hears values as they are up to the ends of what it learnt from, and ever less of them beyond', () => {
    const { rows, columns, data } = TABLE.train;
    for (let row = 0; row < rows; row++) {
      const offset = row * columns;
      expect(model.heard(data, offset)).toEqual(Float32Array.from(data.subarray(offset, offset + columns)));
    }
    const [lowest, highest] = [model.lowest[2]!, model.highest[2]!];
    const column = Array.from({ length: rows }, (_, row) => data[row * columns + 2]!);
    expect([lowest, highest]).toEqual([Math.min(...column), Math.max(...column)]);
    const heardAt = (value: number) => model.heard(Float64Array.of(4, 4, value, 4, 4))[2]!;
    const room = model.room[2]!;
    expect(room).toBeCloseTo(5 / Math.sqrt(model.narrowness[2]!), 9);
    let former = { up: highest, down: lowest };
    for (const by of [0.1, 1, 10, 100, 1_000]) {
      const heard = { up: heardAt(highest + by), down: heardAt(lowest - by) };
      expect(heard.up).toBeGreaterThan(former.up);
      expect(heard.down).toBeLessThan(former.down);
      expect(heard.up - highest).toBeLessThan(Math.min(by, room));
      expect(heard.up - highest).toBeCloseTo(lowest - heard.down, 4);
      former = heard;
    }
    expect(heardAt(highest + room)).toBeCloseTo(highest + room / 2, 4);
    expect(heardAt(1e300)).toBeCloseTo(highest + room, 4);
  });

  it('hears less of wild values that it learns from, too', async () => {
    const data = TABLE.train.data.slice();
    data[2] = 1e6;
    const column = Array.from({ length: TABLE.train.rows }, (_, row) => data[row * 5 + 2]!);
    const mean = column.reduce((sum, value) => sum + value) / column.length;
    const deviation = Math.sqrt(column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / column.length);
    const { highest, lowest, room } = await trainAutoencoder({ ...TABLE.train, data }, { ...QUICK, epochs: 1 });
    expect(highest[2]! / (mean + 20 * deviation)).toBeCloseTo(1, 9);
    expect(highest[2]).toBeLessThan(1e6);
    expect(room[2]! / (5 * deviation)).toBeCloseTo(1, 9);
    expect(lowest[2]).toBe(Math.min(...column));
  });

  it('does not let one wild value make the other columns seem wrong', () => {
    const errorsOf = (value: number, of: Autoencoder) => {
      const said = of.reconstruct(Float64Array.of(4, 4, value, 4, 4));
      return Math.max(...[0, 1, 3, 4].map((column) => Math.abs(said[column]! - 4)));
    };
    const { columns, layers: weights, precision, centre, narrowness, loss } = ofFew;
    const far = new Float64Array(columns).fill(1e20);
    const without = { lowest: far.map((each) => -each), highest: far, room: far };
    const endless = new Autoencoder({ layers: weights, precision, centre, narrowness, loss, ...without });
    expect(errorsOf(4, ofFew)).toBe(errorsOf(4, endless));
    expect(errorsOf(1e4, ofFew)).toBeLessThan(errorsOf(1e4, endless) / 2);
  });

  it('reads what was saved before ends were, and counts all values as they are', () => {
    const former = copyOf(model.toJSON());
    Object.assign(former, { version: 1 });
    expect(() => readModel(former)).toThrow(ModelDocumentError);
    delete former.lowest;
    delete former.highest;
    delete former.room;
    const read = readModel(former) as Autoencoder;
    const far = Float64Array.of(4, 4, 4e6, 4, -4e6);
    expect(read.heard(far)).toEqual(Float32Array.from(far));
    expect(read.score(far)).toBeGreaterThan(model.score(far));
    const usual = TABLE.train.data.slice(0, 5);
    expect(read.score(usual)).toBe(model.score(usual));
    const { 'model.json': json, 'weights.bin': weights } = toTensorFlow(model);
    const saved = copyOf(json);
    const metadata = (saved.userDefinedMetadata as { holdfast: Record<string, unknown> }).holdfast;
    metadata.version = 1;
    delete metadata.lowest;
    delete metadata.highest;
    delete metadata.room;
    expect(fromTensorFlow(saved, weights).model.toJSON()).toEqual(read.toJSON());
  });

  it('stays finite for any finite row', () => {
    const value = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(fc.array(value, { minLength: 5, maxLength: 5 }), (row) => {
        expect(Number.isFinite(model.score(Float64Array.from(row)))).toBe(true);
        expect(model.explain(Float64Array.from(row)).every(Number.isFinite)).toBe(true);
      }),
    );
  });

  it('refuses broken and hostile documents', () => {
    const broken: ((document: Record<string, unknown>) => void)[] = [
      (document) => delete document.loss,
      (document) => Object.assign(document, { columns: 6 }),
      (document) => Object.assign(document, { columns: 1e9 }),
      (document) => Object.assign(document, { extra: 1 }),
      (document) => Object.assign(document, { precision: 'AAAA' }),
      (document) => Object.assign(document, { centre: 'AAAA' }),
      (document) => delete document.narrowness,
      (document) => delete document.lowest,
      (document) => Object.assign(document, { highest: 'AAAA' }),
      (document) => Object.assign(document, { room: document.lowest }),
      (document) => Object.assign(document, { version: 3 }),
      (document) => Object.assign(document, { layers: [] }),
      (document) => (document.layers as unknown[]).pop(),
      (document) => (document.layers as unknown[]).push((document.layers as unknown[])[0]),
      (document) => Object.assign((document.layers as object[])[1]!, { units: 4_000 }),
      (document) =>
        Object.assign((document.layers as object[])[0]!, { bias: Buffer.alloc(64, 0xff).toString('base64') }),
    ];
    for (const breakIt of broken) {
      const document = copyOf(model.toJSON());
      breakIt(document);
      expect(() => readModel(document), breakIt.toString()).toThrow(ModelDocumentError);
    }
  });
});

describe('as a model of TensorFlow.js', () => {
  it.each([
    ['as it was learnt', () => model],
    ['of the usual size', () => networkOf([80, 64, 32, 16, 32, 64, 80])],
    ['as it is learnt from few rows', () => ofFew],
  ])('is computed as TensorFlow.js computes it, %s, from files that it loads itself', async (_, make) => {
    await startTensorFlow();
    const network = make();
    const { columns } = network;
    const random = new Random(3);
    const rows = Array.from({ length: 100 }, () => new Float64Array(columns).map(() => 3 * random.normal()));
    for (const [name, content] of Object.entries(toTensorFlow(network))) {
      writeFileSync(join(folder, name), content instanceof Uint8Array ? content : JSON.stringify(content));
    }
    const loaded = await layers.loadLayersModel({
      load: async () => {
        const json = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8'));
        const bytes = Uint8Array.from(readFileSync(join(folder, 'weights.bin')));
        return tf.io.getModelArtifactsForJSONSync(json, json.weightsManifest[0].weights, bytes.buffer);
      },
    });
    const heard = rows.flatMap((row) => [...network.heard(row)]);
    expect(heard).not.toEqual(rows.flatMap((row) => [...Float32Array.from(row)]));
    const input = tf.tensor2d(heard, [rows.length, columns]);
    const output = loaded.predict(input) as ReturnType<typeof tf.zeros>;
    const theirs = output.dataSync();
    const differences = rows.flatMap((row, index) =>
      Array.from(network.reconstruct(row), (value, column) => Math.abs(value - theirs[index * columns + column]!)),
    );
    expect(Math.max(...differences)).toBeLessThan(1e-5);
    for (const thing of [input, output, loaded]) thing.dispose();
  });

  it('is read again as it was, with what rows go through before', () => {
    const { 'model.json': json, 'weights.bin': weights } = toTensorFlow(model);
    const read = fromTensorFlow(copyOf(json), weights);
    expect(read.model.toJSON()).toEqual(model.toJSON());
    expect(read.scaler).toBeUndefined();
    const scaler = Scaler.fit(TABLE.train, {
      meanings: ['amount', 'amount', 'wide-amount', 'amount', 'amount'],
      scaling: 'robust',
      limit: 10,
    });
    const both = toTensorFlow(model, scaler);
    const again = fromTensorFlow(copyOf(both['model.json']), both['weights.bin']);
    expect(again.scaler?.toJSON()).toEqual(scaler.toJSON());
  });

  it('refuses files that are broken or of another shape', () => {
    const { 'model.json': json, 'weights.bin': weights } = toTensorFlow(model);
    const bad = (change: (document: Record<string, unknown>) => void): ModelDocument => {
      const document = copyOf(json);
      change(document);
      return document as ModelDocument;
    };
    const topologyOf = (document: Record<string, unknown>) =>
      (document.modelTopology as { config: { layers: { class_name: string; config: Record<string, unknown> }[] } })
        .config;
    const documents = [
      null,
      [],
      {},
      bad((document) => Object.assign(document, { format: 'graph-model' })),
      bad((document) => delete document.userDefinedMetadata),
      bad((document) => Object.assign(topologyOf(document), { layers: 'none' })),
      bad((document) => Object.assign(topologyOf(document).layers[1]!, { class_name: 'Lambda' })),
      bad((document) => Object.assign(topologyOf(document).layers[0]!.config, { units: 1e9 })),
      bad((document) => Object.assign(topologyOf(document).layers[0]!.config, { activation: 'relu' })),
    ];
    for (const document of documents) expect(() => fromTensorFlow(document, weights)).toThrow(ModelDocumentError);
    expect(() => fromTensorFlow(json, weights.subarray(4))).toThrow(ModelDocumentError);
    expect(() => fromTensorFlow(json, new Uint8Array([...weights, 0]))).toThrow(ModelDocumentError);
    const wild = weights.slice();
    wild.fill(0xff, 0, 4);
    expect(() => fromTensorFlow(json, wild)).toThrow(ModelDocumentError);
  });
});
