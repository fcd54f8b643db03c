import type { CallOutput } from '../../../contract/api.ts';
import type { Role } from '../../../contract/api-roles.ts';
import { formatDate } from '../../../contract/format.ts';
import { plainText } from '../../../contract/text.ts';
import { type CommandContext, remark, withEngine, writeJson, writeLines } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { table } from '../terminal/layout.ts';
import { READABLE_COLUMNS } from '../terminal/output.ts';
import { localMs } from '../text/alert-text.ts';

export interface TokenCreateOptions {
  readonly role: Role;
  readonly name: string;
  readonly days?: number;
  /** False with --no-expiry. */
  readonly expiry: boolean;
  readonly json?: boolean;
}

type Tokens = CallOutput<'tokens.list'>['tokens'];

/** `holdfast token create`: the secret goes to standard output, alone, so that a script can take it. */
export async function createToken(options: TokenCreateOptions, context: CommandContext): Promise<ExitCode> {
  const { role, name, days, expiry, json } = options;
  const answer = await withEngine(context, (client) =>
    client.request('tokens.create', {
      role,
      name,
      ...(expiry ? (days === undefined ? {} : { days }) : { days: null }),
    }),
  );
  if (json) {
    writeJson(context.out, answer);
    return EXIT.fine;
  }
  writeLines(context.out, [answer.secret]);
  const { token } = answer;
  const until = token.expiresMs === null ? 'until it is revoked' : `until ${dateText(token.expiresMs)}`;
  remark(context, `Token ${token.id} (${token.role}) works ${until}. Its secret is told this once: keep it safe.`);
  return EXIT.fine;
}

/** `holdfast token list` */
export async function listTokens(options: { readonly json?: boolean }, context: CommandContext): Promise<ExitCode> {
  const { tokens } = await withEngine(context, (client) => client.request('tokens.list', {}));
  if (options.json) writeJson(context.out, { tokens });
  else if (tokens.length === 0) {
    writeLines(context.out, ['There are no tokens. "holdfast token create --role view --name NAME" makes one.']);
  } else {
    const width = Math.min(context.out.columns, READABLE_COLUMNS);
    writeLines(
      context.out,
      tokenTable(tokens, width, (text) => context.paintOut('quiet', text)),
    );
  }
  return EXIT.fine;
}

/** Longest name that leaves room for the other columns. */
const MAX_NAME = 24;

function tokenTable(tokens: Tokens, width: number, quiet: (text: string) => string): string[] {
  const columns = ['id', 'role', 'name', 'expires', 'last used'].map((title) => ({ title }));
  const nowMs = Date.now();
  const rows = tokens.map(({ id, role, name, expiresMs, lastUsedMs }) => [
    plainText(id),
    role,
    plainText(name, MAX_NAME),
    expiresMs === null ? 'never' : expiresMs <= nowMs ? 'expired' : dateText(expiresMs),
    lastUsedMs === null ? 'never' : dateText(lastUsedMs),
  ]);
  return table(columns, rows, width, quiet);
}

function dateText(timeMs: number): string {
  return formatDate(localMs(timeMs));
}

/** `holdfast token revoke ID` */
export async function revokeToken(
  id: string,
  options: { readonly json?: boolean },
  context: CommandContext,
): Promise<ExitCode> {
  await withEngine(context, (client) => client.request('tokens.revoke', { id }));
  if (options.json) writeJson(context.out, { revoked: id });
  else remark(context, `Token ${id} does not work any more.`);
  return EXIT.fine;
}
