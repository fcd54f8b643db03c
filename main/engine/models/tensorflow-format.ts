/**
 * Autoencoders as TensorFlow.js keeps models: `model.json`, with the topology of Keras and the list of weights, and
 * `weights.bin`, their bytes. `tf.loadLayersModel` reads what is written here. What a row must go through before
 * (scaling, logarithms, a column for each name) and how errors are weighed stand beside it in the metadata.
 *
 * https://www.tensorflow.org/js/guide/save_load; https://github.com/tensorflow/tfjs/blob/master/tfjs-core/src/io/types.ts
 */
import { AUTOENCODER_VERSION, Autoencoder, activationOf, MAX_LAYERS } from './autoencoder.ts';
import type { DenseLayer } from './dense-layer.ts';
import { encodeNumbers, type Json, type ModelDocument, ModelDocumentError } from './document.ts';
import { MAX_COLUMNS } from './matrix.ts';
import { Scaler } from './scaler.ts';

/** The two files. */
export interface TensorFlowModel {
  readonly 'model.json': ModelDocument;
  readonly 'weights.bin': Uint8Array;
}

const WEIGHTS_FILE = 'weights.bin';
const FORMAT = 'layers-model';
const METADATA = 'holdfast';
/** Bytes of one weight. */
const WIDTH = Float32Array.BYTES_PER_ELEMENT;

