import { describe, expect, it } from 'vitest';
import type {
  IntegrityChangeRecord,
  IntegrityState,
  Inventory,
  PersistenceRecord,
} from '../../../contract/api-system.ts';
import { columnsOf } from '../terminal/layout.ts';
import { workText } from '../terminal/work-progress.ts';
import { changesText, statusText } from './integrity-text.ts';
import { inventoryText } from './inventory-text.ts';
import { persistenceText } from './system-text.ts';

const plain = (_style: string, text: string): string => text;
const ESCAPE = '\u001b[31m';

const ENTRY: PersistenceRecord = {
  place: 'crontab',
  path: `/etc/cron.d/${ESCAPE}x`,
  content: `${ESCAPE}one\ntwo\nthree\nfour\nfive`,
  isMore: false,
  users: ['root'],
  package: null,
  changedMs: 0,
  firstSeenMs: 1_700_000_000_000,
  isNew: true,
  isEnabled: null,
};

describe('persistenceText', () => {
  it('groups by place, and shows nobody’s escapes', () => {
    const lines = persistenceText([ENTRY, { ...ENTRY, place: 'motd', package: 'dpkg:motd', isNew: false }], 80, plain);
    const text = lines.join('\n');
    expect(text).not.toContain('\u001b');
    expect(text).toContain('Scheduled by cron');
    expect(text).toContain('Greeting at login');
    expect(text).toContain('… 2 more lines');
    expect(lines.at(-1)).toBe('2 files, 1 of no package.');
    expect(persistenceText([], 80, plain)).toEqual(['0 files, 0 of no package.']);
  });
});

const STATE: IntegrityState = {
  baseline: { createdMs: 0, acceptedMs: 0, entries: 5, paths: ['/etc'] },
  failure: null,
  running: null,
  ended: null,
  check: { checkedMs: 0, isFull: false, added: 1, removed: 0, changed: 1, explained: 1, problems: [] },
};
const CHANGES: readonly IntegrityChangeRecord[] = [
  {
    path: `/etc/${ESCAPE}`,
    change: 'changed',
    differences: [{ aspect: 'content', before: 'a'.repeat(64), after: 'unreadable' }],
    isNewlySetUid: true,
    package: null,
  },
  { path: '/usr/bin/x', change: 'added', differences: [], isNewlySetUid: false, package: 'dpkg:x' },
];

describe('changesText', () => {
  it('says what changed, and what explains it', () => {
    const text = changesText(STATE, CHANGES, 80, plain).join('\n');
    expect(text).not.toContain('\u001b');
    expect(text).toContain('content aaaaaaaaaaaa → unreadable');
    expect(text).toContain('as dpkg:x brought it');
    expect(text).toContain('2 changes since');
    expect(text).toContain('1 explained by packages.');
  });

  it('says that nothing changed', () => {
    expect(changesText(STATE, [], 80, plain)[0]).toMatch(/^Nothing changed since /);
  });
});

describe('statusText', () => {
  it('says whether there is a baseline, and what is wrong with it', () => {
    expect(statusText({ ...STATE, baseline: null, check: null }, 80, plain).join(' ')).toContain('integrity init');
    expect(statusText(STATE, 80, plain).join(' ')).toContain('1 added, 0 removed, 1 changed; 1 of them explained');
    const failure = { code: 'baseline-tampered', message: 'Tampered.', hint: 'Look into it.' };
    expect(statusText({ ...STATE, failure }, 80, plain)[0]).toBe('Tampered.');
  });
});

describe('workText', () => {
  it('fits its line', () => {
    const progress = { files: 1_200, totalFiles: 2_800, bytes: 352e6, totalBytes: 818e6 };
    expect(workText('reading files', progress, 100, plain)).toContain('43 %  1,200 of 2,800 files · 352 MB of 818 MB');
    for (let width = 1; width < 120; width++)
      expect(columnsOf(workText('reading files', progress, width, plain))).toBeLessThanOrEqual(width);
    expect(workText('looking', { files: 0, totalFiles: 0, bytes: 0, totalBytes: 0 }, 80, plain)).toBe('looking …');
  });
});

describe('inventoryText', () => {
  it('shows what is known and nobody’s escapes', () => {
    const inventory: Inventory = {
      takenMs: 0,
      problems: ['Asking about the disks failed.'],
      computer: {
        name: ESCAPE,
        manufacturer: 'Maker',
        model: 'One',
        serial: '',
        firmware: '',
        firmwareDate: '',
        isVirtual: true,
        cloud: 'Amazon EC2',
        container: null,
      },
      processor: { name: 'CPU', sockets: 1, cores: 2, threads: 4, gigahertz: 2 },
      memory: { bytes: 8e9, swapBytes: 0 },
      system: { name: 'Debian', version: '12', codename: '', kernel: '6.1', architecture: 'x64', startedMs: 0 },
      disks: [],
      volumes: [{ path: '/', source: '/dev/x', fileSystem: 'ext4', bytes: 10, usedBytes: 1, isReadOnly: false }],
      interfaces: [
        {
          name: 'eth0',
          hardwareAddress: '',
          addresses: ['10.0.0.1'],
          kind: '',
          isUp: true,
          speed: null,
          isVirtual: false,
        },
      ],
      devices: [{ name: ESCAPE, vendorId: '1', productId: '2', serial: '' }],
      software: {
        packages: 12,
        servicesEnabled: [],
        servicesRunning: [],
        kernelModules: 3,
        taintingModules: ['evil'],
        containerRuntimes: ['Docker'],
        containers: [],
      },
      users: [
        {
          name: 'ada',
          uid: 1000,
          home: '',
          shell: '/bin/sh',
          groups: ['sudo'],
          password: 'set',
          isAdministrator: true,
        },
        {
          name: 'daemon',
          uid: 1,
          home: '',
          shell: '/usr/sbin/nologin',
          groups: [],
          password: null,
          isAdministrator: false,
        },
      ],
      sessions: [],
      protection: {
        secureBoot: 'on',
        kernelLockdown: 'none',
        securityModules: [],
        selinux: 'off',
        appArmor: { enforced: 3, complaining: 0 },
        encryptedDevices: [],
        isRootEncrypted: true,
        kernelTaint: 0,
        firewall: { tool: 'nftables', rules: 4, problem: '' },
        tools: [{ name: 'auditd', kind: 'audit', isRunning: false }],
      },
    };
    const text = inventoryText(inventory, 80, plain).join('\n');
    expect(text).not.toContain('\u001b');
    for (const part of [
      'virtual, Amazon EC2',
      'not of the kernel: evil',
      'ada ★',
      'nftables: 4 rules',
      'auditd (not running)',
    ])
      expect(text).toContain(part);
    expect(text).not.toContain('daemon');
    expect(text).toContain('Asking about the disks failed.');
  });
});
