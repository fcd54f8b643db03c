import { describe, expect, it } from 'vitest';
import type { CallContext } from '../../../../contract/api.ts';
import type { JournalInput, Store } from '../../store/index.ts';
import { consoleHandlers } from './console.ts';

const CONTEXT: CallContext = { role: 'admin', actor: 'token backup', signal: new AbortController().signal };

describe('consoleHandlers', () => {
  it('write down who made a link that lets a browser do everything', () => {
    const journal: JournalInput[] = [];
    const server = { sessions: 2, link: (role: string) => ({ url: `https://x/enter?token=${role}`, minutes: 10 }) };
    const handlers = consoleHandlers({
      console: () => ({ server, failure: undefined }),
      store: () => ({ appendJournal: (entry: JournalInput) => journal.push(entry) }) as unknown as Store,
    });
    const answer = handlers['console.link']({}, CONTEXT);
    expect(answer).toEqual({ url: 'https://x/enter?token=admin', minutes: 10, sessions: 2 });
    expect(journal).toEqual([{ actor: 'token backup', action: 'console-link-made', subject: 'console' }]);
    expect(JSON.stringify(journal)).not.toContain('enter');
  });

  it('say why there is none', () => {
    const failure = { code: 'port-in-use', message: 'In use.', hint: 'Another.' };
    const store = () => ({}) as Store;
    const off = consoleHandlers({ console: () => ({ server: undefined, failure: undefined }), store });
    expect(() => off['console.link']({}, CONTEXT)).toThrow('serves no console');
    const broken = consoleHandlers({ console: () => ({ server: undefined, failure }), store });
    expect(() => broken['console.link']({}, CONTEXT)).toThrow('In use.');
  });
});
