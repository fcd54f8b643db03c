import type { ApiClient } from '../../contract/api.ts';
import type { CommandContext } from './context.ts';
import { explain } from './failure.ts';

const NOT_RUNNING = 'engine-not-running';

/** Through the engine where one runs, so that there is one truth and one journal; else in this process. */
export async function withEngineOrAlone<T>(
  context: CommandContext,
  throughEngine: (client: ApiClient) => Promise<T>,
  alone: () => Promise<T>,
): Promise<T> {
  let client: ApiClient;
  try {
    client = await context.connect();
  } catch (error) {
    if (explain(error).failure.code !== NOT_RUNNING) throw error;
    return await alone();
  }
  try {
    return await throughEngine(client);
  } finally {
    client.close();
  }
}
