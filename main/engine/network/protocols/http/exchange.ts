import { MAX_FACT_TEXT, MAX_URI_TEXT } from '../../../../../contract/facts.ts';
import { headerParameter, nameOfUri } from '../file/name.ts';
import type { FileIdentity } from '../file/transfer.ts';
import type { ParserContext } from '../protocol.ts';
import { bounded } from '../text-lines.ts';
import { Body } from './body.ts';
import { cookieShape } from './cookie-shape.ts';
import { contentLength } from './framing.ts';
import type { Headers } from './headers.ts';
import { formLogin, headerLogin, type LoginAttempt, loginOutcome } from './login.ts';
import { redactedBody, redactedUri } from './secrets.ts';
import { redactedXmlRpc } from './xml-rpc.ts';

/** Of the body of a request: what attacks and forms are read from. */
const REQUEST_START_BYTES = 4_096;
/** Of the body of a response: a page's title, the output of a command, an error. */
const RESPONSE_START_BYTES = 1_024;
/** Bodies of requests that are no files. */
const FORM_TYPES = ['application/x-www-form-urlencoded', 'application/json', 'text/xml', 'application/grpc'];

/** What an exchange needs of the connection that it is on. */
export interface ExchangeConnection {
  readonly protocol: 'http' | 'http2';
  /** Tells facts about what the side of the requests sent. */
  readonly request: ParserContext;
  readonly response: ParserContext;
  /** Whether a success of this user was told before: one login makes many requests. */
  isKnownLogin(key: string): boolean;
}

export interface RequestHead {
  readonly method: string;
  readonly uri: string;
  readonly version: string;
  readonly headers: Headers;
}

/** One request and its response (RFC 9110 3.4), either of which may not have been seen. */
export class Exchange {
  readonly #connection: ExchangeConnection;
  readonly #index: number;
  #request: RequestHead | undefined;
  #requestBody: Body | undefined;
  #isRequestTold = false;
  #response: { readonly status: number; readonly reason: string; readonly headers: Headers } | undefined;
  #responseBody: Body | undefined;
  #isResponseTold = false;
  #login: LoginAttempt | undefined;
  /** The request is read, and the response. */
  isRequestOver = false;
  isOver = false;

  constructor(connection: ExchangeConnection, index: number) {
    this.#connection = connection;
    this.#index = index;
  }

  /** Empty where the request was not seen. */
  get method(): string {
    return this.#request?.method ?? '';
  }

  /** What the response goes on in, lower case; empty without. */
  get upgrade(): string {
    return this.#response?.headers.get('upgrade').toLowerCase() ?? '';
  }

  get wantsRequestBody(): boolean {
    return this.#requestBody?.isWanted ?? false;
  }

  get wantsResponseBody(): boolean {
    return this.#responseBody?.isWanted ?? false;
  }

