/** Builds certificates for tests: DER from the inside out. Their signatures are nonsense, which nobody checks. */
import { TAG } from './der.ts';

/** One element of DER around its contents. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(contents);
  const length =
    content.length < 0x80
      ? [content.length]
      : content.length < 0x100
        ? [0x81, content.length]
        : [0x82, content.length >> 8, content.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

/** "2.5.4.3" with small arcs only. */
export function objectId(text: string): Uint8Array {
  const [first, second, ...rest] = text.split('.').map(Number);
  const arcs = [first * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc & 0x7f];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      groups.unshift((left & 0x7f) | 0x80);
    return groups;
  });
  return der(TAG.objectId, Buffer.from(arcs));
}

/** An attribute of a name; `tag` is that of the type of string. */
export function attribute(type: string, value: string | Uint8Array, tag: number = TAG.utf8String): Uint8Array {
  return der(TAG.sequence, objectId(type), der(tag, typeof value === 'string' ? Buffer.from(value, 'utf8') : value));
}

/** A name of components with the given attributes, the first of which is the least specific. */
export function name(...components: readonly (readonly Uint8Array[])[]): Uint8Array {
  return der(TAG.sequence, ...components.map((attributes) => der(TAG.set, ...attributes)));
}

export function commonName(text: string): Uint8Array {
  return name([attribute('2.5.4.6', 'DE', TAG.printableString)], [attribute('2.5.4.3', text)]);
}

export interface CertificateParts {
  readonly subject?: Uint8Array;
  readonly issuer?: Uint8Array;
  readonly serial?: readonly number[];
  /** Elements. */
  readonly notBefore?: Uint8Array;
  readonly notAfter?: Uint8Array;
  /** Content of subjectAltName. */
  readonly names?: readonly Uint8Array[];
}

export function dnsName(text: string): Uint8Array {
  return der(0x82, Buffer.from(text, 'latin1'));
}

export function utcTime(text: string): Uint8Array {
  return der(TAG.utcTime, Buffer.from(text, 'latin1'));
}

export function certificate(parts: CertificateParts = {}): Uint8Array {
  const subject = parts.subject ?? commonName('example.org');
  const extensions =
    parts.names === undefined
      ? []
      : [
          der(
            0xa3,
            der(
              TAG.sequence,
              der(TAG.sequence, objectId('2.5.29.19'), der(TAG.boolean, Buffer.from([0xff])), der(TAG.octetString)),
              der(TAG.sequence, objectId('2.5.29.17'), der(TAG.octetString, der(TAG.sequence, ...parts.names))),
            ),
          ),
        ];
  const algorithm = der(TAG.sequence, objectId('1.2.840.113549.1.1.11'));
  const toBeSigned = der(
    TAG.sequence,
    der(0xa0, der(TAG.integer, Buffer.from([2]))),
    der(TAG.integer, Buffer.from(parts.serial ?? [0x01])),
    algorithm,
    parts.issuer ?? subject,
    der(TAG.sequence, parts.notBefore ?? utcTime('240101000000Z'), parts.notAfter ?? utcTime('250101000000Z')),
    subject,
    der(TAG.sequence, algorithm, der(TAG.bitString, Buffer.alloc(64))),
    ...extensions,
  );
  return der(TAG.sequence, toBeSigned, algorithm, der(TAG.bitString, Buffer.alloc(64)));
}
