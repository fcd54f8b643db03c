import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRequest } from './request-reader.ts';
import { type RequestOptions, requestFact } from './web-attack-testing.ts';

/** "§{" stands for what would be a placeholder in a template. */
function seen(uri: string, options?: RequestOptions): string[] {
  const text = JSON.stringify(requestFact(uri, options)).replaceAll('§', '$').replaceAll('%C2%A7', '%24');
  const fact = { ...JSON.parse(text), timeUs: 0 };
  return readRequest(fact)
    .filter(({ certainty }) => certainty !== 'weak')
    .map(({ attack, aim }) => `${attack}: ${aim}`);
}

/** What people and programs put into parameters. */
const VALUES = [
  "O'Brien",
  "rock 'n' roll",
  "it's this or that",
  "d'or et d'argent",
  "where's wally",
  "john's or jane's",
  "don't select all from the union",
  'student union select committee',
  'select',
  'union square and from where',
  'how to order by phone',
  'drop table lamp',
  'insert coin',
  'update your profile; then delete it',
  'black & decker',
  'salt & pepper | cats; dogs',
  'R&D; sales',
  'AT&T',
  'C++ and C#',
  'a || b',
  'x && y',
  'date; time',
  'id & passport',
  'more; less',
  'cat & dog',
  'set; type',
  '2 or 3 bedrooms',
  'yes and no',
  '5\'11"',
  '24" monitor, 27" or 32"',
  '"exact phrase" or "other phrase"',
  'site:example.org "foo bar"',
  '(a OR b) AND c',
  '#1 hit',
  "it's #1",
  'price between 10 and 20',
  'x > 1 and y < 2',
  '1 = 1?',
  '10% off -- today only',
  '2024-01-01 -- 2024-02-01',
  "tom's diner (live)",
  'rgb(255, 0, 0)',
  'translate(10,20)',
  'project = "X" AND status in (Open, "In Progress") ORDER BY created DESC',
  "Name eq 'a' or Name eq 'b'",
  'summary ~ "login" and created >= -7d order by key',
  'SELECT mean(value) FROM cpu WHERE time > now() - 1h GROUP BY time(1m)',
  'rate(http_requests_total{job="api",code=~"5.."}[5m])',
  'sum by (host) (node_load1)',
  'select * from weather.forecast where woeid in (select woeid from geo.places(1) where text="rome")',
  'status:200 AND method:GET OR host:"a b"',
  '{"a":{"$gt":5},"b":[1,2]}',
  'https://example.org/a?b=c&d=e%20f#g',
  'http://localhost:3000/callback',
  'http://127.0.0.1:8400/oauth',
  '../images/logo.png',
  './a/../b.js',
  'C:\\Users\\ann\\file.txt',
  '/home/ann/notes.txt',
  'a/b/c/d.tar.gz',
  '<b>bold</b>',
  '<a href="https://example.org">x</a>',
  'x<y',
  'a<b and c>d',
  '<3',
  '<user@example.org>',
  'Ann <ann@example.org>',
  '{{user.name}}',
  '§{price}',
  '#{name}',
  'function() { return 1; }',
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk',
  'rgba(0,0,0,.5);color:red',
  'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc_-',
  'YWxhZGRpbjpvcGVuc2VzYW1l',
  'Öl & Gas; Straße',
  'l’été, c’est "chaud"',
  '日本語 検索',
  '100%',
  '50% or more',
  '%',
  'a%zzb',
  '+1 (555) 010-9999',
  '1-800-555-1212',
  "Hawai'i",
  'O\'Reilly\'s "SQL & NoSQL" (2nd ed.)',
  'echo park',
  'curl up and dye',
  'wget',
  'sleep (8 hours)',
  'count(*)',
  'if (a) then b',
  "What's the time? (UTC+2)",
  "'quoted' and unquoted",
  'key: value; other: value',
  'a=b;c=d',
  'width=device-width, initial-scale=1',
  'en-US,en;q=0.9',
  'T(1) = 2',
  'f(x) = x*x',
  '3*4',
  '7*7',
  'a.b.c(d)',
  'jndi',
  'javascript',
  'javascript:void(0)',
  'on=1',
  'onboarding=true',
  'x onclick y',
  'alert',
  'script',
  'passwd',
  'etc',
  '/etc',
  'win',
  'php',
  'order by 5',
  'limit 10 offset 20',
  'null',
  'true or false',
  '1\'5"',
  'nc',
  'sh',
  'cmd',
  'dir',
  'ls',
].map((value) => value.replaceAll('§', '$'));

