/** `holdfast models …` and `holdfast train`: what has been learnt of this computer. */
import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import { DEFAULT_MODEL_KINDS, MAX_ALERTS_A_DAY, MODEL_KINDS, MODEL_TABLES } from '../../contract/models.ts';
import type { Runner } from './command-options.ts';
import { EXIT } from './exit-codes.ts';

const AS_JSON = 'print one JSON document';
const AS_LINES = 'print a JSON document for each step, each on its line';
const VERSION = 'version, as "holdfast models list" shows it';

export function addModelCommands(program: Command, run: Runner): void {
  addTrainCommand(program, run);
  const models = program
    .command('models')
    .summary('what has been learnt of this computer')
    .description('What the running engine has learnt of this computer, and which version of it is in use.');
  models
    .command('list', { isDefault: true })
    .description('How far learning is, every version, and how many anomalies were shown.')
    .option('--json', AS_JSON)
    .action(
      run(async (context, options) => {
        const { listModels } = await import('./commands/models.ts');
        return listModels(options as Parameters<typeof listModels>[0], context);
      }),
    );
  models
    .command('show')
    .description('One version in full: its models, and what is usual by it.')
    .argument('<version>', VERSION)
    .option('--all', 'list every column')
    .option('--json', AS_JSON)
    .action(
      run(async (context, id: string, options) => {
        const { showModel } = await import('./commands/models.ts');
        return showModel(id, options as Parameters<typeof showModel>[1], context);
      }),
    );
  models
    .command('use')
    .description('Puts a version in use, whatever the checks said of it.')
    .argument('<version>', VERSION)
    .option('--json', AS_JSON)
    .action(
      run(async (context, id: string, options) => {
        const { useModel } = await import('./commands/models.ts');
        return useModel(id, options as Parameters<typeof useModel>[1], context);
      }),
    );
  models
    .command('rollback')
    .description('Puts the version in use that was in use before.')
    .addArgument(new Argument('[table]', 'which table').choices(MODEL_TABLES).default('flow'))
    .option('--json', AS_JSON)
    .action(
      run(async (context, table: (typeof MODEL_TABLES)[number], options) => {
        const { rollbackModel } = await import('./commands/models.ts');
        return rollbackModel(table, options as Parameters<typeof rollbackModel>[1], context);
      }),
    );
  models
    .command('compare')
    .description('What two versions make of the same rows.')
    .argument('<first>', VERSION)
    .argument('<second>', VERSION)
    .option('--json', AS_JSON)
    .action(
      run(async (context, first: string, second: string, options) => {
        const { compareModels } = await import('./commands/models.ts');
        return compareModels(first, second, options as Parameters<typeof compareModels>[2], context);
      }),
    );
  models
    .command('evaluate')
    .description('What a version makes of what has been seen lately.')
    .argument('<version>', VERSION)
    .option('--json', AS_JSON)
    .action(
      run(async (context, id: string, options) => {
        const { evaluateModel } = await import('./commands/models.ts');
        return evaluateModel(id, options as Parameters<typeof evaluateModel>[1], context);
      }),
    );
  models
    .command('preview')
    .description('What would have been shown of the last days at so many alerts a day.')
    .requiredOption('--per-day <number>', `alerts a day, 0 to ${MAX_ALERTS_A_DAY}`, perDayOf)
    .option('--days <number>', 'how many days to look back, 1 to 90', daysOf, 30)
    .option('--json', AS_JSON)
    .action(
      run(async (context, options) => {
        const { previewModels } = await import('./commands/models.ts');
        return previewModels(options as Parameters<typeof previewModels>[0], context);
      }),
    );
  models
    .command('export')
    .description('Writes a version to a file, for another computer or to keep.')
    .argument('<version>', VERSION)
    .argument('<file>', 'where to')
    .option('--json', AS_JSON)
    .action(
      run(async (context, id: string, file: string, options) => {
        const { exportModel } = await import('./commands/models.ts');
        return exportModel(id, file, options as Parameters<typeof exportModel>[2], context);
      }),
    );
  models
    .command('import')
    .description('Takes a version in from a file; it is not in use before "holdfast models use".')
    .argument('<file>', 'as "holdfast models export" or "holdfast train" wrote it')
    .option('--json', AS_JSON)
    .action(
      run(async (context, file: string, options) => {
        const { importModel } = await import('./commands/models.ts');
        return importModel(file, options as Parameters<typeof importModel>[1], context);
      }),
    );
  models
    .command('remove')
    .description('Removes versions that are not in use.')
    .argument('<version...>', VERSION)
    .option('--json', AS_JSON)
    .action(
      run(async (context, ids: string[], options) => {
        const { removeModels } = await import('./commands/models.ts');
        return removeModels(ids, options as Parameters<typeof removeModels>[1], context);
      }),
    );
  models
    .command('train')
    .description('Makes the engine train anew from what it has seen; Ctrl-C cancels.')
    .addOption(kindsOption())
    .addOption(new Option('--table <table...>', 'only these tables').choices(MODEL_TABLES))
    .option('--json', AS_LINES)
    .action(
      run(async (context, options) => {
        const { trainEngine } = await import('./commands/models.ts');
        return trainEngine(options as Parameters<typeof trainEngine>[0], context);
      }),
    );
  models
    .command('cancel')
    .description('Ends the training that goes on; nothing is kept of it.')
    .option('--json', AS_JSON)
    .action(
      run(async (context, options) => {
        const { cancelTraining } = await import('./commands/models.ts');
        return cancelTraining(options as Parameters<typeof cancelTraining>[0], context);
      }),
    );
}

