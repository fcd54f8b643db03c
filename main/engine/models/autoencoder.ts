/**
 * Autoencoder: a network that must say a row again after squeezing it through a narrow layer. It learns how columns
 * belong together in usual rows, and fails on rows where they do not.
 *
 * G. E. Hinton, R. R. Salakhutdinov: "Reducing the Dimensionality of Data with Neural Networks", Science 313 (2006);
 * S. Hawkins, H. He, G. Williams, R. Baxter: "Outlier Detection Using Replicator Neural Networks", DaWaK 2002. Trained
 * as a denoising one (autoencoder-training.ts).
 */
import type { Activation, DenseLayer, DenseRunner } from './dense-layer.ts';
import { denseNetwork } from './dense-network.ts';
import { DocumentReader, encodeNumbers, type ModelDocument } from './document.ts';
import { MAX_COLUMNS } from './matrix.ts';
import { type AnomalyModel, normalise } from './model.ts';

const KIND = 'autoencoder';
/** Since 2 values have ends from where they count less; before, all counted as they are. */
export const AUTOENCODER_VERSION = 2;
/** More than anybody stacks of dense layers. */
export const MAX_LAYERS = 32;
/** A unit of the widest range that 32-bit numbers have, with room for sums. */
const MAX_PRECISION = 1e12;
const MAX_WEIGHT = 1e12;
/** Values end here: so many of them, with the greatest weights, are a sum that 32-bit numbers still hold. */
const MOST_INPUT = 1e20;

export interface AutoencoderParts {
  /** From the columns through ever fewer units and back to the columns. */
  readonly layers: readonly DenseLayer[];
  /** Of each column: one over the mean squared error that is usual there. */
  readonly precision: Float64Array;
  /** Of each column: its mean, and one over its variance. */
  readonly centre: Float64Array;
  readonly narrowness: Float64Array;
  /** Of each column: from where on values count less, and how far beyond they can be. */
  readonly lowest: Float64Array;
  readonly highest: Float64Array;
  readonly room: Float64Array;
  /** Mean squared error of rows that were not learnt from, in units of each column's own variance. */
  readonly loss: number;
}

/** A factor more, of the greatest error and precision, and it is still a number. */
const MOST_PRODUCT = 1e200;
/** Distances so many times the usual one begin to count by their logarithm. */
const FAR = 3;
/** What distances from the mean weigh against errors: where rows lie far out by nature, they must not drown them. */
const ASIDE_WEIGHT = 0.1;

/**
 * The score adds up what each column says, of two things: how wrong the network says it again, in the measure of what is
 * usual in its column, and how far it is from its mean. A network with room enough says rows again that lie far out, in
 * the direction in which usual rows differ; the distance sees these. Both together are the combined index of process
 * monitoring (H. H. Yue, S. J. Qin: "Reconstruction-Based Fault Identification Using a Combined Index", Ind. Eng. Chem.
 * Res. 40, 2001). Far ones count by their logarithm (the loss of Cauchy), so that one wild value does not hide what the
 * other columns say. It is told as the square root, so that it reads as "so many times the usual".
 *
 * Values beyond all that was learnt from are heard, and counted, as ever less far beyond. What a network says of them
 * nothing has taught it, and a wild one in a single column would bend what it says of all the others, which then seem
 * wrong although they are not (the smearing of faults: C. F. Alcala, S. J. Qin: "Reconstruction-based contribution for
 * process monitoring", Automatica 45, 2009).
 */
export class Autoencoder implements AnomalyModel {
  readonly kind = KIND;
  readonly columns: number;
  readonly layers: readonly DenseLayer[];
  readonly precision: Float64Array;
  readonly centre: Float64Array;
  readonly narrowness: Float64Array;
  readonly lowest: Float64Array;
  readonly highest: Float64Array;
  readonly room: Float64Array;
  readonly loss: number;
  private readonly network: DenseRunner;
  /** Of each column: what a squared error and a squared distance from the mean count, in units of FAR. */
  private readonly errorWeights: Float64Array;
  private readonly asideWeights: Float64Array;

  /** @throws RangeError where the parts do not fit one another */
  constructor({ layers, precision, centre, narrowness, lowest, highest, room, loss }: AutoencoderParts) {
    this.network = denseNetwork(layers);
    this.columns = this.network.input.length;
    const ofColumns = [precision, centre, narrowness, lowest, highest, room];
    if (
      [layers[layers.length - 1]!.units, ...ofColumns.map(({ length }) => length)].some((it) => it !== this.columns)
    ) {
      throw new RangeError(`a row of ${this.columns} columns does not come out as one`);
    }
    this.layers = layers;
    this.precision = precision;
    this.centre = centre;
    this.narrowness = narrowness;
    this.lowest = lowest;
    this.highest = highest;
    this.room = room;
    this.loss = loss;
    const share = 1 / ((1 + ASIDE_WEIGHT) * FAR);
    this.errorWeights = precision.map((each) => each * share);
    this.asideWeights = narrowness.map((each) => each * ASIDE_WEIGHT * share);
  }

