import { describe, expect, it } from 'vitest';
import { serviceOfName } from './service-names.ts';

describe('services by name', () => {
  it.each([
    ['router12.teamviewer.com', 'TeamViewer'],
    ['ROUTER12.TeamViewer.COM', 'TeamViewer'],
    ['eu.relay.splashtop.com', 'Splashtop'],
    ['a.b.c.d.e.f.g.h.relay.splashtop.com', 'Splashtop'],
    ['rl.ammyy.com', 'Ammyy Admin'],
    ['xmr.eu.nanopool.org', 'mining pool nanopool.org'],
    ['gulf.moneroocean.stream', 'mining pool moneroocean.stream'],
  ])('%s stands for %s', (name, what) => {
    expect(serviceOfName(name)?.what).toBe(what);
  });

  it.each([
    '',
    '.',
    'com',
    'teamviewer.com',
    'www.teamviewer.com',
    'router1.notteamviewer.com',
    'router1.teamviewer.com.',
    'relay.splashtop.com',
    'splashtop.com',
    'nanopool.org',
    'www.nanopool.org',
    'a.b.c.d.e.f.nanopool.org',
  ])('"%s" stands for nothing', (name) => {
    expect(serviceOfName(name)).toBeUndefined();
  });
});
