/** Where what is looked at is from, as the address says it. Pure. */
export const LIVE = 'live';
const CAPTURE_ID = /^c-[0-9a-z]{1,32}$/;

/** The source that an address names: live traffic, or a capture. */
export function sourceOf({ source }: Readonly<Record<string, string>>): string {
  return source !== undefined && CAPTURE_ID.test(source) ? source : LIVE;
}
