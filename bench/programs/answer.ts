/**
 * Answers `answer.ts COUNT` questions of native-helpers/sense/test/ask.c without a thought, over pipes as a helper has them,
 * and prints the median of how long they took, in microseconds: the least that a verdict through Node can take here.
 */
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';

const ASK = resolve(import.meta.dirname, '../../native-helpers/sense/build/ask');
const ANSWER = Buffer.alloc(16);

const asking = spawn(ASK, [process.argv[2] ?? ''], { stdio: ['pipe', 'pipe', 'pipe'] });
asking.stdout.on('data', () => asking.stdin.write(ANSWER));
asking.stderr.pipe(process.stdout);
asking.on('error', (error) => {
  throw error;
});
asking.on('exit', (code) => {
  process.exitCode = code ?? 1;
});