  requestHead(request: RequestHead): void {
    this.#request = request;
    const { headers } = request;
    this.#login = headerLogin(headers);
    const contentType = headers.get('content-type').toLowerCase();
    const isForm = FORM_TYPES.some((type) => contentType.startsWith(type));
    this.#requestBody = new Body(
      {
        startBytes: REQUEST_START_BYTES,
        contentEncoding: headers.get('content-encoding').toLowerCase(),
        bytes: contentLength(headers),
        file: isForm ? undefined : this.#fileOf(headers),
        wantsMd5: this.#connection.request.wantsMd5,
      },
      (file) => {
        this.#tellRequest();
        this.#connection.request.tell(file);
      },
    );
  }

  takeRequestBody(bytes: Uint8Array, start: number, end: number): void {
    this.#requestBody?.take(bytes, start, end);
    if (this.#requestBody?.hasStart) this.#tellRequest();
  }

  requestGap(): void {
    this.#requestBody?.gap();
  }

  requestEnd(isWhole: boolean): void {
    this.isRequestOver = true;
    this.#tellRequest();
    this.#requestBody?.end(isWhole);
    // Nothing more is added to what was told: let go of it.
    this.#requestBody = undefined;
  }

  /** The head of an answer; one below 200 but 101 goes before the answer proper (RFC 9110 15.2). */
  responseHead(status: number, reason: string, headers: Headers): void {
    // Behind 100 the body of the request still comes.
    if (status >= 200) this.#tellRequest();
    this.#response = { status, reason, headers };
    this.#isResponseTold = false;
    this.#responseBody = new Body(
      {
        startBytes: RESPONSE_START_BYTES,
        contentEncoding: headers.get('content-encoding').toLowerCase(),
        bytes: contentLength(headers),
        file: this.#fileOf(headers),
        wantsMd5: this.#connection.response.wantsMd5,
      },
      (file) => {
        this.#tellResponse();
        this.#connection.response.tell(file);
      },
    );
  }

  takeResponseBody(bytes: Uint8Array, start: number, end: number): void {
    this.#responseBody?.take(bytes, start, end);
    if (this.#responseBody?.hasStart) this.#tellResponse();
  }

  responseGap(): void {
    this.#responseBody?.gap();
  }

  responseEnd(isWhole: boolean): void {
    this.#tellResponse();
    this.#responseBody?.end(isWhole);
    this.#responseBody = undefined;
    const status = this.#response?.status ?? 0;
    this.isOver = status >= 200 || status === 101;
  }

  /** Nothing more comes: tells what is known. */
  abandon(): void {
    this.#tellRequest();
    this.#requestBody?.end(false);
    this.#tellResponse();
    this.#responseBody?.end(false);
    if (this.#login !== undefined) this.#tellLogin(this.#login, 'attempt');
  }

  #fileOf(headers: Headers): FileIdentity {
    const disposition = headers.get('content-disposition');
    const named = disposition === '' ? '' : headerParameter(disposition, 'filename');
    return {
      protocol: this.#connection.protocol,
      name: named || nameOfUri(this.#request?.uri ?? ''),
      claimedType: headers.get('content-type'),
    };
  }

  #tellRequest(): void {
    if (this.#request === undefined || this.#isRequestTold) return;
    this.#isRequestTold = true;
    const { method, uri, version, headers } = this.#request;
    const contentType = headers.get('content-type');
    const body = this.#requestBody?.start ?? '';
    this.#login ??= formLogin(method, uri, contentType.toLowerCase(), body);
    const [host, hostPort] = authorityOf(method, uri, headers);
    this.#connection.request.tell({
      type: 'http-request',
      protocol: this.#connection.protocol,
      index: this.#index,
      method,
      host: bounded(host, MAX_FACT_TEXT),
      hostPort,
      uri: bounded(redactedUri(uri), MAX_URI_TEXT),
      version,
      userAgent: bounded(headers.get('user-agent'), MAX_FACT_TEXT),
      referrer: bounded(redactedUri(headers.get('referer')), MAX_FACT_TEXT),
      contentType: bounded(contentType, MAX_FACT_TEXT),
      contentLength: contentLength(headers),
      user: bounded(this.#login?.user ?? '', MAX_FACT_TEXT),
      authorization: this.#login === undefined || this.#login.method === 'form' ? '' : this.#login.method,
      cookieShape: cookieShape(headers.get('cookie')),
      headers: headers.told(),
      bodyStart: redactedXmlRpc(redactedBody(body, contentType.toLowerCase())),
    });
  }

  #tellResponse(): void {
    if (this.#response === undefined || this.#isResponseTold) return;
    this.#isResponseTold = true;
    const { status, reason, headers } = this.#response;
    const bodyStart = this.#responseBody?.start ?? '';
    const location = headers.get('location');
    this.#connection.response.tell({
      type: 'http-response',
      protocol: this.#connection.protocol,
      index: this.#index,
      status,
      reason: bounded(reason, MAX_FACT_TEXT),
      server: bounded(headers.get('server'), MAX_FACT_TEXT),
      contentType: bounded(headers.get('content-type'), MAX_FACT_TEXT),
      contentLength: contentLength(headers),
      location: bounded(redactedUri(location), MAX_FACT_TEXT),
      headers: headers.told(),
      bodyStart,
    });
    if (this.#login === undefined || status < 200) return;
    const outcome = loginOutcome(this.#login, this.#request?.uri ?? '', { status, location, body: bodyStart });
    if (outcome !== undefined) this.#tellLogin(this.#login, outcome);
    this.#login = undefined;
  }

  #tellLogin(login: LoginAttempt, outcome: 'attempt' | 'success' | 'failure'): void {
    const { method, user, domain, host, isCleartext } = login;
    // Each form that is handed in is a login of its own, whatever became of it; a header comes with every request.
    const isRepeated = outcome !== 'failure' && method !== 'form';
    if (isRepeated && this.#connection.isKnownLogin(`${outcome} ${method} ${user}`)) return;
    this.#connection.request.tell({
      type: 'login',
      protocol: this.#connection.protocol,
      user: bounded(user, MAX_FACT_TEXT),
      domain: bounded(domain, MAX_FACT_TEXT),
      host: bounded(host, MAX_FACT_TEXT),
      outcome,
      isCleartext,
      method,
    });
  }
}

/** Who is asked (RFC 9110 7.2), and the port, or -1 where it is not said. */
function authorityOf(method: string, uri: string, headers: Headers): readonly [host: string, port: number] {
  const named = headers.get('host') || headers.get(':authority');
  if (named !== '') return splitAuthority(named);
  if (method === 'CONNECT') return splitAuthority(uri);
  const scheme = uri.indexOf('://');
  if (scheme <= 0) return ['', -1];
  const slash = uri.indexOf('/', scheme + 3);
  const authority = uri.slice(scheme + 3, slash < 0 ? uri.length : slash);
  return splitAuthority(authority.slice(authority.lastIndexOf('@') + 1));
}

function splitAuthority(authority: string): readonly [host: string, port: number] {
  const colon = authority.lastIndexOf(':');
  const bracket = authority.lastIndexOf(']');
  const host = authority.startsWith('[') && bracket > 0 ? authority.slice(1, bracket) : undefined;
  // An IPv6 address without brackets is against the rules, and still no port.
  if (colon <= bracket || (host === undefined && authority.indexOf(':') !== colon)) return [host ?? authority, -1];
  const port = Number(authority.slice(colon + 1));
  const isPort = colon + 1 < authority.length && Number.isInteger(port) && port > 0 && port < 65_536;
  return [host ?? authority.slice(0, colon), isPort ? port : -1];
}
