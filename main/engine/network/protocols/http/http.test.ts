import { hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Fact, FileFact, HttpRequestFact, HttpResponseFact, LoginFact } from '../../../../../contract/facts.ts';
import { type FeedOptions, feed, type Side } from '../testing.ts';
import { http } from './http.ts';

const text = (value: string) => Buffer.from(value, 'latin1');
const md5 = (value: string) => hash('md5', Buffer.from(value, 'latin1'));
type Said = readonly (readonly [Side, Uint8Array])[];

function talk(...said: readonly (readonly ['>' | '<', string])[]): Said {
  return said.map(([arrow, value]) => [arrow === '>' ? 'initiator' : 'responder', text(value)]);
}

function hear(said: Said, options?: FeedOptions) {
  const facts = feed(http, said, options);
  const of = <T extends Fact['type']>(type: T) => facts.filter((fact) => fact.type === type);
  return {
    facts,
    requests: of('http-request') as HttpRequestFact[],
    responses: of('http-response') as HttpResponseFact[],
    files: of('file') as FileFact[],
    logins: of('login') as LoginFact[],
  };
}

const GET =
  'GET /a/b.html?x=1 HTTP/1.1\r\nHost: www.example.org:8080\r\nUser-Agent: curl/8\r\nReferer: http://r/\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>';

describe('http', () => {
  it('reads a request and its response', () => {
    const { facts, requests, responses, files } = hear(talk(['>', GET], ['<', OK]));
    expect(facts[0]).toMatchObject({ type: 'protocol', protocol: 'http', isUsualPort: true });
    expect(requests).toMatchObject([
      {
        index: 0,
        method: 'GET',
        host: 'www.example.org',
        hostPort: 8080,
        uri: '/a/b.html?x=1',
        version: '1.1',
        userAgent: 'curl/8',
        referrer: 'http://r/',
        contentLength: -1,
        fromInitiator: true,
        headers: [
          ['host', 'www.example.org:8080'],
          ['user-agent', 'curl/8'],
          ['referer', 'http://r/'],
        ],
      },
    ]);
    expect(responses).toMatchObject([
      {
        index: 0,
        status: 200,
        reason: 'OK',
        server: 'nginx',
        contentLength: 6,
        bodyStart: '<html>',
        fromInitiator: false,
      },
    ]);
    expect(files).toMatchObject([
      { name: 'b.html', kind: 'html', claimedType: 'text/html', bytes: 6, isWhole: true, md5: md5('<html>') },
    ]);
  });
});
