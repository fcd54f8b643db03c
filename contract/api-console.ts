/** Calls about the console that the engine itself serves over HTTP. Loading this file loads zod. */
import { z } from 'zod';
import { noInputSchema } from './api-schemas.ts';
import { type ApiTable, count } from './api-table.ts';

export const CONSOLE_CALLS = {
  'console.link': {
    kind: 'command',
    input: noInputSchema,
    output: z
      .object({
        /** Lets one browser in, once. */ url: z.string(),
        /** How long it works. */ minutes: count,
        /** How many browsers are signed in now. */ sessions: count,
      })
      .readonly(),
    role: 'admin',
    doc: 'A link that lets one browser into the console; "console-off" where the engine serves none.',
  },
} as const satisfies ApiTable;
