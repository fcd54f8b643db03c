import { describe, expect, it } from 'vitest';
import { FRAME_BROKEN, type Framing, framedParser, type MessageReader } from './message-frames.ts';
import type { ParserContext } from './protocol.ts';
import { bytesOf } from './service-testing.ts';

/** Messages of a mark, a length and as many bytes. */
const framing: Framing = {
  headerBytes: 2,
  readBytes: 4,
  frameBytes: (bytes, at) => (bytes[at] === 0x23 ? 2 + bytes[at + 1] : FRAME_BROKEN),
};

function parserWith(extra: Partial<MessageReader> = {}) {
  const messages: string[] = [];
  const notes: string[] = [];
  const context = {
    tell: (fact) => notes.push(fact.type),
    finish: () => notes.push('finish'),
  } as Partial<ParserContext> as ParserContext;
  const parser = framedParser(context, 'smb', framing, {
    message: (bytes, _fromInitiator, frameBytes) => {
      messages.push(`${Buffer.from(bytes).toString('latin1').slice(2)} ${frameBytes}`);
      return undefined;
    },
    ...extra,
  });
  return { parser, messages, notes };
}

describe('framedParser', () => {
  it('hands over whole messages and leaves what is not whole', () => {
    const { parser, messages } = parserWith();
    expect(parser.read(bytesOf('#', 2, 'ab#', 1, 'c#', 2, 'd'), true)).toBe(7);
    expect(messages).toEqual(['ab 4', 'c 3']);
    expect(parser.read(bytesOf('#', 2, 'de'), true)).toBe(4);
    expect(messages[2]).toBe('de 4');
  });

  it('skips the end of a long message that is not there yet', () => {
    const { parser, messages } = parserWith();
    expect(parser.read(bytesOf('#', 200, 'abc'), true)).toBe(202);
    expect(messages).toEqual(['ab 202']);
  });

  it('gives up at what begins no message', () => {
    const { parser, notes } = parserWith();
    expect(parser.read(bytesOf('!!!!'), true)).toBe(4);
    expect(notes).toEqual(['broken', 'finish']);
    parser.gap?.(100, true);
    expect(notes).toEqual(['broken', 'finish', 'finish']);
  });

  it('waits for the beginning of a message after a loss, on that side only', () => {
    const { parser, messages, notes } = parserWith({ beginsMessage: (bytes) => bytes[0] === 0x23 });
    parser.gap?.(100, true);
    expect(parser.read(bytesOf('tail'), true)).toBe(4);
    expect(parser.read(bytesOf('#', 1, 'a'), false)).toBe(3);
    expect(parser.read(bytesOf('#', 1, 'b'), true)).toBe(3);
    expect(messages).toEqual(['a 3', 'b 3']);
    expect(notes).toEqual([]);
  });

  it('takes nothing more once the stream goes on in another way', () => {
    const { parser } = parserWith({ message: () => false });
    expect(parser.read(bytesOf('#', 1, 'a#', 1, 'b'), true)).toBe(3);
    expect(parser.read(bytesOf('#', 1, 'b'), true)).toBe(0);
  });
});
