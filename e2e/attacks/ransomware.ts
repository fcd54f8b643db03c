/** Ransomware's stand-in (ransom.py) at work on documents of the stage, and what it had taken when it was found. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Attack, Outcome } from './attack.ts';

const PROGRAM = readFileSync(fileURLToPath(new URL('ransom.py', import.meta.url)), 'utf8');
const PYTHON = '/usr/bin/python3';
export const DOCUMENTS = '/home/ann/Documents';
export const DOCUMENT_COUNT = 2_000;
/** Where it stands who was taken when; see ransom.py. */
export const TAKEN_LOG = '/tmp/taken';

export const RANSOMWARE: Attack = {
  name: 'ransomware',
  before: `cat > /tmp/ransom.py << 'END'\n${PROGRAM}\nEND\n${PYTHON} /tmp/ransom.py make ${DOCUMENTS} ${DOCUMENT_COUNT}`,
  script: `${PYTHON} /tmp/ransom.py take ${DOCUMENTS} ${TAKEN_LOG}`,
  found: { techniques: ['T1486'], severity: 'critical' },
};

export interface Taken {
  /** Files that were unreadable at the moment of which the alert speaks. */
  readonly whenFound: number;
  /** And when the alert had reached whoever listens. */
  readonly whenHeard: number;
}

/** @param readFile reads a file of the stage */
export function takenBy({ alert }: Outcome, readFile: (path: string) => string): Taken | undefined {
  if (alert === undefined) return undefined;
  const times = readFile(TAKEN_LOG)
    .trim()
    .split('\n')
    .map((line) => Number(line.split(' ', 1)[0]));
  const before = (momentMs: number): number => times.filter((timeMs) => timeMs <= momentMs).length;
  return { whenFound: before(alert.lastSeenMs), whenHeard: before(alert.heardMs) };
}
