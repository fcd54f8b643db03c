import { readFile, stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import type { ApiClient } from '../../../contract/api.ts';
import { RULE_PIECE_BYTES, type RuleEngine, type RuleProblemRow } from '../../../contract/api-rules.ts';
import { formatCount } from '../../../contract/format.ts';
import { plainText } from '../../../contract/text.ts';
import { type CommandContext, remark, withEngine, writeJson, writeLines } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { explain, wrongInput } from '../failure.ts';

interface JsonOption {
  readonly json?: boolean;
}

const ENGINE_OF: Readonly<Record<string, RuleEngine>> = {
  '.yml': 'sigma',
  '.yaml': 'sigma',
  '.yar': 'yara',
  '.yara': 'yara',
};
const MAX_FILE_BYTES = 16 * 2 ** 20;
const MAX_PATH = 4_096;
const MAX_REASON = 1_000;
const NOBODY = 'command line';
const ENDINGS_HINT = 'Sigma ends in .yml or .yaml, YARA in .yar or .yara.';

interface Loaded {
  readonly rules: number;
  readonly problems: readonly RuleProblemRow[];
}

/** Rules of the running engine, or of the folder that the next one reads. */
interface Rules {
  take(engine: RuleEngine, name: string, text: Buffer): Promise<Loaded>;
  remove(engine: RuleEngine, name: string): Promise<void>;
}

/** `holdfast rules import FILE...` */
export async function importRules(
  files: readonly string[],
  { json }: JsonOption,
  context: CommandContext,
): Promise<ExitCode> {
  const imported = await withRules(context, async (rules) => {
    const done: { readonly file: string; readonly engine: RuleEngine; readonly loaded: Loaded }[] = [];
    for (const path of files) {
      const engine = engineOf(path);
      const file = nameOf(path);
      done.push({ file, engine, loaded: await rules.take(engine, file, await contentOf(path)) });
    }
    return done;
  });
  if (json) {
    writeJson(context.out, { imported: imported.map(({ loaded, ...facts }) => ({ ...facts, ...loaded })) });
    return EXIT.fine;
  }
  for (const { file, loaded } of imported) {
    writeLines(context.out, [`Imported ${plainText(file)}: ${formatCount(loaded.rules, 'rule')}.`]);
    writeLines(context.err, loaded.problems.map(problemLine));
  }
  return EXIT.fine;
}

/** `holdfast rules remove NAME` */
export async function removeRules(name: string, { json }: JsonOption, context: CommandContext): Promise<ExitCode> {
  const engine = engineOf(name);
  await withRules(context, (rules) => rules.remove(engine, name));
  if (json) writeJson(context.out, { removed: name });
  else writeLines(context.out, [`Removed: ${plainText(name)}.`]);
  return EXIT.fine;
}

/** `holdfast rules enable|disable ID...`: of the running engine, which remembers it. */
export async function switchRules(
  ids: readonly string[],
  isEnabled: boolean,
  { json }: JsonOption,
  context: CommandContext,
): Promise<ExitCode> {
  await withEngine(context, async (client) => {
    // Rules of YARA are named with their file.
    for (const id of ids)
      await client.request('rules.enable', { engine: id.includes('#') ? 'yara' : 'sigma', id, isEnabled });
  });
  const word = isEnabled ? 'enabled' : 'disabled';
  if (json) writeJson(context.out, { [word]: ids });
  else writeLines(context.out, [`${formatCount(ids.length, 'rule')} ${word}.`]);
  return EXIT.fine;
}

/** `holdfast rules reload` */
export async function reloadRules({ json }: JsonOption, context: CommandContext): Promise<ExitCode> {
  const { rules, problems } = await withEngine(context, (client) => client.request('rules.reload', {}));
  if (json) writeJson(context.out, { rules, problems });
  else {
    const wrong = problems > 0 ? ` ${formatCount(problems, 'problem')}: see "holdfast rules list".` : '';
    writeLines(context.out, [`${formatCount(rules, 'rule')} read.${wrong}`]);
  }
  return EXIT.fine;
}

function problemLine({ file, line, rule, reason }: RuleProblemRow): string {
  const about = rule === '' ? '' : ` ${plainText(rule)}:`;
  return `${plainText(file, MAX_PATH)}:${line}:${about} ${plainText(reason, MAX_REASON)}`;
}

function engineOf(path: string): RuleEngine {
  const engine = ENGINE_OF[extname(path).toLowerCase()];
  if (engine !== undefined) return engine;
  throw wrongInput('not-a-rule-file', `${plainText(path)} does not say what it is.`, ENDINGS_HINT);
}

/** Its own name as far as the engine takes it. */
function nameOf(path: string): string {
  return basename(path)
    .replaceAll(/[^\w.-]/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(-100);
}

async function contentOf(path: string): Promise<Buffer> {
  try {
    const entry = await stat(path);
    if (entry.isFile() && entry.size <= MAX_FILE_BYTES) return await readFile(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw wrongInput(
      'unreadable',
      `${plainText(path)} cannot be read (${code}).`,
      'Check the path and who may read it.',
    );
  }
  throw wrongInput('no-file', `${plainText(path)} is no file of at most 16 MiB.`, ENDINGS_HINT);
}

/** Through the engine where one runs, so that its changes are in force at once; else with the folder itself. */
async function withRules<T>(context: CommandContext, work: (rules: Rules) => Promise<T>): Promise<T> {
  let client: ApiClient;
  try {
    client = await context.connect();
  } catch (error) {
    if (explain(error).failure.code !== 'engine-not-running') throw error;
    const result = await work(await ofFolder(context));
    remark(context, 'No engine is running; the next one reads it.');
    return result;
  }
  try {
    return await work(ofEngine(client));
  } finally {
    client.close();
  }
}

function ofEngine(client: ApiClient): Rules {
  return {
    take: async (engine, name, text) => {
      for (let offset = 0; ; ) {
        const piece = text.subarray(offset, offset + RULE_PIECE_BYTES);
        const isLast = offset + piece.length >= text.length;
        const input = { engine, name, offset, data: piece.toString('base64'), isLast };
        const { receivedBytes, loaded } = await client.request('rules.import', input);
        if (loaded !== null) return loaded;
        offset = receivedBytes;
      }
    },
    remove: async (engine, name) => {
      await client.request('rules.remove', { engine, name });
    },
  };
}

async function ofFolder(context: CommandContext): Promise<Rules> {
  const rules = await (await context.engine()).openLocalRules((await context.paths()).dataDirectory);
  return {
    take: async (engine, name, text) => {
      const { loaded } = await rules.importPiece(engine, name, { offset: 0, bytes: text, isLast: true }, NOBODY);
      if (loaded === null) throw new Error('a whole file was sent and not taken');
      return loaded;
    },
    remove: async (engine, name) => rules.remove(engine, name, NOBODY),
  };
}
