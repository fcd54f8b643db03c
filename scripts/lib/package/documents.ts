/** What is made from the program's own table of commands: the manual page and the completions of shells. */
import { gzipSync } from 'node:zlib';
import { completionScript, SHELLS } from '../../../main/cli/completion.ts';
import { createProgram } from '../../../main/cli/program.ts';
import { manualPage } from './man.ts';
import type { Plan } from './plan.ts';

export interface GeneratedDocument {
  readonly name: 'holdfast.1.gz' | `holdfast.${(typeof SHELLS)[number]}`;
  readonly content: string | Uint8Array;
}

export function documents({ version, epoch }: Plan): readonly GeneratedDocument[] {
  const program = createProgram(version, noContext, () => {});
  const day = new Date(epoch * 1_000).toISOString().slice(0, 10);
  return [
    { name: 'holdfast.1.gz', content: packed(manualPage(program, version, day)) },
    ...SHELLS.map((shell) => ({ name: `holdfast.${shell}` as const, content: completionScript(program, shell) })),
  ];
}

/** Nothing of the commands runs. */
function noContext(): never {
  throw new Error('the commands are only described here');
}

/** As dpkg's tools expect documents; without a name and a time in it. */
export function packed(text: string): Uint8Array {
  return gzipSync(text, { level: 9 });
}
