/** A fork bomb's stand-in (fork-bomb.py), which has an end and stays below some hundred processes. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Attack } from './attack.ts';

const PROGRAM = readFileSync(fileURLToPath(new URL('fork-bomb.py', import.meta.url)), 'utf8');

export const FORK_BOMB: Attack = {
  name: 'fork bomb',
  before: `cat > /tmp/copies.py << 'END'\n${PROGRAM}\nEND\necho ready`,
  script: '/usr/bin/python3 /tmp/copies.py',
  needs: ['python3'],
  found: { techniques: ['T1499'], severity: 'high' },
};
