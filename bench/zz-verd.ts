import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, ftruncateSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { MountNamespace } from '/var/tmp/wt/main/main/engine/sensors/files/testing/namespace.ts';

const img = '/var/tmp/verd.ext4';
const f = openSync(img, 'w');
ftruncateSync(f, 500e6);
closeSync(f);
const space = new MountNamespace(img);
const N = Number(process.env.N ?? 500);
try {
  for (let round = 0; round < Number(process.env.R ?? 3); round++) {
    space.run(
      `rm -rf others; mkdir others; for i in $(seq ${N}); do cp /bin/true others/$i; done; chown -R 1000 others; sync; sleep 1`,
    );
    const [file, ...args] = space.inside([
      process.execPath,
      ...(process.env.NOPT ? process.env.NOPT.split(' ') : []),
      '/var/tmp/wt/main/bench/programs/watch-files.ts',
      'engine-verdicts',
      space.mountPoint,
    ]);
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    await lines.next();
    space.run(`for p in others/*; do ./$p; done`);
    if (process.env.TWICE) space.run(`for p in others/*; do ./$p; done`);
    child.stdin!.end();
    console.log((await lines.next()).value);
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
} finally {
  space.close();
}