describe('ordinary values are no attacks', () => {
  it.each(VALUES)('in a query: %j', (value) => {
    expect(seen(`/search?q=${encodeURIComponent(value)}&lang=en`)).toEqual([]);
    expect(seen(`/search?q=${encodeURIComponent(value).replaceAll('%20', '+')}`)).toEqual([]);
  });

  it.each(VALUES)('in a form and in JSON: %j', (value) => {
    expect(seen('/save', { body: `title=x&text=${encodeURIComponent(value)}` })).toEqual([]);
    expect(seen('/save', { body: JSON.stringify({ text: value, n: 1 }), type: 'application/json' })).toEqual([]);
  });

  it('in a query that is encoded twice, as redirections are', () => {
    for (const value of VALUES) {
      const inner = `https://shop.example/a?q=${encodeURIComponent(value)}`;
      expect(seen(`/login?next=${encodeURIComponent(inner)}`)).toEqual([]);
    }
  });
});

const ARTICLE = `<h2>How to write a query</h2><p style="color: red">Use <code>SELECT name FROM users WHERE id = 1 OR 1=1</code>; never paste <b>input</b>.</p>
<p onclick="toggle()">It's "easy", isn't it? Then run ls -la | grep x; or wget https://example.org/a.tar.gz and cat README.</p>
<a href="../other/page.html">next</a>`;
const SCRIPT = `#!/bin/sh\ncd /srv/app && git pull; npm ci\necho "done" | tee log.txt\nif [ $? -ne 0 ]; then exit 1; fi\n`;
const GRAPHQL =
  '{"query":"query($id: ID!) { user(id: $id) { name posts(first: 10, orderBy: {field: DATE, direction: DESC}) { edges { node { title } } } } }","variables":{"id":"5"}}';
const SOAP =
  '<?xml version="1.0"?><!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd"><plist><dict><key>a &amp; b; c</key></dict></plist>';

describe('ordinary bodies are no attacks', () => {
  it.each<[string, RequestOptions]>([
    ['an article in a form', { body: `title=x&content=${encodeURIComponent(ARTICLE)}` }],
    ['an article in JSON', { body: JSON.stringify({ title: "It's", content: ARTICLE }), type: 'application/json' }],
    [
      'an article in a multipart form',
      {
        body: `--b\r\nContent-Disposition: form-data; name="content"\r\n\r\n${ARTICLE}\r\n--b--`,
        type: 'multipart/form-data; boundary=b',
      },
    ],
    [
      'a script in JSON',
      { body: JSON.stringify({ files: { 'a.sh': { content: SCRIPT } } }), type: 'application/json' },
    ],
    ['a query of GraphQL', { body: GRAPHQL, type: 'application/json' }],
    ['a property list', { body: SOAP, type: 'text/xml' }],
    [
      'a picture',
      {
        body: '--b\r\nContent-Disposition: form-data; name="f"; filename="my photo.jpg"\r\n\r\n\xff\xd8\xff\xe0\x00\x10JFIF<?xpacket begin="\xef\xbb\xbf"?>\r\n--b--',
        type: 'multipart/form-data; boundary=b',
      },
    ],
    ['protocol buffers', { body: '\x0a\x12\x08\x96\x01`id`;ls -la\x00\x01', type: 'application/x-protobuf' }],
    [
      'a post about PHP',
      { body: `content=${encodeURIComponent("<?php\n$x = $_GET['a'];\nsystem('ls');\n?>\nUse it with care.")}` },
    ],
    [
      'a message with code in it',
      { body: JSON.stringify({ text: "Fix `ls -la`; it's $(date)" }), type: 'application/json' },
    ],
    [
      'a job of a build server',
      {
        body: '<?xml version="1.0"?><project><command>cd /srv; curl -o a http://x/a; chmod +x a; ./a</command></project>',
        type: 'application/xml',
      },
    ],
    [
      'a packed plug-in',
      {
        body: '--b\r\nContent-Disposition: form-data; name="p"; filename="a.zip"\r\n\r\nPK\x03\x04a.php<?php system(\r\n--b--',
        type: 'multipart/form-data; boundary=b',
      },
    ],
    [
      'statistics',
      {
        body: 'v=1&t=pageview&dl=https%3A%2F%2Fshop.example%2F%3Fq%3Dit%2527s%2520a%2520or%2520b&dt=O%27Brien%20%26%20Sons&ua=Mozilla%2F5.0%20(X11%3B%20Linux)',
      },
    ],
    [
      'an OCSP request',
      { body: '\x30\x51\x30\x4f\x30\x4d\x30\x4b\x30\x49\x30\x09\x06\x05\x2b\x0e', type: 'application/ocsp-request' },
    ],
    [
      'a search of Elasticsearch',
      {
        body: '{"query":{"bool":{"must":[{"query_string":{"query":"a AND (b OR c)"}}],"filter":[{"range":{"@timestamp":{"gte":"now-1h"}}}]}}}',
        type: 'application/json',
      },
    ],
    [
      'a find of a document database',
      { body: '{"where":{"age":{"$gt":5,"$ne":7},"name":{"$regex":"^a"}}}', type: 'application/json' },
    ],
    ['ViewState', { body: '__VIEWSTATE=%2FwEPDwUKLTQ2MjU1OTYzMmRk&__EVENTVALIDATION=%2FwEWAgL%2B&q=it%27s' }],
  ])('%s', (_, options) => {
    expect(seen('/api/items', options)).toEqual([]);
  });
});

