import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { QuickVerdicts, type TrustedFiles } from './quick-verdicts.ts';
import { record } from './testing/encode.ts';
import { VERDICT_AT, VERDICT_FIXED_BYTES, VERDICT_KIND, VERDICT_RECORD_TYPE } from './verdict-records.ts';

const TRUSTED: TrustedFiles = { folders: ['/usr/', '/srv/Größe/'], except: ['/usr/local/'] };

interface Asked {
  readonly question?: number;
  readonly path?: string;
  readonly kind?: number;
  readonly uid?: number;
  readonly mode?: number;
  readonly pathBytes?: number;
}

function question(asked: Asked): Buffer {
  const { question: number = 1, path = '/usr/bin/x', kind = VERDICT_KIND.execute, uid = 0, mode = 0o100755 } = asked;
  const text = Buffer.from(path);
  return record(VERDICT_RECORD_TYPE.request, VERDICT_FIXED_BYTES.request + text.length, (made) => {
    made.writeUInt32LE(number, VERDICT_AT.question);
    made.writeUInt32LE(kind, VERDICT_AT.kind);
    made.writeUInt32LE(uid, VERDICT_AT.user);
    made.writeUInt32LE(mode, VERDICT_AT.mode);
    made.writeUInt32LE(asked.pathBytes ?? text.length, VERDICT_AT.pathBytes);
    text.copy(made, VERDICT_FIXED_BYTES.request);
  });
}

function begin() {
  const answered: number[] = [];
  const left: Uint8Array[] = [];
  const quick = new QuickVerdicts({
    trusted: TRUSTED,
    answer: (bytes) => {
      expect(bytes.length).toBe(VERDICT_FIXED_BYTES.answer);
      expect(Buffer.from(bytes).readUInt32LE(0)).toBe(3);
      answered.push(Buffer.from(bytes).readUInt32LE(4));
    },
    leave: (bytes) => left.push(bytes),
  });
  /** As reads of so many bytes each would bring it. */
  const feed = (bytes: Uint8Array, pieceBytes = bytes.length): void => {
    for (let from = 0; from < bytes.length; ) {
      const count = Math.min(pieceBytes, bytes.length - from, quick.buffer.length - quick.filled);
      quick.buffer.set(bytes.subarray(from, from + count), quick.filled);
      quick.accept(count);
      from += count;
    }
  };
  return { answered, feed, left: () => Buffer.concat(left) };
}

const isAnswered = (asked: Asked): boolean => {
  const { answered, feed } = begin();
  feed(question(asked));
  return answered.length === 1;
};

describe('QuickVerdicts', () => {
  it('answers about what only root can have put into a trusted folder', () => {
    expect(isAnswered({})).toBe(true);
    expect(isAnswered({ path: '/srv/Größe/x' })).toBe(true);
  });

  it.each([
    ['another folder', { path: '/home/a/usr/bin/x' }],
    ['a folder whose name begins the same', { path: '/usr2/x' }],
    ['one below it that is not', { path: '/usr/local/x' }],
    ['a name that is too long to be told', { path: '' }],
    ['the file of another', { uid: 1_000 }],
    ['a file that a group may write to', { mode: 0o100775 }],
    ['a file that all may write to', { mode: 0o100757 }],
    ['a file in custody that is opened', { kind: VERDICT_KIND.open }],
    ['a name that is longer than its record', { pathBytes: 4_000 }],
  ])('leaves to the engine: %s', (_what, asked: Asked) => {
    expect(isAnswered(asked)).toBe(false);
    const { feed, left } = begin();
    feed(question(asked));
    expect(left()).toEqual(question(asked));
  });

  it('answers in the order of the questions, and leaves the rest as it is, however it is cut', () => {
    const statistics = record(VERDICT_RECORD_TYPE.statistics, VERDICT_FIXED_BYTES.statistics, () => {});
    const others = [question({ question: 2, path: '/home/a/tool' }), statistics, question({ question: 5, uid: 7 })];
    const [one, three, four] = [1, 3, 4].map((number) => question({ question: number }));
    const stream = Buffer.concat([one, others[0], others[1], three, four, others[2]]);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: stream.length }), (pieceBytes) => {
        const { answered, feed, left } = begin();
        feed(stream, pieceBytes);
        expect(answered).toEqual([1, 3, 4]);
        expect(left()).toEqual(Buffer.concat(others));
      }),
    );
  });

  it('never throws and never stands still, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4_000 }), fc.integer({ min: 1, max: 4_000 }), (bytes, pieceBytes) => {
        const { feed } = begin();
        feed(bytes, pieceBytes);
        feed(Buffer.alloc(70_000, 0xff), 65_536);
      }),
    );
  });
});
