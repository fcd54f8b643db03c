/** The updater with electron-updater against a server on the loopback; what is "installed" is a real file that runs. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ElectronInstaller } from './electron-installer.ts';
import { UpdateManager, type UpdateManagerOptions } from './manager.ts';
import { type ReleaseManifest, trustedKeys } from './manifest.ts';
import { MemoryFile } from './memory.ts';
import { makeReleaseKey, signManifest } from './signing.ts';
import { fakeAppImage, NodeHttpExecutor, type ReleaseServer, serveReleases, sha512 } from './testing.ts';

const KEY = makeReleaseKey();
const PACKAGE = 'holdfast-linux-x64.AppImage';
const MS_PER_DAY = 86_400_000;

let place: string;
let marker: string;
let appImage: string;
let server: ReleaseServer;
let quits: number;
let nowMs: number;
const environment = { APPIMAGE: process.env.APPIMAGE, XDG_CACHE_HOME: process.env.XDG_CACHE_HOME };

beforeEach(async () => {
  place = mkdtempSync(join(tmpdir(), 'holdfast-update-'));
  marker = join(place, 'started');
  appImage = join(place, 'Holdfast.AppImage');
  writeFileSync(appImage, fakeAppImage('1.0.0', marker));
  chmodSync(appImage, 0o755);
  process.env.APPIMAGE = appImage;
  server = await serveReleases();
  quits = 0;
  nowMs = Date.now();
});

afterEach(async () => {
  Object.assign(process.env, environment);
  for (const [name, value] of Object.entries(environment)) if (value === undefined) delete process.env[name];
  await server.close();
  rmSync(place, { recursive: true, force: true });
});

function managerOf(current = '1.0.0', change: Partial<UpdateManagerOptions> = {}): UpdateManager {
  const app = {
    version: current,
    name: 'holdfast',
    isPackaged: true,
    appUpdateConfigPath: join(place, 'app-update.yml'),
    userDataPath: place,
    baseCachePath: join(place, 'cache'),
    whenReady: async () => {},
    relaunch: () => {},
    quit: () => {},
    onQuit: () => {},
  };
  // electron-updater reads the name of its cache folder from this file.
  writeFileSync(app.appUpdateConfigPath, 'updaterCacheDirName: holdfast-updater\n');
  return new UpdateManager({
    currentVersion: current,
    feed: server.url,
    keys: trustedKeys([KEY.publicKey]),
    channel: () => 'stable',
    isAutomatic: () => false,
    memory: new MemoryFile(join(place, 'updates.json')),
    installer: new ElectronInstaller({
      host: { platform: 'linux', arch: 'x64', format: 'AppImage' },
      quit: () => {
        quits++;
      },
      log: () => {},
      adapter: { app, httpExecutor: new NodeHttpExecutor() },
    }),
    whyNot: '',
    fetch,
    now: () => nowMs,
    log: () => {},
    engineAnswers: async () => {},
    ...change,
  });
}

/** Publishes a release; what is said of it and what is sent can be made to differ. */
function publish(version: string, change: Partial<ReleaseManifest> = {}, sent?: Buffer, key = KEY): Buffer {
  const bytes = fakeAppImage(version, marker);
  const manifest: ReleaseManifest = {
    product: 'holdfast',
    format: 1,
    channel: 'stable',
    sequence: 10,
    issued: new Date(nowMs).toISOString(),
    expires: new Date(nowMs + 30 * MS_PER_DAY).toISOString(),
    version,
    notes: `What is new in ${version}.`,
    rollout: 1,
    recalled: [],
    files: [
      { platform: 'linux', arch: 'x64', format: 'AppImage', name: PACKAGE, size: bytes.length, sha512: sha512(bytes) },
    ],
    ...change,
  };
  server.files.set('/stable.json', signManifest(manifest, [key]));
  server.files.set(`/${PACKAGE}`, sent ?? bytes);
  return bytes;
}

