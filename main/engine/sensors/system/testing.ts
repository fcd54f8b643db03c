/** A made-up computer in a temporary folder, for the tests of this folder. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface TestRoot {
  readonly path: string;
  write(path: string, text: string | Buffer): void;
  link(path: string, target: string): void;
  folder(path: string): void;
  remove(path: string): void;
  end(): void;
}

const PASSWD =
  'root:x:0:0:root:/root:/bin/bash\nada:x:1000:1000::/home/ada:/bin/bash\ndaemon:x:1:1::/usr/sbin:/usr/sbin/nologin\n';

export function createTestRoot(): TestRoot {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-system-'));
  const at = (name: string): string => join(path, name);
  const made = (name: string): string => {
    mkdirSync(dirname(at(name)), { recursive: true });
    return at(name);
  };
  const root: TestRoot = {
    path,
    write: (name, text) => writeFileSync(made(name), text),
    link: (name, target) => symlinkSync(target, made(name)),
    folder: (name) => void mkdirSync(at(name), { recursive: true }),
    remove: (name) => rmSync(at(name), { recursive: true, force: true }),
    end: () => rmSync(path, { recursive: true, force: true }),
  };
  root.write('/etc/passwd', PASSWD);
  root.write('/etc/group', 'root:x:0:\nsudo:x:27:\n');
  root.write('/etc/shadow', 'root:!:1:\nada:$6$a$b:1:\n');
  root.write('/etc/crontab', '# none\n17 * * * * root run-parts /etc/cron.hourly\n');
  root.folder('/root');
  root.folder('/home/ada');
  root.write('/proc/1/mountinfo', '27 1 8:1 / / rw - ext4 /dev/sda1 rw\n');
  root.write('/proc/modules', 'ext4 900000 1 - Live 0x0\n');
  root.write('/proc/sys/kernel/random/boot_id', 'boot-1\n');
  return root;
}