export function toTensorFlow(model: Autoencoder, scaler?: Scaler): TensorFlowModel {
  const { layers } = model;
  const nameOf = (index: number) => `dense_${index + 1}`;
  const weights = layers.flatMap(({ kernel, bias }) => [kernel, bias]);
  const bytes = new Uint8Array(weights.reduce((sum, { byteLength }) => sum + byteLength, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const weight of weights.flatMap((numbers) => [...numbers])) {
    view.setFloat32(at, weight, true);
    at += WIDTH;
  }
  const document: ModelDocument = {
    format: FORMAT,
    generatedBy: 'Holdfast',
    convertedBy: null,
    modelTopology: {
      class_name: 'Sequential',
      keras_version: 'tfjs-layers 4.22.0',
      backend: 'tensor_flow.js',
      config: {
        name: 'autoencoder',
        layers: layers.map((layer, index) => ({ class_name: 'Dense', config: configOf(layer, index, nameOf(index)) })),
      },
    },
    weightsManifest: [
      { paths: [WEIGHTS_FILE], weights: layers.flatMap((layer, index) => specsOf(layer, nameOf(index))) },
    ],
    userDefinedMetadata: {
      [METADATA]: {
        version: AUTOENCODER_VERSION,
        loss: model.loss,
        precision: [...model.precision],
        centre: [...model.centre],
        narrowness: [...model.narrowness],
        lowest: [...model.lowest],
        highest: [...model.highest],
        room: [...model.room],
        scaler: scaler?.toJSON() ?? null,
      },
    },
  };
  return { 'model.json': document, 'weights.bin': bytes };
}

function configOf({ inputs, units, activation }: DenseLayer, index: number, name: string): Json {
  return {
    name,
    trainable: true,
    dtype: 'float32',
    units,
    activation,
    use_bias: true,
    ...(index === 0 ? { batch_input_shape: [null, inputs] } : {}),
  };
}

function specsOf({ inputs, units }: DenseLayer, name: string): Json[] {
  return [
    { name: `${name}/kernel`, shape: [inputs, units], dtype: 'float32' },
    { name: `${name}/bias`, shape: [units], dtype: 'float32' },
  ];
}

/**
 * Reads what `toTensorFlow` writes; models of other shapes, or without its metadata, are refused.
 *
 * @throws ModelDocumentError saying what is wrong
 */
export function fromTensorFlow(
  json: unknown,
  weights: Uint8Array,
): { readonly model: Autoencoder; readonly scaler: Scaler | undefined } {
  const top = objectAt(json, 'model.json');
  if (top.format !== FORMAT) throw new ModelDocumentError(`model.json.format is not ${FORMAT}`);
  const metadata = objectAt(objectAt(top.userDefinedMetadata, 'userDefinedMetadata')[METADATA], METADATA);
  const { version } = metadata;
  if (version !== 1 && version !== AUTOENCODER_VERSION) {
    throw new ModelDocumentError(`${METADATA}.version is not known`);
  }
  const layers = layersOf(top, weights);
  const columns = layers[0]!.inputs;
  const numbersAt = (name: string) =>
    encodeNumbers(Float64Array.from(listAt(metadata[name], name, columns, columns), Number));
  // The document's own reader knows all bounds of an autoencoder.
  const model = Autoencoder.fromJSON({
    kind: 'autoencoder',
    version,
    columns,
    loss: metadata.loss,
    precision: numbersAt('precision'),
    centre: numbersAt('centre'),
    narrowness: numbersAt('narrowness'),
    ...(version === 1 ? {} : { lowest: numbersAt('lowest'), highest: numbersAt('highest'), room: numbersAt('room') }),
    layers: layers.map(({ units, kernel, bias }) => ({
      units,
      kernel: encodeNumbers(kernel),
      bias: encodeNumbers(bias),
    })),
  });
  const scaler = metadata.scaler === null ? undefined : Scaler.fromJSON(metadata.scaler);
  if (scaler !== undefined && scaler.outputs !== columns) {
    throw new ModelDocumentError(`the scaler makes ${scaler.outputs} columns, the network takes ${columns}`);
  }
  return { model, scaler };
}

function layersOf(top: Readonly<Record<string, unknown>>, weights: Uint8Array): DenseLayer[] {
  const topology = objectAt(top.modelTopology, 'modelTopology');
  const config = objectAt(topology.config, 'modelTopology.config');
  const entries = listAt(config.layers, 'modelTopology.config.layers', 1, MAX_LAYERS);
  const view = new DataView(weights.buffer, weights.byteOffset, weights.byteLength);
  let inputs = 0;
  let at = 0;
  const take = (count: number): Float32Array => {
    if (at + count * WIDTH > weights.length) throw new ModelDocumentError(`${WEIGHTS_FILE} is too short`);
    const numbers = Float32Array.from({ length: count }, (_, i) => view.getFloat32(at + i * WIDTH, true));
    at += count * WIDTH;
    return numbers;
  };
  const layers = entries.map((entry, index): DenseLayer => {
    const place = `modelTopology.config.layers[${index}]`;
    const layer = objectAt(entry, place);
    const own = objectAt(layer.config, `${place}.config`);
    const activation = activationOf(index, entries.length);
    if (layer.class_name !== 'Dense' || own.activation !== activation || own.use_bias !== true) {
      throw new ModelDocumentError(`${place} is no dense layer of ${activation} units with a bias`);
    }
    if (index === 0) inputs = sizeAt(listAt(own.batch_input_shape, `${place}.batch_input_shape`, 2, 2)[1], place);
    const units = sizeAt(own.units, place);
    const made = { inputs, units, activation, kernel: take(inputs * units), bias: take(units) };
    inputs = units;
    return made;
  });
  if (at !== weights.length) throw new ModelDocumentError(`${WEIGHTS_FILE} is too long`);
  return layers;
}

function objectAt(value: unknown, place: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ModelDocumentError(`${place} is not an object`);
  }
  return Object.fromEntries(Object.entries(value));
}

function listAt(value: unknown, place: string, min: number, max: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length < min || value.length > max) {
    throw new ModelDocumentError(`${place} is not a list of ${min} to ${max}`);
  }
  return value;
}

function sizeAt(value: unknown, place: string): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > MAX_COLUMNS) {
    throw new ModelDocumentError(`${place} has a size that is not a whole number from 1 to ${MAX_COLUMNS}`);
  }
  return value;
}
