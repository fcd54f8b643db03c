/** Interfaces of a pcapng section: link type, clock and options (draft-ietf-opsawg-pcapng, section 4.2). */

/** How a clock's 64-bit count becomes microseconds: high * highScale + (high * mixed + low) * factor / divisor. */
export interface Clock {
  readonly highScale: number;
  readonly mixed: number;
  readonly factor: number;
  readonly divisor: number;
  /** Added to the result: if_tsoffset. */
  readonly offsetUs: number;
}

export interface CaptureInterface {
  readonly linkType: number;
  /** 0: no limit. */
  readonly snapLength: number;
  readonly fcsBytes: number;
  readonly clock: Clock;
  /** Packets that were lost while capturing, as the newest statistics block says. */
  dropped: number;
}

const TWO_TO_32 = 4_294_967_296;
/** The highest bit of if_tsresol says that the rest is a power of two, not of ten. */
const POWER_OF_TWO = 0x80;

/**
 * The scale of a clock, exact wherever a double can be: the low word alone is multiplied and divided, and
 * the high word meets only whole numbers or powers of two.
 *
 * @param resolution the if_tsresol byte; 6 (microseconds) where the option is missing
 */
export function clockOf(resolution: number, offsetSeconds: number): Clock {
  const exponent = resolution & 0x7f;
  const offsetUs = offsetSeconds * 1e6;
  if ((resolution & POWER_OF_TWO) !== 0) {
    return { highScale: 1e6 * 2 ** (32 - exponent), mixed: 0, factor: 1e6, divisor: 2 ** exponent, offsetUs };
  }
  if (exponent <= 6) {
    const factor = 10 ** (6 - exponent);
    return { highScale: TWO_TO_32 * factor, mixed: 0, factor, divisor: 1, offsetUs };
  }
  const unitsPerUs = 10 ** (exponent - 6);
  const highScale = Math.floor(TWO_TO_32 / unitsPerUs);
  return { highScale, mixed: TWO_TO_32 - highScale * unitsPerUs, factor: 1, divisor: unitsPerUs, offsetUs };
}

/** The last second of the year 9999: beyond it no date can be written with four digits. */
const LATEST_TIME_US = Date.UTC(9999, 11, 31, 23, 59, 59) * 1000;

/**
 * Microseconds since the epoch, with a fraction. A clock can claim any moment of 10^20 years on either side; what
 * lies before 1970 or after 9999 becomes the nearest moment that does not, so that no reader meets a negative time.
 */
export function clockTimeUs(clock: Clock, high: number, low: number): number {
  const timeUs = high * clock.highScale + ((high * clock.mixed + low) * clock.factor) / clock.divisor + clock.offsetUs;
  return Math.min(Math.max(timeUs, 0), LATEST_TIME_US);
}

/** Option codes of an interface description block that matter here. */
const OPTION_TIME_RESOLUTION = 9;
const OPTION_FCS_LENGTH = 13;
const OPTION_TIME_OFFSET = 14;
/** Option codes of an interface statistics block. */
const OPTION_INTERFACE_DROPS = 5;
const OPTION_SYSTEM_DROPS = 7;

/** No link has a longer frame check sequence. */
const MAX_FCS_BYTES = 8;

/**
 * Calls `visit` for each option between `start` and `end`.
 *
 * @returns false if an option runs past the end; those before it were visited
 */
export function readOptions(
  view: DataView<ArrayBufferLike>,
  start: number,
  end: number,
  little: boolean,
  visit: (code: number, valueStart: number, length: number) => void,
): boolean {
  let offset = start;
  while (offset + 4 <= end) {
    const code = view.getUint16(offset, little);
    const length = view.getUint16(offset + 2, little);
    if (code === 0) return true;
    const valueStart = offset + 4;
    if (valueStart + length > end) return false;
    visit(code, valueStart, length);
    offset = valueStart + length + (-length & 3);
  }
  return true;
}

/** Reads an interface description block's body; `wellFormed` is false if its options run past its end. */
export function readInterface(
  view: DataView<ArrayBufferLike>,
  start: number,
  end: number,
  little: boolean,
): { description: CaptureInterface; wellFormed: boolean } {
  let resolution = 6;
  let offsetSeconds = 0;
  let fcsBytes = 0;
  const wellFormed = readOptions(view, start + 8, end, little, (code, value, length) => {
    if (code === OPTION_TIME_RESOLUTION && length >= 1) resolution = view.getUint8(value);
    else if (code === OPTION_FCS_LENGTH && length >= 1) fcsBytes = Math.min(view.getUint8(value), MAX_FCS_BYTES);
    else if (code === OPTION_TIME_OFFSET && length >= 8) offsetSeconds = Number(view.getBigInt64(value, little));
  });
  const description = {
    linkType: view.getUint16(start, little),
    snapLength: view.getUint32(start + 4, little),
    fcsBytes,
    clock: clockOf(resolution, offsetSeconds),
    dropped: 0,
  };
  return { description, wellFormed };
}

/** Packets lost while capturing, as an interface statistics block tells between `start` and `end` of its options. */
export function readDrops(view: DataView<ArrayBufferLike>, start: number, end: number, little: boolean): number {
  let drops = 0;
  readOptions(view, start, end, little, (code, value, length) => {
    if (length < 8 || (code !== OPTION_INTERFACE_DROPS && code !== OPTION_SYSTEM_DROPS)) return;
    drops += Number(view.getBigUint64(value, little));
  });
  return drops;
}
