/** What can be known of the desktop packages without Electron's binary: that the configuration is valid and whole. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ROOT } from '../node24.mjs';
import { whyNoDesktop } from './desktop.ts';
import { withDependencies } from './licences.ts';

interface Config {
  readonly files: readonly string[];
  readonly electronFuses: Readonly<Record<string, boolean>>;
  readonly linux: {
    readonly executableName: string;
    readonly desktop: {
      readonly entry: Readonly<Record<string, string>>;
      readonly desktopActions: Readonly<Record<string, Readonly<Record<string, string>>>>;
    };
  };
  readonly deb: { readonly fpm: readonly string[]; readonly afterInstall: string; readonly afterRemove: string };
}

const text = readFileSync(join(ROOT, 'electron-builder.yml'), 'utf8');
const config = parse(text) as Config;

describe('electron-builder.yml', () => {
  it('is valid by electron-builder’s own schema', { timeout: 60_000 }, async () => {
    // Not its public face, but what its command line does first.
    const require = createRequire(join(ROOT, 'node_modules/electron-builder/package.json'));
    const { getConfig, validateConfiguration } = require('app-builder-lib/out/util/config/config.js');
    const { DebugLogger } = require('builder-util');
    const read = await getConfig(ROOT, 'electron-builder.yml', null);
    await validateConfiguration(read, new DebugLogger(false));
    await expect(validateConfiguration({ ...read, electronFuzes: {} }, new DebugLogger(false))).rejects.toThrow(
      /electronFuzes/,
    );
  });

  it('closes every way into Electron’s binary', () => {
    expect(config.electronFuses).toMatchObject({
      runAsNode: false,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      onlyLoadAppFromAsar: true,
      enableEmbeddedAsarIntegrityValidation: true,
      enableCookieEncryption: true,
      grantFileProtocolExtraPrivileges: false,
    });
  });

  it('carries the updater with all that it needs, and no other package', () => {
    const listed = config.files.flatMap((pattern) => /^node_modules\/(.+)\/\*\*\/\*$/.exec(pattern)?.[1] ?? []);
    expect(listed.sort()).toEqual(withDependencies(join(ROOT, 'node_modules'), ['electron-updater']));
  });

  it('installs only files that are there', () => {
    const placed = config.deb.fpm.filter((word) => !word.startsWith('--')).map((word) => word.split('=')[0]);
    const scripts = config.deb.fpm.flatMap((word) => /^--before-remove=(.*)$/.exec(word)?.[1] ?? []);
    const files = [...placed, ...scripts, config.deb.afterInstall, config.deb.afterRemove];
    // Made by the packager itself.
    const made = files.filter((file) => file.startsWith('out/documents/'));
    expect(files.filter((file) => !made.includes(file) && !existsSync(join(ROOT, file)))).toEqual([]);
    expect(made).toHaveLength(4);
  });

  it('says to desktops what the desktop file says', () => {
    const groups = desktopFile(readFileSync(join(ROOT, 'assets/linux/holdfast.desktop'), 'utf8'));
    const { entry, desktopActions } = config.linux.desktop;
    expect(groups['Desktop Entry']).toMatchObject(entry);
    expect(groups['Desktop Entry'].Exec).toBe(`${config.linux.executableName} %U`);
    expect(groups['Desktop Entry'].Actions).toBe(`${Object.keys(desktopActions).join(';')};`);
    for (const [name, action] of Object.entries(desktopActions)) {
      expect(groups[`Desktop Action ${name}`]).toEqual(action);
    }
  });

  it('has maintainer scripts in which electron-builder finds only names that it knows', () => {
    for (const name of readdirSync(join(ROOT, 'assets/linux/desktop'))) {
      const script = readFileSync(join(ROOT, 'assets/linux/desktop', name), 'utf8');
      const names = [...script.matchAll(/\$\{(\w+)\}/g)].map(([, known]) => known);
      expect(names.filter((known) => !['executable', 'sanitizedProductName'].includes(known))).toEqual([]);
    }
  });
});

it('says plainly why there is no desktop package where Electron is missing', () => {
  expect(whyNoDesktop(undefined)).toMatch(/Electron’s own program is not here.*install-electron/);
  expect(whyNoDesktop('/x/electron')).toBeUndefined();
});

/** Groups of a desktop file with their keys (Desktop Entry Specification 1.5). */
function desktopFile(content: string): Readonly<Record<string, Readonly<Record<string, string>>>> {
  const groups: Record<string, Record<string, string>> = {};
  let current: Record<string, string> = {};
  for (const line of content.split('\n')) {
    const group = /^\[(.*)\]$/.exec(line)?.[1];
    if (group !== undefined) {
      current = {};
      groups[group] = current;
    } else if (line.includes('=')) {
      current[line.slice(0, line.indexOf('='))] = line.slice(line.indexOf('=') + 1);
    }
  }
  return groups;
}
