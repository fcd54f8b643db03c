import { describe, expect, it } from 'vitest';
import type { HostProcessWithParents } from '../../../../contract/events.ts';
import { MAX_LISTENERS, SocketHistory } from './history.ts';
import type { SocketOwner, SocketRecord } from './records.ts';

const NETWORK = 4_026_531_840;
const CURL: SocketOwner = {
  pid: 42,
  parentPid: 1,
  startNs: 5_007_000_000,
  users: { uid: 1000, euid: 1000 },
  name: 'curl',
  image: '/usr/bin/curl',
  isImageDeleted: false,
};

function record(kind: SocketRecord['kind'], fields: Partial<SocketRecord> = {}): SocketRecord {
  return {
    kind,
    timeMs: 2_000,
    inode: 7,
    protocol: 6,
    localAddress: '10.0.0.2',
    localPort: 40_000,
    remoteAddress: '192.0.2.1',
    remotePort: 443,
    network: NETWORK,
    isBound: false,
    ...fields,
  };
}

function listener(kind: 'listen' | 'unlisten' | 'found-listener', fields: Partial<SocketRecord> = {}): SocketRecord {
  return record(kind, { localAddress: '0.0.0.0', localPort: 80, remoteAddress: '0.0.0.0', remotePort: 0, ...fields });
}

function history(processOf?: (pid: number) => HostProcessWithParents | undefined) {
  const made = new SocketHistory({ processOf, userName: (uid) => (uid === 1000 ? 'ada' : undefined) });
  made.begin({ bootMs: 1_000_000.4, network: NETWORK });
  const take = (taken: SocketRecord, owner?: SocketOwner) => (made.note(taken) ? made.tell(taken, owner) : []);
  return { made, take };
}

describe('SocketHistory', () => {
  it('tells a connection with its program', () => {
    const { take, made } = history();
    expect(take(record('connect', { owner: CURL }))).toEqual([
      {
        type: 'network-connection',
        timeMs: 2_000,
        direction: 'outbound',
        protocol: 'tcp',
        localAddress: '10.0.0.2',
        localPort: 40_000,
        remoteAddress: '192.0.2.1',
        remotePort: 443,
        process: {
          pid: 42,
          startedMs: 1_005_000,
          image: '/usr/bin/curl',
          name: 'curl',
          commandLine: '',
          user: 'ada',
          uid: 1000,
          euid: 1000,
        },
      },
    ]);
    expect(made).toMatchObject({ attributed: 1, unattributed: 0 });
  });

  it('takes the process with its parents where it is the same one', () => {
    const known = { pid: 42, startedMs: 1_005_000, image: '/usr/bin/curl', commandLine: 'curl x' };
    expect(history(() => known).take(record('connect', { owner: CURL }))).toMatchObject([{ process: known }]);
    // The number was given anew; the program is not yet known to have been executed.
    for (const other of [
      { ...known, startedMs: 1_009_000 },
      { ...known, image: '/bin/sh' },
    ]) {
      const [event] = history(() => other).take(record('connect', { owner: CURL }));
      expect(event).toMatchObject({ process: { image: '/usr/bin/curl', startedMs: 1_005_000, commandLine: '' } });
    }
  });

  it('names what runs from memory or was removed', () => {
    const owner = { ...CURL, image: '/memfd:x', isImageDeleted: true };
    expect(history().take(record('connect', { owner }))).toMatchObject([
      { process: { image: 'memfd:x', isImageDeleted: true } },
    ]);
  });

  it('tells ports waited on when they open, and when the last socket closes', () => {
    const { take, made } = history();
    expect(take(listener('listen', { owner: CURL }))).toMatchObject([
      { type: 'listener-opened', protocol: 'tcp', address: '0.0.0.0', port: 80, process: { pid: 42 } },
    ]);
    expect(take(listener('listen', { owner: CURL, inode: 8 }))).toEqual([]);
    expect(take(listener('unlisten', { inode: 7 }))).toEqual([]);
    expect(take(listener('unlisten', { inode: 8 }))).toMatchObject([
      { type: 'listener-closed', port: 80, process: { pid: 42 } },
    ]);
    expect(take(listener('unlisten', { inode: 8 }))).toEqual([]);
    expect(made.listeners).toBe(0);
  });

  it('says nothing of a port that closed before its owner was found, or that is not known', () => {
    const { take, made } = history();
    const opened = listener('found-listener');
    expect(made.note(opened)).toBe(true);
    expect(take(listener('unlisten'))).toEqual([]);
    expect(made.tell(opened, CURL)).toEqual([]);
    expect(take(listener('listen', { localPort: 0, owner: CURL }))).toEqual([]);
  });

  it('knows what comes in: by who waits for it', () => {
    const { take, made } = history();
    take(listener('found-listener'), CURL);
    const incoming = { localPort: 80, remotePort: 50_000 };
    expect(take(record('found', incoming))).toMatchObject([{ direction: 'inbound', process: { pid: 42 } }]);
    expect(take(record('accept', { ...incoming, owner: { ...CURL, pid: 43 } }))).toMatchObject([
      { direction: 'inbound', process: { pid: 43 } },
    ]);
    expect(take(record('found'))).toMatchObject([{ direction: 'outbound' }]);
    expect(take(record('accept', { localPort: 81 }))[0]).not.toHaveProperty('process');
    // Waited for in another namespace.
    expect(take(record('accept', { ...incoming, network: 5 }))[0]).toEqual(
      expect.not.objectContaining({ process: expect.anything() }),
    );
    expect(made).toMatchObject({ attributed: 2, unattributed: 3 });
  });

  it('tells who begins a conversation without connection', () => {
    const { take } = history();
    const udp = { protocol: 17, owner: CURL };
    expect(take(record('send', udp))).toMatchObject([{ protocol: 'udp', direction: 'outbound' }]);
    const answer = { ...udp, isBound: true, localPort: 53, remotePort: 40_000 };
    expect(take(record('send', answer))).toMatchObject([{ direction: 'inbound' }]);
    const query = { ...udp, isBound: true, localPort: 123, remotePort: 123 };
    expect(take(record('send', query))).toMatchObject([{ direction: 'outbound' }]);
    expect(take(record('send', { ...udp, protocol: 58 }))).toMatchObject([{ protocol: 'icmp' }]);
  });

  it('names the namespace of others only', () => {
    const { take } = history();
    expect(take(record('connect', { owner: CURL, network: 5 }))).toMatchObject([{ networkNamespace: 5 }]);
    expect(take(record('connect', { owner: CURL }))[0]).not.toHaveProperty('networkNamespace');
  });

  it('closes, after the helper was away, what it does not find again', () => {
    const { take, made } = history();
    take(listener('listen', { owner: CURL }));
    take(listener('listen', { owner: CURL, localPort: 81, inode: 9 }));
    made.begin({ bootMs: 1_000_003, network: NETWORK });
    expect(take(listener('found-listener'), CURL)).toEqual([]);
    expect(made.listed(3_000)).toMatchObject([{ type: 'listener-closed', port: 81, timeMs: 3_000 }]);
    expect(made.listed(3_000)).toEqual([]);
  });

  it('holds no more listeners than it may', () => {
    const { take, made } = history();
    for (let port = 1; port <= MAX_LISTENERS + 10; port++) take(listener('listen', { owner: CURL, localPort: port }));
    expect(made.listeners).toBe(MAX_LISTENERS);
  });
});
