import { describe, expect, it } from 'vitest';
import { engineEnded } from './engine-child.ts';
import { daemonArguments, engineEnvironment, engineProgram, whyNoEngine } from './engine-program.ts';

describe('the app’s own engine', () => {
  it('is in the package, or in the tree of a clone', () => {
    const place = { platform: 'linux', resourcesPath: '/opt/Holdfast/resources', appPath: '/src' };
    expect(engineProgram({ ...place, isPackaged: true })).toEqual({
      node: '/opt/Holdfast/resources/engine/node',
      command: '/opt/Holdfast/resources/engine/dist/engine/holdfast.js',
      launcher: '/opt/Holdfast/resources/engine/holdfast',
    });
    const program = engineProgram({ ...place, isPackaged: false });
    expect(program).toEqual({ node: '/src/node_modules/node/bin/node', command: '/src/bin/holdfast' });
    expect(whyNoEngine(program)).toBe('/src/node_modules/node/bin/node is missing.');
    expect(daemonArguments(program, undefined)).toEqual(['/src/bin/holdfast', 'daemon']);
    expect(daemonArguments(program, '/d')).toEqual(['/src/bin/holdfast', '--data-dir', '/d', 'daemon']);
  });

  it('is given its places and settings, and nothing that loads code', () => {
    const environment = {
      HOME: '/home/ada',
      XDG_RUNTIME_DIR: '/run/user/1000',
      HOLDFAST_LOG__LEVEL: 'debug',
      NODE_OPTIONS: '--require /tmp/x.js',
      LD_PRELOAD: '/tmp/x.so',
      ELECTRON_RUN_AS_NODE: '1',
      SECRET: 's',
    };
    expect(Object.keys(engineEnvironment(environment)).sort()).toEqual([
      'HOLDFAST_LOG__LEVEL',
      'HOME',
      'XDG_RUNTIME_DIR',
    ]);
  });

  it('has last words that are safe to show', () => {
    const { message } = engineEnded(`holdfast: one\n\ntwo \u001b[31m\nthree\nfour\nfive\n`);
    expect(message).toBe('The engine ended: two \\u{1b}[31m three four five');
    expect(engineEnded('').message).toContain('gave no reason');
  });
});
