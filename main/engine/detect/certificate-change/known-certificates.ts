import type { CertificateFact } from '../../../../contract/facts.ts';
import { BoundedMap } from '../bounded-map.ts';
import { isPublicIssuer } from './public-issuers.ts';

/** Servers, by name and port, of which certificates are remembered. */
const MAX_SERVERS = 4096;
/** Certificates of one server: those of a large service, each from another of its computers. */
const MAX_CERTIFICATES = 8;
const MAX_ADDRESSES = 8;

export interface Shown {
  readonly sha256: string;
  readonly issuer: string;
  readonly isSelfSigned: boolean;
  readonly isPublic: boolean;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  lastUs: number;
  readonly addresses: Set<string>;
}

/** A server shows a certificate of somebody else than before. */
export interface Change {
  readonly before: Shown;
  readonly now: Shown;
  /** From an issuer for the public to one that is not: nobody does that to a public server. */
  readonly isDemotion: boolean;
  /** No certificate of this server was seen at this address. */
  readonly isNewAddress: boolean;
}

/** Which certificates servers show, so that a change of the issuer is noticed; renewals and rotations are none. */
export class KnownCertificates {
  readonly #servers = new BoundedMap<string, Shown[]>(MAX_SERVERS);
  readonly #rememberUs: number;

  constructor(rememberUs: number) {
    this.#rememberUs = rememberUs;
  }

  /** @param server name and port, or address and port, that the client asked for */
  note(server: string, address: string, fact: CertificateFact): Change | undefined {
    const nowUs = fact.timeUs;
    const shown = this.#servers.getOrInsert(server, () => []);
    const known = shown.find(({ sha256 }) => sha256 === fact.sha256);
    if (known !== undefined) {
      known.lastUs = nowUs;
      if (known.addresses.size < MAX_ADDRESSES) known.addresses.add(address);
      return undefined;
    }
    const now: Shown = {
      sha256: fact.sha256,
      issuer: fact.issuer,
      isSelfSigned: fact.isSelfSigned,
      isPublic: !fact.isSelfSigned && isPublicIssuer(fact.issuer),
      notBeforeMs: fact.notBeforeMs,
      notAfterMs: fact.notAfterMs,
      lastUs: nowUs,
      addresses: new Set([address]),
    };
    const change = this.#changeTo(now, shown, address, nowUs);
    if (shown.length >= MAX_CERTIFICATES) shown.shift();
    shown.push(now);
    return change;
  }

  clear(): void {
    this.#servers.clear();
  }

  #changeTo(now: Shown, shown: readonly Shown[], address: string, nowUs: number): Change | undefined {
    // One that shows another each time makes them up (peer-to-peer, tests): no change means anything.
    const isMakingUp = shown.length >= 2 && shown.every(({ isPublic }) => !isPublic);
    const before = shown.at(-1);
    if (before === undefined || isMakingUp) return undefined;
    const isKnownIssuer = shown.some(({ issuer, isSelfSigned }) => !isSelfSigned && issuer === now.issuer);
    const isRenewal = isKnownIssuer && !now.isSelfSigned;
    const isOver = before.notAfterMs * 1000 <= nowUs || nowUs - before.lastUs > this.#rememberUs;
    if (isRenewal || isOver || now.isPublic) return undefined;
    return {
      before,
      now,
      isDemotion: shown.every(({ isPublic }) => isPublic),
      isNewAddress: !shown.some(({ addresses }) => addresses.has(address)),
    };
  }
}
