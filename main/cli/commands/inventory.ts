import { type CommandContext, writeJson, writeLines } from '../context.ts';
import { withEngineOrAlone } from '../either-engine.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { READABLE_COLUMNS } from '../terminal/output.ts';
import { inventoryText } from '../text/inventory-text.ts';

/** `holdfast inventory` */
export async function inventory({ json }: { readonly json?: boolean }, context: CommandContext): Promise<ExitCode> {
  const found = await withEngineOrAlone(
    context,
    (client) => client.request('inventory', { isFresh: true }),
    async () => {
      const { openSystem } = await context.engine();
      const desk = await openSystem((await context.paths()).dataDirectory);
      context.signal.addEventListener('abort', () => desk.stop(), { once: true });
      return await desk.inventory(true);
    },
  );
  if (json) writeJson(context.out, found);
  else {
    const width = Math.min(context.out.columns, READABLE_COLUMNS);
    writeLines(context.out, inventoryText(found, width, context.paintOut));
  }
  return EXIT.fine;
}