/** All that a person can press, in order; gives the failure that ended it. */
async function updateAsFarAsPossible(manager: UpdateManager): Promise<string | undefined> {
  await manager.check();
  if (manager.state.state === 'available') await manager.download();
  if (manager.state.state === 'ready') await manager.install();
  return manager.state.failure?.code;
}

function installedVersion(): string {
  return /echo (\S+)/.exec(readFileSync(appImage, 'utf8'))![1];
}

async function untilStarted(version: string): Promise<boolean> {
  for (let tries = 0; tries < 200; tries++) {
    if (existsSync(marker) && readFileSync(marker, 'utf8').includes(version)) return true;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return false;
}

describe('an update', () => {
  it('that is signed, newer and whole is fetched with progress, installed and started', async () => {
    const bytes = publish('1.1.0');
    const manager = managerOf();
    const states: string[] = [];
    let received = 0;
    manager.watch(({ state, progress }) => {
      if (states.at(-1) !== state) states.push(state);
      received = Math.max(received, progress?.receivedBytes ?? 0);
    });
    expect(await updateAsFarAsPossible(manager)).toBeUndefined();
    expect(states).toEqual(['idle', 'checking', 'available', 'downloading', 'ready', 'installing']);
    expect(received).toBe(bytes.length);
    expect(readFileSync(appImage).equals(bytes)).toBe(true);
    expect(quits).toBe(1);
    expect(await untilStarted('1.1.0')).toBe(true);
  });

  it('says after the start how it went', async () => {
    publish('1.1.0');
    await updateAsFarAsPossible(managerOf());
    const [good, bad, undone] = [
      managerOf('1.1.0'),
      managerOf('1.1.0', { engineAnswers: () => Promise.reject(new Error('gone')) }),
      managerOf('1.0.0'),
    ];
    for (const [manager, isHealthy, words] of [
      [good, true, 'The engine answers'],
      [bad, false, 'does not answer'],
      [undone, false, 'was not installed'],
    ] as const) {
      manager.start();
      manager.stop();
      await expect
        .poll(() => manager.state.lastUpdate)
        .toMatchObject({ isHealthy, to: '1.1.0', message: expect.stringContaining(words) });
    }
    // Told once.
    const later = managerOf('1.1.0');
    later.start();
    later.stop();
    expect(later.state.lastUpdate).toBeNull();
  });

  it('says how it went although the disk keeps nothing', async () => {
    publish('1.1.0');
    await updateAsFarAsPossible(managerOf());
    // Where the memory is written first.
    mkdirSync(join(place, 'updates.json.new'));
    const manager = managerOf('1.1.0', { engineAnswers: () => Promise.reject(new Error('gone')) });
    manager.start();
    manager.stop();
    await expect.poll(() => manager.state.lastUpdate).toMatchObject({ isHealthy: false, to: '1.1.0' });
  });

  const day = 86_400_000;
  it.each<[string, string | undefined, () => void]>([
    [
      'is tampered with on the server',
      'update-damaged',
      () => publish('1.1.0', {}, Buffer.concat([fakeAppImage('1.1.0', '/dev/null').subarray(0, -1), Buffer.from('!')])),
    ],
    [
      'is another program of the same length',
      'update-damaged',
      () => publish('1.1.0', {}, fakeAppImage('6.6.6', marker)),
    ],
    [
      'is listed in an expired list',
      'update-expired',
      () =>
        publish('1.1.0', {
          issued: new Date(nowMs - 9 * day).toISOString(),
          expires: new Date(nowMs - day).toISOString(),
        }),
    ],
    ['goes down', undefined, () => publish('0.9.0')],
    ['is the version that runs', undefined, () => publish('1.0.0')],
    ['is signed with another key', 'update-not-signed', () => publish('1.1.0', {}, undefined, makeReleaseKey())],
    [
      'was called back',
      'update-recalled',
      () => publish('1.1.0', { recalled: [{ version: '1.1.0', reason: 'It loses alerts.' }] }),
    ],
    ['is not yet handed out here', undefined, () => publish('1.1.0', { rollout: 0 })],
    [
      'is for another system',
      'update-no-file',
      () =>
        publish('1.1.0', {
          files: [
            {
              platform: 'linux',
              arch: 'arm64',
              format: 'AppImage',
              name: PACKAGE,
              size: 1,
              sha512: sha512(Buffer.from('x')),
            },
          ],
        }),
    ],
    [
      'has a list that is an endless stream',
      'update-malformed',
      () => {
        server.files.set('/stable.json', (response) => {
          response.writeHead(200);
          const pour = (): void => {
            while (!response.destroyed && response.write('x'.repeat(65_536))) {}
            if (!response.destroyed) response.once('drain', pour);
          };
          pour();
        });
      },
    ],
    [
      'has a list that is elsewhere',
      'update-unreachable',
      () => {
        server.files.set(
          '/stable.json',
          (response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
        );
      },
    ],
    [
      'arrives by half',
      'update-interrupted',
      () => {
        const bytes = publish('1.1.0');
        server.files.set(`/${PACKAGE}`, (response) => {
          response.writeHead(200, { 'content-length': bytes.length });
          response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
        });
      },
    ],
  ])('is never installed when it %s', async (_what, code, prepare) => {
    prepare();
    const manager = managerOf();
    expect(await updateAsFarAsPossible(manager)).toBe(code);
    // Also not by somebody who presses the buttons all the same.
    await manager.install();
    expect(installedVersion()).toBe('1.0.0');
    expect(quits).toBe(0);
    expect(existsSync(marker)).toBe(false);
  });

  it('is refused when the list goes back to an older one, also after a restart', async () => {
    publish('1.1.0', { sequence: 12 });
    await managerOf().check();
    publish('1.2.0', { sequence: 11 });
    const restarted = managerOf();
    await restarted.check();
    expect(restarted.state.failure?.code).toBe('update-replayed');
  });

  it('is not installed when it is called back, changed on the disk or out of date after it was fetched', async () => {
    publish('1.1.0');
    const manager = managerOf();
    await manager.check();
    await manager.download();
    expect(manager.state.state).toBe('ready');
    publish('1.1.0', { sequence: 11, recalled: [{ version: '1.1.0', reason: 'It loses alerts.' }] });
    await manager.install();
    expect(manager.state.failure?.code).toBe('update-recalled');
    expect(installedVersion()).toBe('1.0.0');

    publish('1.1.0', { sequence: 12 });
    const again = managerOf();
    await again.check();
    await again.download();
    const file = join(place, 'cache/holdfast-updater/pending', PACKAGE);
    writeFileSync(file, fakeAppImage('6.6.6', marker));
    await again.install();
    expect(again.state.failure?.code).toBe('update-damaged');

    const late = managerOf();
    await late.check();
    await late.download();
    server.files.delete('/stable.json');
    nowMs += 40 * MS_PER_DAY;
    await late.install();
    expect(late.state.failure?.code).toBe('update-expired');
    expect(installedVersion()).toBe('1.0.0');
    expect(quits).toBe(0);
  });

  it('can be put off, and that is remembered for this version only', async () => {
    publish('1.1.0');
    const manager = managerOf();
    await manager.check();
    manager.postpone(24);
    const restarted = managerOf();
    await restarted.check();
    expect(restarted.state).toMatchObject({ state: 'available', postponedUntilMs: nowMs + MS_PER_DAY });
    publish('1.2.0', { sequence: 11 });
    await restarted.check();
    expect(restarted.state).toMatchObject({ version: '1.2.0', postponedUntilMs: null });
  });

  it('is not looked for by a build without a key, a place or a way to install', async () => {
    for (const change of [
      { feed: undefined },
      { keys: new Map() },
      { installer: undefined, whyNot: 'It runs from a checkout.' },
    ]) {
      const manager = managerOf('1.0.0', change);
      await manager.check();
      expect(manager.state.state).toBe('unsupported');
    }
    expect(server.asked).toEqual([]);
  });
});
