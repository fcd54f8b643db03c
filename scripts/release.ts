/**
 * `npm run release -- keygen DIR` and `npm run release -- sign …`: release keys and signed lists of releases.
 * Run by whoever releases, on a machine that holds the key; never by a build.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import {
  CHANNELS,
  type Channel,
  openManifest,
  type ReleaseManifest,
  trustedKeys,
} from '../main/shell/updates/manifest.ts';
import { describePackage, makeReleaseKey, type ReleaseKey, signManifest } from '../main/shell/updates/signing.ts';
import { compareVersions, isVersion } from '../main/shell/updates/version.ts';

interface SignOptions {
  readonly key: string;
  readonly channel: Channel;
  readonly release: string;
  readonly sequence: number;
  readonly days: number;
  readonly rollout: number;
  readonly notes?: string;
  readonly recall: readonly string[];
  readonly output: string;
}

const MS_PER_DAY = 86_400_000;
const KEY_FILE_MODE = 0o600;

const program = new Command('release').description('Release keys and signed lists of releases.');

program
  .command('keygen')
  .description('Makes a release key; its public half goes into assets/updates/feed.json.')
  .argument('<file>', 'where to put the key; must not exist')
  .action((file: string) => {
    const key = makeReleaseKey();
    writeFileSync(file, `${JSON.stringify(key, null, 2)}\n`, { mode: KEY_FILE_MODE, flag: 'wx' });
    process.stdout.write(`Key ${key.id} is in ${file}; keep it off every machine that builds or is updated.\n`);
    process.stdout.write(`Add this line to "keys" of assets/updates/feed.json: "${key.publicKey}"\n`);
  });

program
  .command('sign')
  .description('Writes the signed list of a channel for packages that were built.')
  .requiredOption('--key <file>', 'as keygen made it')
  .addOption(new Option('--channel <name>').choices(CHANNELS).makeOptionMandatory())
  .requiredOption('--release <version>', 'the version of the packages', versionOf)
  .requiredOption('--sequence <number>', 'above that of the channel’s last list', wholeOf)
  .option('--days <number>', 'how long the list is good for', wholeOf, 30)
  .option('--rollout <fraction>', 'the part of all installs that it is offered to', fractionOf, 1)
  .option('--notes <file>', 'what is new, plain text')
  .option('--recall <version=reason...>', 'versions that must not be installed any more', [])
  .requiredOption('--output <folder>', 'where the list is written, as <channel>.json')
  .argument('<package...>')
  .action(async (packages: string[], options: SignOptions) => {
    const key = JSON.parse(readFileSync(options.key, 'utf8')) as ReleaseKey;
    const now = Date.now();
    const manifest: ReleaseManifest = {
      product: 'holdfast',
      format: 1,
      channel: options.channel,
      sequence: options.sequence,
      issued: new Date(now).toISOString(),
      expires: new Date(now + options.days * MS_PER_DAY).toISOString(),
      version: options.release,
      notes: options.notes === undefined ? '' : readFileSync(options.notes, 'utf8'),
      rollout: options.rollout,
      recalled: options.recall.map(recallOf),
      files: await Promise.all(packages.map(describePackage)),
    };
    const text = signManifest(manifest, [key]);
    const keys = trustedKeys([key.publicKey]);
    // What the updater would refuse must never be published.
    openManifest(text, keys, options.channel, now);
    const file = join(options.output, `${options.channel}.json`);
    assertAfter(file, manifest, keys, now);
    writeFileSync(file, text);
    process.stdout.write(`${file}: ${manifest.version}, list ${manifest.sequence}, good until ${manifest.expires}\n`);
  });

/** A list that goes back would be refused by everybody who saw the one before. */
function assertAfter(file: string, next: ReleaseManifest, keys: ReturnType<typeof trustedKeys>, now: number): void {
  if (!existsSync(file)) return;
  const before = openManifest(readFileSync(file, 'utf8'), keys, next.channel, now);
  if (next.sequence <= before.sequence) throw new Error(`the list there has the sequence ${before.sequence}`);
  if (compareVersions(next.version, before.version) < 0) throw new Error(`the list there has ${before.version}`);
}

function recallOf(text: string): { version: string; reason: string } {
  const [version, ...reason] = text.split('=');
  return { version: versionOf(version), reason: reason.join('=') };
}

function versionOf(text: string): string {
  if (!isVersion(text)) throw new InvalidArgumentError('It must be like 1.2.0 or 1.3.0-beta.1.');
  return text;
}

function wholeOf(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It must be a whole number above 0.');
  return Number(text);
}

function fractionOf(text: string): number {
  const value = Number(text);
  if (text === '' || !(value >= 0 && value <= 1)) throw new InvalidArgumentError('It must be from 0 to 1.');
  return value;
}

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`release: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
