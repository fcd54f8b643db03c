import { describe, expect, it } from 'vitest';
import type { HostEvent } from '../../../contract/events.ts';
import { ransomwareBehaviour } from './ransomware.ts';
import { findingsOf, program, START_MS } from './testing.ts';

const locker = program('/tmp/.x/locker /home/anna', ['/usr/bin/bash']);

function files(count: number, make: (index: number) => readonly HostEvent[]): HostEvent[] {
  return Array.from({ length: count }, (_, index) => make(index)).flat();
}

function renames(count: number, ending: string, process = locker, stepMs = 20): HostEvent[] {
  return files(count, (index) => {
    const previousPath = `/home/anna/Documents/report${index}.docx`;
    const timeMs = START_MS + index * stepMs;
    return [
      { type: 'file-written', timeMs, path: previousPath, process },
      { type: 'file-renamed', timeMs, path: `${previousPath}${ending}`, previousPath, process },
    ];
  });
}

describe('ransomware', () => {
  it('is told before it has 20 files', () => {
    const found = findingsOf(ransomwareBehaviour, renames(14, '.locked'));
    expect(found).toMatchObject([
      { kind: 'ransomware', severity: 'critical', title: 'locker changed 12 documents into ".locked"' },
    ]);
    expect(findingsOf(ransomwareBehaviour, renames(5, '.locked'))).toEqual([]);
  });

  it('is told when it writes beside the originals and removes these', () => {
    const events = files(30, (index) => {
      const path = `/home/anna/photo${index}.jpg`;
      return [
        { type: 'file-written', timeMs: START_MS, path: `${path}.enc7`, process: locker },
        { type: 'file-deleted', timeMs: START_MS, path, process: locker },
      ];
    });
    expect(findingsOf(ransomwareBehaviour, events)).toHaveLength(1);
  });

  it('is told sooner with a note', () => {
    const note: HostEvent = {
      type: 'file-written',
      timeMs: START_MS,
      path: '/home/anna/HOW_TO_DECRYPT.txt',
      process: locker,
    };
    const found = findingsOf(ransomwareBehaviour, [note, ...renames(7, '.crypt')]);
    expect(found[0]?.evidence).toEqual(expect.arrayContaining([expect.objectContaining({ name: 'note' })]));
  });

  it('is told when documents become random under their own names', () => {
    const rewrites = (count: number, name: string, file: { entropy: number; magic: string }): HostEvent[] =>
      files(count, (index) => [
        {
          type: 'file-written',
          timeMs: START_MS + index * 50,
          path: `/home/anna/${index}/${name}`,
          process: locker,
          file: { ...file, sizeBytes: 40_000 },
        },
      ]);
    for (const name of ['notes.txt', 'report.docx', 'photo.jpg']) {
      const [finding] = findingsOf(ransomwareBehaviour, rewrites(14, name, { entropy: 7.98, magic: '' }));
      expect(finding, name).toMatchObject({ severity: 'critical', title: 'locker made 12 documents unreadable' });
      expect(finding?.evidence.map((row) => row.name)).toContain('randomness');
    }
    expect(findingsOf(ransomwareBehaviour, rewrites(40, 'report.docx', { entropy: 7.9, magic: 'zip' }))).toEqual([]);
    expect(findingsOf(ransomwareBehaviour, rewrites(40, 'notes.txt', { entropy: 4.5, magic: '' }))).toEqual([]);
    expect(findingsOf(ransomwareBehaviour, rewrites(40, 'data.bin', { entropy: 7.99, magic: '' }))).toEqual([]);
  });

  it('is told by one canary', () => {
    const path = '/home/anna/.aaa/photos.zip';
    const event: HostEvent = { type: 'file-written', timeMs: START_MS, path, process: locker };
    expect(findingsOf(ransomwareBehaviour, [event], { canaries: [path] })).toMatchObject([{ severity: 'critical' }]);
  });
});

describe('what is usual', () => {
  const usual: readonly [string, HostEvent[]][] = [
    ['gzip', renames(100, '.gz', program('/usr/bin/gzip -r /home/anna'))],
    ['rename to a known ending', renames(100, '.bak', program('/usr/bin/rename s/x/y/'))],
    [
      'a converter that keeps the originals',
      files(100, (index) => [
        {
          type: 'file-written',
          timeMs: START_MS,
          path: `/home/anna/a${index}.png.thumb`,
          process: program('/usr/bin/mogrify'),
        },
      ]),
    ],
    [
      'a build',
      files(200, (index) => [
        {
          type: 'file-written',
          timeMs: START_MS,
          path: `/home/anna/src/a${index}.o`,
          process: program('/usr/bin/cc1'),
        },
      ]),
    ],
    [
      'a clean-up',
      files(200, (index) => [
        {
          type: 'file-deleted',
          timeMs: START_MS,
          path: `/home/anna/old/a${index}.jpg`,
          process: program('/usr/bin/rm -rf old'),
        },
      ]),
    ],
    [
      'rsync, which renames its own',
      files(200, (index) => [
        {
          type: 'file-renamed',
          timeMs: START_MS,
          path: `/mnt/backup/a${index}.docx`,
          previousPath: `/mnt/backup/.a${index}.docx.Xa81Ks`,
          process: program('/usr/bin/rsync -a /home/anna /mnt'),
        },
      ]),
    ],
    [
      'a backup in chunks',
      files(200, (index) => [
        {
          type: 'file-renamed',
          timeMs: START_MS,
          path: `/mnt/backup/data/${index}`,
          previousPath: `/mnt/backup/data/${index}.tmp`,
          process: program('/usr/bin/restic backup'),
        },
      ]),
    ],
    ['slow renaming by hand', renames(30, '.private', program('/usr/bin/nautilus'), 20_000)],
  ];
  for (const [name, events] of usual)
    it(`is silent about ${name}`, () => expect(findingsOf(ransomwareBehaviour, events)).toEqual([]));
});