describe('ordinary headers and targets are no attacks', () => {
  it.each([
    [
      'user-agent',
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15',
    ],
    ['user-agent', 'Opera/9.80 (Windows NT 6.1; WOW64; U; en) Presto/2.10 (it\'s "me")'],
    ['user-agent', 'Debian APT-HTTP/1.3 (2.6.1)'],
    ['x-forwarded-for', '203.0.113.7, 10.0.0.1'],
    ['accept-language', 'de-DE,de;q=0.9,en;q=0.8'],
    ['cookie', "a=b; prefs={%22theme%22:%22dark%22}; s=it's; token=eyJh.bGci; t=1 or 2"],
    ['if-none-match', 'W/"5e2-"'],
    ['sec-ch-ua', '"Chromium";v="124", "Not-A.Brand";v="99"'],
    ['forwarded', 'for="[2001:db8::1]";proto=http;by=203.0.113.43'],
    ['via', '1.1 cache (squid/5.7); x'],
    ['content-type', 'multipart/form-data; boundary="----=_Part_1"'],
  ])('%s: %s', (name, value) => {
    expect(seen('/', { headers: [[name, value]] })).toEqual([]);
  });

  it.each([
    '/a/b/../c.png',
    '/%7Eann/index.html',
    '/wiki/O%27Brien_(surname)',
    '/wiki/C%2B%2B_(programming)',
    '/tiles/{z}/1.png',
    '/a;jsessionid=AB12?x=1',
    '/matrix;a=1;b=2/x',
    '/api/Users(5)/Name',
    "/odata/Products('A1')?$filter=Price%20gt%205%20and%20Name%20eq%20'x'",
    '/p/R%26D%20plan.pdf',
    '/search/cats%20and%20dogs',
    '/download/file%20(1).zip',
    '/fonts/a.woff2?v=4.7.0#iefix',
    '/?',
    '/?=',
    '/?a&b&c',
    '/?a=1&a[]=2&a[b][c]=3',
    '/ubuntu/dists/jammy/InRelease',
    '/x?redirect_uri=http%3A%2F%2F127.0.0.1%3A8400%2F&state=a%2Fb%3D%3D',
    '/complete/search?client=firefox&q=select%20from%20union%20station',
    '/collect?u=http%3A%2F%2Fa.example%2F%3Fid%3D1%2527',
    '/cmd?cmd=status',
    '/api?command=list',
    '/run?c=5',
    '/x?exec=nightly',
    '/msdownload/update/v3/static/trustedr/en/authrootstl.cab?4a2b',
    '/announce?info_hash=%27%23%A1%f4%12%9d%e1%27%20%b3%c4%8a%2d%2d%91%83%0b%ee%3b%d0&peer_id=-TR2940-abcdefghijkl',
    '/find?filter=(%26(objectClass=user)(cn=a*))',
    '/gp?file=report.pdf',
    '/view?page=about.php',
    '/load?template=default/main.tpl',
    '/get?path=docs/a/b.md',
    '/?date=2024-05-05T10:00:00+02:00',
  ])('%s', (uri) => {
    expect(seen(uri)).toEqual([]);
  });
});

it('survives whatever comes', () => {
  const piece = fc.constantFrom(
    "'",
    '"',
    '<',
    '>',
    '§{',
    '}',
    '%',
    '%25',
    '%c0',
    '../',
    '(',
    ')',
    ';',
    '|',
    '`',
    'select',
    ' ',
    '&',
    '=',
    '\\u00',
    '&#',
    '--',
    '/*',
    '[$',
    'a',
    '1',
    '\0',
    '\n',
  );
  const text = fc.array(piece, { maxLength: 60 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(
      text,
      text,
      fc.constantFrom('', 'application/json', 'text/xml', 'multipart/form-data', 'text/plain'),
      (uri, body, type) => {
        expect(
          seen(`/${uri}?${uri}`, {
            body,
            type,
            headers: [
              ['cookie', uri],
              ['x-forwarded-for', uri],
            ],
          }).length,
        ).toBeLessThan(16);
      },
    ),
    { numRuns: 300 },
  );
});
