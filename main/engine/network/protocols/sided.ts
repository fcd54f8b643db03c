import type { ParserContext } from './protocol.ts';

/** The same context for facts about what one side sent, whoever is read when they are told. */
export function sided(context: ParserContext, fromInitiator: boolean): ParserContext {
  return {
    transport: context.transport,
    initiatorPort: context.initiatorPort,
    responderPort: context.responderPort,
    tell: (fact) => context.tell(fact, fromInitiator),
    isWanted: (type, protocol, name) => context.isWanted?.(type, protocol, name) ?? true,
    wantsMd5: context.wantsMd5,
    become: (protocol) => context.become(protocol),
    expect: (connection) => context.expect(connection),
    expectedFile: context.expectedFile,
    finish: () => context.finish(),
  };
}
