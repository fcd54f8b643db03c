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
    const input = tf.tensor2d(Float32Array.from(rows.flatMap((row) => [...row])), [rows.length, columns]);
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
