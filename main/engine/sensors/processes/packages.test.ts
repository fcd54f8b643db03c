import { expect, it } from 'vitest';
import { ManualClock } from '../../runtime/clock.ts';
import type { PackageDatabase } from '../package-databases.ts';
import { PackageIndex } from './packages.ts';

function database(manager: PackageDatabase['manager'], read: PackageDatabase['read']): PackageDatabase {
  return { manager, stamp: async () => 1, read };
}

it('knows the files of the others where one of several databases cannot be read, and does not read all again', async () => {
  let reads = 0;
  const dpkg = database('dpkg', async (_root, take) => {
    reads++;
    take('curl', '/usr/bin/curl');
  });
  const rpm = database('rpm', () => Promise.reject(new Error('rpm ended with 1')));
  const index = new PackageIndex(new ManualClock(), { databases: [dpkg, rpm] });
  await index.refresh();
  await index.refresh();
  expect([index.ownerOf('/usr/bin/curl'), reads]).toEqual(['dpkg:curl', 1]);
});

it('asks again later where there is nothing else to be read', async () => {
  let isAtWork = true;
  const dpkg = database('dpkg', async (_root, take) => {
    if (isAtWork) throw new Error('at work');
    take('curl', '/usr/bin/curl');
  });
  const index = new PackageIndex(new ManualClock(), { databases: [dpkg] });
  await index.refresh();
  isAtWork = false;
  await index.refresh();
  expect(index.ownerOf('/usr/bin/curl')).toBe('dpkg:curl');
});
