import type { CallOutput } from '../../../contract/api.ts';
import { plainText } from '../../../contract/text.ts';
import { type CommandContext, remark, withEngine, writeJson, writeLines } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { CommandError } from '../failure.ts';

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
