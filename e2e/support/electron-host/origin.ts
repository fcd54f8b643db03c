/** The page's origin in Chromium, which knows no scheme of ours: `.invalid` names nothing, ever (RFC 6761). */
const APP = 'app://holdfast';
const IN_CHROMIUM = 'https://holdfast.invalid';

export function toChromium(address: string): string {
  return address.replace(APP, IN_CHROMIUM);
}

export function toApp(address: string): string {
  return address.replace(IN_CHROMIUM, APP);
}

/** As WebFrameMain.origin says it. */
export function originOf(appAddress: string): string {
  return /^([a-z]+:\/\/[^/?#]*)/.exec(appAddress)?.[1] ?? 'null';
}

export const CHROMIUM_ORIGIN = IN_CHROMIUM;
