import { describe, expect, it } from 'vitest';
import { callsOf } from './evaluate-beacon-logs.ts';
import { parseZeekLog } from './evaluate-zeek-log.ts';

const LOG = [
  '#separator \\x09',
  '#path\thttp',
  '#fields\tts\tuid\tid.orig_h\tid.resp_h\tid.resp_p\tmethod\thost\turi\trequest_body_len',
  '#types\ttime\tstring\taddr\taddr\tport\tstring\tstring\tstring\tcount',
  '12.5\tC1\t10.0.0.2\t192.0.2.1\t80\tGET\texample.org:8080\t/a\t-',
  '11.0\tC2\t10.0.0.2\t192.0.2.1\t80\tPOST\t-\t/b\t7',
  '#close\t2024',
  '',
].join('\n');

describe('logs of Zeek', () => {
  it('are read by the names of their columns', () => {
    const rows = parseZeekLog(LOG);
    expect(rows.map((row) => row.text('uri'))).toEqual(['/a', '/b']);
    expect(rows[0]?.number('request_body_len')).toBeNaN();
    expect(rows[1]?.number('request_body_len')).toBe(7);
    expect(rows[1]?.text('host')).toBe('');
    expect(rows[1]?.text('no such column')).toBe('');
  });

  it('become calls in the order of their times', () => {
    const calls = callsOf({ http: parseZeekLog(LOG), conn: [], ssl: [], dns: [] });
    expect(calls.map(({ timeUs }) => timeUs)).toEqual([11e6, 12.5e6]);
    expect(calls[1]).toMatchObject({
      type: 'http',
      client: '10.0.0.2',
      server: '192.0.2.1',
      port: 80,
      request: { host: 'example.org', hostPort: 8080, contentLength: -1 },
    });
  });
});
