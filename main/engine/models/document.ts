/**
 * Models as JSON documents: numbers by name, long rows of numbers as base64 of little-endian bytes. A document may
 * come from a stranger, so reading one checks every length and range before anything is built of it.
 */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
export type ModelDocument = { readonly [name: string]: Json };

/** A saved model that is broken, foreign or hostile. */
export class ModelDocumentError extends Error {
  override readonly name = 'ModelDocumentError';
}

/** Format of the documents, but of those that say another; what is newer is refused. */
export const DOCUMENT_VERSION = 1;

/** Most numbers of one array: 128 MB as 64-bit numbers, several times the largest model of default settings. */
export const MAX_VALUES = 1 << 24;

type Numbers = Float64Array | Float32Array | Int32Array | Uint16Array;

const IS_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

export function encodeNumbers(numbers: Numbers): string {
  const bytes = Buffer.from(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
  return swapped(bytes, numbers.BYTES_PER_ELEMENT).toString('base64');
}

function swapped(bytes: Buffer, width: number): Buffer {
  if (IS_LITTLE_ENDIAN) return bytes;
  return width === 8 ? bytes.swap64() : width === 4 ? bytes.swap32() : bytes.swap16();
}

interface Range {
  readonly min?: number;
  readonly max?: number;
}

/** Takes the fields of one document, each once; `finish` refuses what was not asked for. */
export class DocumentReader {
  private readonly fields: ReadonlyMap<string, unknown>;
  private readonly path: string;
  private readonly taken = new Set<string>();

  /** @param path leads to this object in error texts */
  constructor(value: unknown, path = 'model') {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new ModelDocumentError(`${path} is not an object`);
    }
    this.fields = new Map(Object.entries(value));
    this.path = path;
  }

  /**
   * The kind and the version that every model document begins with.
   *
   * @param latest version of a kind that has changed since the first; older ones are still read
   * @returns the document's version
   */
  header(kind: string, latest = DOCUMENT_VERSION): number {
    this.choice('kind', [kind]);
    return this.integer('version', DOCUMENT_VERSION, latest);
  }

  choice<T extends string>(name: string, allowed: readonly T[]): T {
    const value = this.take(name);
    const found = allowed.find((word) => word === value);
    if (found === undefined) throw this.wrong(name, `is not ${allowed.join(' or ')}`);
    return found;
  }

  number(name: string, min: number, max: number): number {
    const value = this.take(name);
    if (typeof value !== 'number' || !(value >= min && value <= max)) {
      throw this.wrong(name, `is not a number from ${min} to ${max}`);
    }
    return value;
  }

  integer(name: string, min: number, max: number): number {
    const value = this.number(name, min, max);
    if (!Number.isInteger(value)) throw this.wrong(name, 'is not a whole number');
    return value;
  }

  float64(name: string, length: number, range?: Range): Float64Array {
    return this.checked(name, new Float64Array(this.bytes(name, length, 8)), range);
  }

  float32(name: string, length: number, range?: Range): Float32Array {
    return this.checked(name, new Float32Array(this.bytes(name, length, 4)), range);
  }

  int32(name: string, length: number, range?: Range): Int32Array {
    return this.checked(name, new Int32Array(this.bytes(name, length, 4)), range);
  }

  uint16(name: string, length: number, range?: Range): Uint16Array {
    return this.checked(name, new Uint16Array(this.bytes(name, length, 2)), range);
  }

  /** One reader for each object of a list of `min` to `max`. */
  objects(name: string, min: number, max: number): DocumentReader[] {
    const value = this.take(name);
    if (!Array.isArray(value) || value.length < min || value.length > max) {
      throw this.wrong(name, `is not a list of ${min} to ${max}`);
    }
    return value.map((entry: unknown, index) => new DocumentReader(entry, `${this.path}.${name}[${index}]`));
  }

  text(name: string, maxLength: number): string {
    const value = this.take(name);
    if (typeof value !== 'string' || value.length > maxLength) {
      throw this.wrong(name, `is not a text of at most ${maxLength} letters`);
    }
    return value;
  }

  /** A part that has a reader of its own. */
  field(name: string): unknown {
    return this.take(name);
  }

  /** @throws ModelDocumentError for a field that nobody took */
  finish(): void {
    for (const name of this.fields.keys()) {
      if (!this.taken.has(name)) throw new ModelDocumentError(`${this.path} has a field of unknown meaning`);
    }
  }

  wrong(name: string, problem: string): ModelDocumentError {
    return new ModelDocumentError(`${this.path}.${name} ${problem}`);
  }

  private take(name: string): unknown {
    this.taken.add(name);
    return this.fields.get(name);
  }

  private bytes(name: string, length: number, width: number): ArrayBuffer {
    const value = this.take(name);
    if (length > MAX_VALUES) throw this.wrong(name, `would hold ${length} numbers, more than ${MAX_VALUES}`);
    if (typeof value !== 'string' || value.length !== 4 * Math.ceil((length * width) / 3)) {
      throw this.wrong(name, `is not the base64 of ${length} numbers of ${width} bytes`);
    }
    const bytes = Buffer.from(value, 'base64');
    // Node leaves out what is not base64, so that wrong letters show as missing bytes.
    if (bytes.length !== length * width) throw this.wrong(name, 'is not valid base64');
    const copy = new ArrayBuffer(bytes.length);
    new Uint8Array(copy).set(swapped(bytes, width));
    return copy;
  }

  private checked<T extends Numbers>(name: string, numbers: T, range: Range = {}): T {
    const { min = -Number.MAX_VALUE, max = Number.MAX_VALUE } = range;
    for (let i = 0; i < numbers.length; i++) {
      const number = numbers[i]!;
      if (!(number >= min && number <= max)) throw this.wrong(name, `holds ${number}, not from ${min} to ${max}`);
    }
    return numbers;
  }
}
