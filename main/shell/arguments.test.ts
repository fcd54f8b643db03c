import { describe, expect, it } from 'vitest';
import { parseArguments, parseLaunchRequest, SHOW_WINDOW } from './arguments.ts';

describe('the words of a start', () => {
  it.each([
    [[], {}],
    [['--hidden'], { isHidden: true }],
    [['--address=#/alerts/a-1'], { address: '/alerts/a-1' }],
    [['--show-alerts'], { address: '/alerts' }],
    [['--open=alerts'], { address: '/alerts' }],
    [['--pause'], { pauseMinutes: 15, isHidden: true }],
    [['--pause=30'], { pauseMinutes: 30, isHidden: true }],
    [['--resume'], { resume: true, isHidden: true }],
    [['--quit'], { quit: true, isHidden: true }],
  ])('%j', (words, wanted) => {
    expect(parseArguments(words).request).toEqual({ ...SHOW_WINDOW, ...wanted });
  });

  it.each([
    '--address=https://example.com/',
    '--address=//example.com/',
    '--address=javascript:alert(1)',
    '--address=/alerts\n/x',
    '--address',
    '--open=/etc/passwd',
    '--pause=0',
    '--pause=-5',
    '--pause=1e3',
    '--pause=99999',
    '--constructor',
    '--to-string',
    '/home/ada/file.html',
  ])('%j asks for nothing but the window', (word) => {
    const { isHidden: _, ...request } = parseArguments([word]).request;
    const { isHidden: __, ...usual } = SHOW_WINDOW;
    expect(request).toEqual(usual);
  });

  it('takes a place for the data', () => {
    expect(parseArguments(['--data-dir=/tmp/x']).dataDirectory).toBe('/tmp/x');
    expect(parseArguments(['--data-dir=']).dataDirectory).toBeUndefined();
  });
});

describe('what a second start sends', () => {
  it('goes through as it is', () => {
    const request = { ...SHOW_WINDOW, address: '/alerts', pauseMinutes: 5 };
    expect(parseLaunchRequest(request)).toEqual(request);
  });

  it.each([undefined, null, 7, 'x', {}, { ...SHOW_WINDOW, more: 1 }, { ...SHOW_WINDOW, pauseMinutes: 1e9 }])(
    'shows the window for %j',
    (sent) => {
      expect(parseLaunchRequest(sent)).toEqual(SHOW_WINDOW);
    },
  );

  it('is shown no address that is none of the app’s', () => {
    expect(parseLaunchRequest({ ...SHOW_WINDOW, address: 'https://example.com' }).address).toBeNull();
  });
});
