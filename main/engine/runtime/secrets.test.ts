import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redacted, redactedText } from './secrets.ts';

describe('redactedText', () => {
  it.each([
    ['mysqldump --user=root --password=hunter2 shop', 'mysqldump --user=root --password=[redacted] shop'],
    ['backup --password hunter2 /srv', 'backup --password [redacted] /srv'],
    ['deploy --api-token "hunter 2" now', 'deploy --api-token [redacted] now'],
    ['PGPASSWORD=hunter2 psql -h db', 'PGPASSWORD=[redacted] psql -h db'],
    ['curl https://anna:hunter2@example.org/x', 'curl https://anna:[redacted]@example.org/x'],
    ['curl -u anna:hunter2 https://example.org', 'curl -u anna:[redacted] https://example.org'],
    ["curl -H 'Authorization: Bearer hunter2hunter2' x", "curl -H 'Authorization: Bearer [redacted]' x"],
    ['curl -d token=hunter2&name=anna x', 'curl -d token=[redacted]&name=anna x'],
    ['{"secret":"hunter2","a":1}', '{"secret":[redacted],"a":1}'],
    ['sshpass -p hunter2 ssh host', 'sshpass -p [redacted] ssh host'],
    ['mysql -phunter2 shop', 'mysql -p[redacted] shop'],
    ['mysql -u root -phunter2 shop', 'mysql -u root -p[redacted] shop'],
  ])('%s', (text, expected) => expect(redactedText(text)).toBe(expected));

  it.each([
    'passwd anna',
    'cat /etc/passwd /etc/shadow',
    'ssh-keygen -t ed25519 -f /home/anna/.ssh/key',
    'git clone https://example.org/anna/tokens.git',
    'ps -u anna',
    'curl https://example.org:8443/path@2x.png',
    'gpg --passphrase-fd 0 --decrypt x',
  ])('leaves %s as it is', (text) => expect(redactedText(text)).toBe(text));

  it('takes any text, soon', () => {
    fc.assert(fc.property(fc.string({ maxLength: 400 }), (text) => typeof redactedText(text) === 'string'));
    const before = performance.now();
    for (const piece of ['password', '://a:', '--a-', 'mysql ', '"', 'token= ', '-u ']) {
      redactedText(piece.repeat(131_072 / piece.length));
    }
    expect(performance.now() - before).toBeLessThan(3_000);
  });
});

describe('redacted', () => {
  it('looks into lists and objects, and takes the argument behind an option', () => {
    const answer = { rows: [{ pid: 1, commandLine: 'x --token abc', arguments: ['x', '--token', 'abc', 'y'] }] };
    expect(redacted(answer)).toEqual({
      rows: [{ pid: 1, commandLine: 'x --token [redacted]', arguments: ['x', '--token', '[redacted]', 'y'] }],
    });
  });

  it('gives back what holds no secret, uncopied', () => {
    const answer = { rows: [{ commandLine: 'ls -l', bytes: new Uint8Array(2) }], next: null };
    expect(redacted(answer)).toBe(answer);
  });
});
