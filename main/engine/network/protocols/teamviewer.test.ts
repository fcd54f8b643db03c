import { describe, expect, it } from 'vitest';
import { bytesOf, type Exchange, expectRobust } from './service-testing.ts';
import { teamviewer } from './teamviewer.ts';
import { feed } from './testing.ts';

describe('TeamViewer', () => {
  const exchange: Exchange = [
    ['initiator', bytesOf(0x17, 0x24, 0x0a, 0x20, new Uint8Array(30))],
    ['responder', bytesOf(0x11, 0x30, 0x36, 0, new Uint8Array(30))],
  ];

  it('is told by its first message and the answer', () => {
    expect(feed(teamviewer, exchange)).toMatchObject([{ type: 'protocol', protocol: 'teamviewer', isUsualPort: true }]);
    expect(feed(teamviewer, [exchange[0], ['responder', bytesOf('HTTP/1.1 400')]])).toEqual([]);
  });

  it('stands cuts and damage', () => expectRobust(teamviewer, exchange));
});