  /** @throws ModelDocumentError for anything but a sound document */
  static fromJSON(document: unknown): Autoencoder {
    const reader = new DocumentReader(document);
    const version = reader.header(KIND, AUTOENCODER_VERSION);
    const columns = reader.integer('columns', 1, MAX_COLUMNS);
    const loss = reader.number('loss', 0, Number.MAX_VALUE);
    const precision = reader.float64('precision', columns, { min: 0, max: MAX_PRECISION });
    const centre = reader.float64('centre', columns, { min: -MOST_INPUT, max: MOST_INPUT });
    const narrowness = reader.float64('narrowness', columns, { min: 0, max: MAX_PRECISION });
    const end = (name: string, min: number, former: number) =>
      version === 1 ? new Float64Array(columns).fill(former) : reader.float64(name, columns, { min, max: MOST_INPUT });
    const lowest = end('lowest', -MOST_INPUT, -MOST_INPUT);
    const highest = end('highest', -MOST_INPUT, MOST_INPUT);
    const room = end('room', Number.MIN_VALUE, 1);
    let inputs = columns;
    const layers = reader.objects('layers', 2, MAX_LAYERS).map((entry, index, all): DenseLayer => {
      const units = entry.integer('units', 1, MAX_COLUMNS);
      const range = { min: -MAX_WEIGHT, max: MAX_WEIGHT };
      const kernel = entry.float32('kernel', inputs * units, range);
      const bias = entry.float32('bias', units, range);
      entry.finish();
      inputs = units;
      return { inputs: kernel.length / units, units, activation: activationOf(index, all.length), kernel, bias };
    });
    reader.finish();
    if (inputs !== columns) throw reader.wrong('layers', `end in ${inputs} columns instead of ${columns}`);
    return new Autoencoder({ layers, precision, centre, narrowness, lowest, highest, room, loss });
  }

  score(values: Float64Array, offset = 0): number {
    this.run(values, offset);
    const { columns, centre, errorWeights, asideWeights } = this;
    const { input, output } = this.network;
    // A sum of logarithms is the logarithm of a product, of which there is one for as long as the product has a number.
    let product = 1;
    let sum = 0;
    for (let column = 0; column < columns; column++) {
      const value = input[column]!;
      const error = value - output[column]!;
      const aside = value - centre[column]!;
      product *= 1 + error * error * errorWeights[column]! + aside * aside * asideWeights[column]!;
      if (product > MOST_PRODUCT) {
        sum += Math.log(product);
        product = 1;
      }
    }
    return Math.sqrt((FAR * (sum + Math.log(product))) / columns);
  }

  /** Share of each column in the score. */
  explain(values: Float64Array, offset = 0): Float64Array {
    this.run(values, offset);
    return normalise(new Float64Array(this.columns).map((_, column) => Math.log1p(this.distance(column))));
  }

  /** The row as the network says it again: what it would hold if it were usual. */
  reconstruct(values: Float64Array, offset = 0): Float32Array {
    this.run(values, offset);
    return this.network.output.slice(0, this.columns);
  }

  /** The row as the network is told it: values beyond all that was learnt from are less far beyond. */
  heard(values: Float64Array, offset = 0): Float32Array {
    this.hear(values, offset);
    return this.network.input.slice(0, this.columns);
  }

  toJSON(): ModelDocument {
    return {
      kind: KIND,
      version: AUTOENCODER_VERSION,
      columns: this.columns,
      loss: this.loss,
      precision: encodeNumbers(this.precision),
      centre: encodeNumbers(this.centre),
      narrowness: encodeNumbers(this.narrowness),
      lowest: encodeNumbers(this.lowest),
      highest: encodeNumbers(this.highest),
      room: encodeNumbers(this.room),
      layers: this.layers.map(({ units, kernel, bias }) => ({
        units,
        kernel: encodeNumbers(kernel),
        bias: encodeNumbers(bias),
      })),
    };
  }

  /** What a column of the row that was computed last says, in units of FAR: about 1 / FAR where it is usual. */
  private distance(column: number): number {
    const { input, output } = this.network;
    const value = input[column]!;
    const error = value - output[column]!;
    const aside = value - this.centre[column]!;
    return error * error * this.errorWeights[column]! + aside * aside * this.asideWeights[column]!;
  }

  private run(values: Float64Array, offset: number): void {
    this.hear(values, offset);
    this.network.run();
  }

  private hear(values: Float64Array, offset: number): void {
    const { columns, lowest, highest, room } = this;
    const { input } = this.network;
    for (let column = 0; column < columns; column++) {
      input[column] = heardAs(values[offset + column]!, lowest[column]!, highest[column]!, room[column]!);
    }
  }
}

/** A value as it is up to the ends, and beyond them by ever less, as far as the room goes. */
export function heardAs(value: number, lowest: number, highest: number, room: number): number {
  if (value > highest) return highest + less(value - highest, room);
  return value < lowest ? lowest - less(lowest - value, room) : value;
}

function less(distance: number, room: number): number {
  return distance < MOST_INPUT ? room * (distance / (distance + room)) : room;
}

/** Hidden layers are bounded, so that what is far from all that was learnt is not said again; the last has no bounds. */
export function activationOf(index: number, count: number): Activation {
  return index === count - 1 ? 'linear' : 'tanh';
}
