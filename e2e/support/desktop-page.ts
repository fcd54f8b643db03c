/** What tests ask of the desktop app's page: text, because it runs in the browser. */
import type { Page } from 'playwright-core';
import type { BridgeAnswer, BridgeMessage } from '../../contract/bridge.ts';

export function ask(page: Page, call: string, input: unknown = {}): Promise<BridgeAnswer> {
  return page.evaluate(`window.holdfast.request(${JSON.stringify(call)}, ${JSON.stringify(input)})`);
}

/** Opens a stream and keeps what it tells in the page, under a name. */
export async function listen(page: Page, name: string, call: string, input: unknown = {}): Promise<void> {
  await page.evaluate(`{
    const told = ((window.toldTo ??= {})[${JSON.stringify(name)}] = []);
    window.holdfast.open(${JSON.stringify(call)}, ${JSON.stringify(input)}, (message) => told.push(message));
  }`);
}

export function told(page: Page, name: string): Promise<BridgeMessage[]> {
  return page.evaluate(`window.toldTo[${JSON.stringify(name)}]`);
}
