/** The headless package for Debian and its kin: deb(5), built by dpkg-deb without network. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { documents, type GeneratedDocument, packed } from './documents.ts';
import { copyPlaced, filesBelow, linkTree, makeFolder, placeLink, settle, writePlaced } from './files.ts';
import type { Plan } from './plan.ts';

const PACKAGE = 'holdfast-headless';
const PROGRAM_FOLDER = 'usr/lib/holdfast';
const DOCUMENTS = `usr/share/doc/${PACKAGE}`;

/**
 * How the package is compressed. xz at its lowest level gives 35 MB in 20 s of one core, at its usual one 32 MB in 100 s;
 * gzip 51 MB in 2 s. zstd would be better than all, but Debian 11 cannot read it.
 */
export const COMPRESSIONS = ['xz', 'smallest', 'gzip', 'none'] as const;
export type Compression = (typeof COMPRESSIONS)[number];
const COMPRESSION_OPTIONS: Readonly<Record<Compression, readonly string[]>> = {
  xz: ['-Zxz', '-z1'],
  smallest: ['-Zxz', '-z6'],
  gzip: ['-Zgzip', '-z1'],
  none: ['-Znone'],
};

/** Files of the project and where they are installed. */
const INSTALLED: readonly (readonly [from: string, to: string])[] = [
  ['assets/linux/holdfast.service', 'usr/lib/systemd/system/holdfast.service'],
  ['assets/linux/org.holdfast.service.policy', 'usr/share/polkit-1/actions/org.holdfast.service.policy'],
  ['assets/linux/holdfast.apparmor', 'etc/apparmor.d/holdfast'],
  ['README.md', `${DOCUMENTS}/README.md`],
  ['docs/user-guide.md', `${DOCUMENTS}/user-guide.md`],
  ['docs/security.md', `${DOCUMENTS}/security.md`],
  ['docs/limitations.md', `${DOCUMENTS}/limitations.md`],
];

/** Where the documents that are made are installed. */
const DOCUMENT_PLACES: Readonly<Record<GeneratedDocument['name'], string>> = {
  'holdfast.1.gz': 'usr/share/man/man1/holdfast.1.gz',
  'holdfast.bash': 'usr/share/bash-completion/completions/holdfast',
  'holdfast.zsh': 'usr/share/zsh/vendor-completions/_holdfast',
  'holdfast.fish': 'usr/share/fish/vendor_completions.d/holdfast.fish',
};

const MAINTAINER_SCRIPTS = ['preinst', 'postinst', 'prerm', 'postrm'] as const;

/** Files in /etc that belong to the administrator once they are there. */
const CONFFILES = ['/etc/apparmor.d/holdfast'];

/** Builds the package from plan.tree, and gives its path. @throws Error in dpkg-deb's words */
export function buildDeb(plan: Plan, compression: Compression): string {
  const stage = join(plan.out, `.${PACKAGE}`);
  const file = join(plan.out, `${PACKAGE}_${debianVersion(plan.version)}_${plan.debianArch}.deb`);
  rmSync(stage, { recursive: true, force: true });
  try {
    stageSystem(plan, stage);
    stageControl(plan, stage);
    settle(stage, plan.epoch);
    const args = ['--root-owner-group', ...COMPRESSION_OPTIONS[compression], '--build', stage, file];
    const env = { ...process.env, SOURCE_DATE_EPOCH: String(plan.epoch) };
    const { status, stderr, error } = spawnSync('dpkg-deb', args, { env, encoding: 'utf8' });
    if (status !== 0) throw new Error(`dpkg-deb could not build the package: ${error?.message ?? stderr.trim()}`);
    return file;
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

/** A pre-release comes before its release: "~" sorts so (deb-version(7)). */
export function debianVersion(version: string): string {
  return version.replace('-', '~');
}

function stageSystem(plan: Plan, stage: string): void {
  const { root, tree } = plan;
  linkTree(tree, join(stage, PROGRAM_FOLDER));
  placeLink(join(stage, 'usr/bin/holdfast'), '../lib/holdfast/holdfast');
  makeFolder(join(stage, 'etc/holdfast'));
  for (const [from, to] of INSTALLED) copyPlaced(join(root, from), join(stage, to));
  for (const { name, content } of documents(plan)) writePlaced(join(stage, DOCUMENT_PLACES[name]), content);
  writePlaced(join(stage, DOCUMENTS, 'changelog.gz'), packed(readFileSync(join(root, 'CHANGELOG.md'), 'utf8')));
  placeLink(join(stage, DOCUMENTS, 'THIRD-PARTY-NOTICES.txt'), '../../../lib/holdfast/THIRD-PARTY-NOTICES.txt');
  writePlaced(join(stage, DOCUMENTS, 'copyright'), COPYRIGHT);
}

function stageControl(plan: Plan, stage: string): void {
  const { root } = plan;
  const places = filesBelow(stage, true);
  const bytes = places.reduce((sum, place) => sum + lstatSync(join(stage, place)).size, 0);
  const sums = places
    .filter((place) => lstatSync(join(stage, place)).isFile())
    .map(
      (place) =>
        `${createHash('md5')
          .update(readFileSync(join(stage, place)))
          .digest('hex')}  ${place}\n`,
    );
  writePlaced(join(stage, 'DEBIAN/control'), controlText(plan, Math.ceil(bytes / 1024)));
  writePlaced(join(stage, 'DEBIAN/md5sums'), sums.join(''));
  writePlaced(join(stage, 'DEBIAN/conffiles'), `${CONFFILES.join('\n')}\n`);
  for (const name of MAINTAINER_SCRIPTS) {
    copyPlaced(join(root, 'assets/linux/deb', name), join(stage, 'DEBIAN', name), { executable: true });
  }
}

function controlText({ version, debianArch, manifest }: Plan, installedKilobytes: number): string {
  const [summary, ...rest] = DESCRIPTION;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['Package', PACKAGE],
    ['Version', debianVersion(version)],
    ['Architecture', debianArch],
    ['Maintainer', manifest.author ?? NO_AUTHOR],
    ['Installed-Size', String(installedKilobytes)],
    // Node's own needs; sense needs the C library only.
    ['Depends', 'libc6 (>= 2.28), libstdc++6, libgcc-s1'],
    ['Recommends', 'nftables'],
    ['Suggests', 'apparmor'],
    ['Conflicts', 'holdfast'],
    ['Replaces', 'holdfast'],
    ['Section', 'net'],
    ['Priority', 'optional'],
    ['Homepage', manifest.homepage],
    ['Description', [summary, ...rest.map((line) => (line === '' ? ' .' : ` ${line}`))].join('\n')],
  ];
  return rows.flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}\n`])).join('');
}

/** A package must name somebody; ".invalid" is nobody's (RFC 2606). */
const NO_AUTHOR = 'The Holdfast project <nobody@holdfast.invalid>';

const DESCRIPTION = [
  'endpoint protection: engine, command line and console',
  'Holdfast watches what a computer does on the network, and says in plain words',
  'what is not as it should be: who did what to whom, with the evidence.',
  '',
  'This package is for computers without a desktop: the engine as a service, the',
  'command "holdfast", and a console for the browser.',
];

const COPYRIGHT = `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: Holdfast

Files: *
Copyright: The Holdfast project
License: Apache-2.0
 On Debian systems, the full text of the Apache License 2.0 is in
 /usr/share/common-licenses/Apache-2.0. The licences of the work of others that
 this package carries are in THIRD-PARTY-NOTICES.txt beside this file.
`;
