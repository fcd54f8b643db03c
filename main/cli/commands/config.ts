import type { ApiClient, CallInput, CallOutput } from '../../../contract/api.ts';
import { plainText } from '../../../contract/text.ts';
import { type CommandContext, remark, withEngine, writeJson, writeLines } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { CommandError, wrongInput } from '../failure.ts';

/** `holdfast config example`: a complete file with every setting, its default and its reason. */
export async function configExample(context: CommandContext): Promise<ExitCode> {
  context.out.write(await (await context.engine()).exampleConfig());
  return EXIT.fine;
}

/** `holdfast config check`: everything that is wrong, with file and line. */
export async function configCheck(options: { readonly json?: boolean }, context: CommandContext): Promise<ExitCode> {
  const engine = await context.engine();
  const { problems, problemTexts, sources } = await engine.checkEngineConfig(await context.configRequest());
  const errors = problems.filter(({ level }) => level === 'error').length;
  if (options.json) {
    writeJson(context.out, { ok: errors === 0, sources, problems });
  } else {
    const style = (index: number) => (problems[index].level === 'error' ? 'critical' : 'medium');
    const read = sources.length === 0 ? 'the defaults alone' : sources.join(', ');
    writeLines(context.out, [
      ...problemTexts.map((text, index) => `${context.paintOut(style(index), '!')} ${plainText(text, MAX_PROBLEM)}`),
      errors === 0 ? `Nothing is wrong. Read: ${read}.` : `Errors: ${errors}. Values with an error are not used.`,
    ]);
  }
  return errors === 0 ? EXIT.fine : EXIT.wrongInput;
}

/** Long enough for a path and a list of choices. */
const MAX_PROBLEM = 2_000;

/**
 * `holdfast config show`: every setting that is in force. Of the engine that runs here, where one does and the
 * command line names no other configuration; else what an engine that starts now would have.
 */
export async function configShow(options: { readonly json?: boolean }, context: CommandContext): Promise<ExitCode> {
  const running = await runningConfig(context);
  if (running !== undefined) {
    if (options.json) writeJson(context.out, { source: 'running', ...running });
    else writeLines(context.out, settingLines(running));
    remark(context, 'These settings are in force in the engine that runs here.');
    return EXIT.fine;
  }
  const engine = await context.engine();
  const config = await context.config();
  const { text, settings } = await engine.showConfig(config);
  if (options.json) writeJson(context.out, { source: 'files', profile: config.profile, settings });
  else
    writeLines(
      context.out,
      text
        .trimEnd()
        .split('\n')
        .map((line) => plainText(line, MAX_PROBLEM)),
    );
  remark(context, 'No engine was asked: these settings are what one that starts now would have.');
  return EXIT.fine;
}

async function runningConfig(context: CommandContext): Promise<CallOutput<'config.show'> | undefined> {
  const { config, profile, set } = context.globals;
  if (config !== undefined || profile !== undefined || set !== undefined) return undefined;
  try {
    return await withEngine(context, (client) => client.request('config.show', {}));
  } catch (error) {
    // Not to be asked is no fault here; anything else would hide that the engine is ill.
    if (error instanceof CommandError && NOT_TO_BE_ASKED.has(error.failure.code)) return undefined;
    throw error;
  }
}

const NOT_TO_BE_ASKED: ReadonlySet<string> = new Set(['engine-not-running', 'engine-not-reachable']);

function settingLines({ settings }: CallOutput<'config.show'>): string[] {
  const left = settings.map(({ path, value, unit }) => {
    const shown = typeof value === 'string' && value !== '' ? value : JSON.stringify(value);
    return plainText(`${path} = ${shown}${unit === undefined ? '' : ` ${unit}`}`);
  });
  const width = Math.min(MAX_LEFT_COLUMNS, Math.max(...left.map(({ length }) => length)));
  return left.map((text, index) => `${text.padEnd(width)}  (${plainText(settings[index].origin)})`);
}

/** A long list must not push the origins of all others out of sight. */
const MAX_LEFT_COLUMNS = 72;

export interface ConfigSetOptions {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

type Change = CallInput<'config.set'>['changes'][number];

/** `holdfast config set PATH=VALUE…`: all of them or none. */
export async function configSet(
  texts: readonly string[],
  options: ConfigSetOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const pairs = texts.map(pairOf);
  return withEngine(context, async (client) => {
    const { sections } = await client.request('config.describe', {});
    const types = new Map(sections.flatMap(({ settings }) => settings.map(({ path, type }) => [path, type])));
    const changes = pairs.map(({ path, text }) => ({ path, value: typedValue(types.get(path), text) }));
    return change(client, changes, options, context);
  });
}

/** `holdfast config reset PATH…`: back to what it was before it was changed in Holdfast. */
export async function configReset(
  paths: readonly string[],
  options: ConfigSetOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const changes = paths.map((path) => ({ path, value: null }));
  return withEngine(context, (client) => change(client, changes, options, context));
}

async function change(
  client: ApiClient,
  changes: readonly Change[],
  { dryRun = false, json }: ConfigSetOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const answer = await client.request('config.set', { changes: [...changes], dryRun });
  const { problems, applied, atRestart } = answer;
  if (json) writeJson(context.out, answer);
  else if (problems.length > 0) {
    const lines = problems.map(({ path, message, hint }) => plainText(`${path}: ${message}. ${hint}`, MAX_PROBLEM));
    writeLines(context.err, [...lines.map((line) => `${context.paintErr('critical', '!')} ${line}`), NOTHING_CHANGED]);
  } else {
    const now = dryRun ? 'would be in force at once' : 'in force';
    const later = dryRun ? 'would be in force after the next start' : 'in force after the next start';
    const lines = [
      ...applied.map((path) => `${plainText(path)}: ${now}`),
      ...atRestart.map((path) => `${plainText(path)}: ${later}`),
    ];
    writeLines(context.out, lines.length === 0 ? ['Nothing is different: these values are in force already.'] : lines);
  }
  return problems.length === 0 ? EXIT.fine : EXIT.wrongInput;
}

const NOTHING_CHANGED = 'Nothing was changed.';

function pairOf(text: string): { readonly path: string; readonly text: string } {
  const at = text.indexOf('=');
  if (at > 0) return { path: text.slice(0, at), text: text.slice(at + 1) };
  throw wrongInput('bad-change', `"${text}" is no change.`, 'Write path=value, such as log.level=debug.');
}

const BOOLEANS: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  false: false,
  no: false,
  off: false,
};

/** As the environment is read. What does not fit goes as it is: the engine says what is wrong with it. */
function typedValue(type: string | undefined, text: string): NonNullable<Change['value']> {
  if (type === 'number') return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : text;
  if (type === 'boolean') return BOOLEANS[text.toLowerCase()] ?? text;
  if (type === 'list') return text === '' ? [] : text.split(',').map((item) => item.trim());
  return text;
}