function addTrainCommand(program: Command, run: Runner): void {
  program
    .command('train')
    .summary('learn what is usual')
    .description(
      'Learns what is usual from captures, from tables of flows, or from what the running engine sees. The result goes ' +
        'to the running engine, or into a file that "holdfast analyze --model" takes.',
    )
    .option('--from <capture...>', 'learn from these captures (pcap and pcapng, plain, gzip or zstd)')
    .option('--csv <file...>', 'learn from tables as "holdfast flows --csv" writes them; labels are not looked at')
    .option('--live <duration>', 'let the engine watch for so long (30m, 2h, 0s), then train from what it has seen')
    .addOption(kindsOption())
    .addOption(new Option('--table <table>', 'what to learn of').choices(MODEL_TABLES).default('flow'))
    .option('--out <file>', 'write the result to this file, also when an engine runs')
    .option('--resume', 'go on where an interrupted run of the same input stopped')
    .option('--json', AS_LINES)
    .addHelpText(
      'after',
      `\nExit status: ${EXIT.fine} trained, ${EXIT.wrongInput} nothing to learn from, ${EXIT.failed} could not be done,\n` +
        `${EXIT.interrupted} stopped by Ctrl-C: --resume goes on.`,
    )
    .action(
      run(async (context, options) => {
        const { train } = await import('./commands/train.ts');
        return train(options as Parameters<typeof train>[0], context);
      }),
    );
}

function kindsOption(): Option {
  return new Option(
    '--models <kind,...>',
    `models to fit: ${MODEL_KINDS.join(', ')} (default: ${DEFAULT_MODEL_KINDS.join(',')})`,
  ).argParser(kindsOf);
}

function kindsOf(text: string): string[] {
  const kinds = [...new Set(text.split(',').map((kind) => kind.trim()))];
  const known: readonly string[] = MODEL_KINDS;
  const wrong = kinds.find((kind) => !known.includes(kind));
  if (wrong === undefined) return kinds;
  throw new InvalidArgumentError(`"${wrong}" is none of ${MODEL_KINDS.join(', ')}.`);
}

function perDayOf(text: string): number {
  const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (number >= 0 && number <= MAX_ALERTS_A_DAY) return number;
  throw new InvalidArgumentError(`It must be a number from 0 to ${MAX_ALERTS_A_DAY}.`);
}

const MAX_DAYS = 90;

function daysOf(text: string): number {
  const number = /^\d+$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= MAX_DAYS) return number;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${MAX_DAYS}.`);
}
