/** Support for tests of this folder: requests and answers as the parser tells them. */
import type { HttpRequestFact, HttpResponseFact } from '../../../../contract/facts.ts';
import type { ToldFact } from '../testing.ts';

export interface RequestOptions {
  readonly method?: string;
  readonly body?: string;
  readonly type?: string;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly index?: number;
  readonly userAgent?: string;
}

const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';

export function requestFact(uri: string, options: RequestOptions = {}): Omit<HttpRequestFact, 'timeUs'> {
  const { method = options.body === undefined ? 'GET' : 'POST', body = '', headers = [], index = 0 } = options;
  const { userAgent = BROWSER } = options;
  const type = options.type ?? (body === '' ? '' : 'application/x-www-form-urlencoded');
  return {
    type: 'http-request',
    protocol: 'http',
    fromInitiator: true,
    index,
    method,
    host: 'shop.example',
    hostPort: -1,
    uri,
    version: '1.1',
    userAgent,
    referrer: '',
    contentType: type,
    contentLength: body === '' ? -1 : body.length,
    user: '',
    authorization: '',
    headers: [
      ['host', 'shop.example'],
      ['user-agent', userAgent],
      ['accept', '*/*'],
      ['content-type', type],
      ...headers,
    ],
    bodyStart: body,
  };
}

export function responseFact(status: number, body = '', index = 0): Omit<HttpResponseFact, 'timeUs'> {
  return {
    type: 'http-response',
    protocol: 'http',
    fromInitiator: false,
    index,
    status,
    reason: '',
    server: 'nginx',
    contentType: 'text/html',
    contentLength: body.length,
    location: '',
    headers: [],
    bodyStart: body,
  };
}

/** One request and its answer, told. */
export function exchange(
  uri: string,
  status = 200,
  answer = '',
  options: RequestOptions = {},
): readonly { fact: ToldFact }[] {
  return [{ fact: requestFact(uri, options) }, { fact: responseFact(status, answer, options.index) }];
}
