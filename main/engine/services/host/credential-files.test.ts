import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { holdsCredentials } from '../../behaviours/index.ts';
import { credentialFiles } from './credential-files.ts';

describe('credentialFiles', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-credentials-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function put(path: string): void {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), 'x');
  }

  it('finds keys, stores of browsers and keyrings in every home, and follows no links', async () => {
    const secrets = [
      'etc/ssh/ssh_host_rsa_key',
      'home/anna/.ssh/id_ed25519',
      'home/anna/.mozilla/firefox/a1.default/logins.json',
      'home/anna/.config/google-chrome/Default/Login Data',
      'home/bert/.local/share/keyrings/login.keyring',
      'home/bert/.netrc',
      'root/.aws/credentials',
    ];
    for (const path of [...secrets, 'home/anna/.ssh/id_ed25519.pub', 'home/anna/letter.txt', 'etc/ssh/sshd_config']) {
      put(path);
    }
    symlinkSync(join(folder, 'home/anna/.ssh'), join(folder, 'home/bert/.ssh'));
    const places = {
      homes: join(folder, 'home'),
      root: join(folder, 'root'),
      files: ['/etc/shadow'],
      folders: [join(folder, 'etc/ssh')],
    };
    const found = await credentialFiles(places, (path) => holdsCredentials(path.slice(folder.length)));
    expect(found.map((path) => path.replace(`${folder}/`, '')).toSorted()).toEqual(
      ['/etc/shadow', ...secrets].toSorted(),
    );
  });

  it('finds none where nothing is', async () => {
    const nowhere = join(folder, 'nowhere');
    expect(await credentialFiles({ homes: nowhere, root: nowhere, files: [], folders: [nowhere] })).toEqual([]);
  });
});
