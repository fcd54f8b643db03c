import { formatTime } from '../../../contract/format.ts';
import { type CommandContext, remark, withEngine, writeJson } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { localMs } from '../text/alert-text.ts';

export interface PauseOptions {
  readonly reason: string;
  readonly json?: boolean;
}

/** `holdfast pause MINUTES --reason TEXT`: it goes on by itself. */
export async function pauseProtection(
  minutes: number,
  { reason, json }: PauseOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const answer = await withEngine(context, (client) => client.request('protection.pause', { minutes, reason }));
  if (json) writeJson(context.out, answer);
  else {
    const until = formatTime(localMs(answer.untilMs));
    remark(context, `Nothing is watched until ${until}; then it goes on by itself. "holdfast resume" ends the pause.`);
  }
  return EXIT.fine;
}

/** `holdfast resume`: watches again at once. */
export async function resumeProtection(
  options: { readonly json?: boolean },
  context: CommandContext,
): Promise<ExitCode> {
  await withEngine(context, (client) => client.request('protection.resume', {}));
  if (options.json) writeJson(context.out, { paused: false });
  else remark(context, 'Watching again.');
  return EXIT.fine;
}
