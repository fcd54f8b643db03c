/** `holdfast processes` and `holdfast listeners`: programs that run on this computer. */
import { type Command, InvalidArgumentError } from 'commander';
import type { Runner } from './command-options.ts';

const AS_JSON = 'print one JSON document';

export function addProcessCommands(program: Command, run: Runner): void {
  const processes = program
    .command('processes')
    .summary('what runs on this computer')
    .description(
      'Programs that run on this computer, with user, package, connections, what they use, and whether an alert names ' +
        'them.',
    );
  processes
    .command('list', { isDefault: true })
    .description('Lists the programs that run; threads of the kernel only with --kernel.')
    .option('--search <words>', 'only those with these words in name, path, command line, user, package or unit')
    .option('--risky', 'only those that an open alert names')
    .option('--tree', 'each below the one that started it')
    .option('--kernel', 'with the threads of the kernel')
    .option('--json', AS_JSON)
    .action(
      run(async (context, options) => {
        const { listProcesses } = await import('./commands/processes.ts');
        return listProcesses(options as Parameters<typeof listProcesses>[0], context);
      }),
    );
  processes
    .command('show')
    .description('Shows one process in full, also one that has ended: lineage, children, sockets, files, alerts.')
    .argument('<process>', 'its number, or number and start as the app shows them: 4711-1763776000000', processOf)
    .option('--json', AS_JSON)
    .action(
      run(async (context, name: ProcessName, options) => {
        const { showProcess } = await import('./commands/processes.ts');
        return showProcess(name, options as Parameters<typeof showProcess>[1], context);
      }),
    );

  program
    .command('listeners')
    .summary('ports that programs listen on')
    .description('Lists the ports that programs of this computer listen on, and whether others can reach them.')
    .option('--open', 'only those that others can reach')
    .option('--json', AS_JSON)
    .action(
      run(async (context, options) => {
        const { listListeners } = await import('./commands/processes.ts');
        return listListeners(options as Parameters<typeof listListeners>[0], context);
      }),
    );
}

/** Who had the number then; without a start who has it now. */
export interface ProcessName {
  readonly pid: number;
  readonly startedMs?: number;
}

/** Largest number that Linux gives (PID_MAX_LIMIT). */
const MAX_PID = 2 ** 22;

function processOf(text: string): ProcessName {
  const [, pid = '', startedMs] = /^(\d{1,7})(?:-(\d{1,16}))?$/.exec(text) ?? [];
  const number = Number(pid);
  if (pid === '' || number < 1 || number > MAX_PID)
    throw new InvalidArgumentError('It must be the number of a process.');
  return { pid: number, ...(startedMs !== undefined && { startedMs: Number(startedMs) }) };
}
