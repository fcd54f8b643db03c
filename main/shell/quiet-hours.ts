/** Hours in which only critical alerts are told. Pure. */

/** Minutes since midnight of "22:30"; undefined for an empty text. */
export function minutesOf(clockTime: string): number | undefined {
  const [, hours, minutes] = /^(\d\d):(\d\d)$/.exec(clockTime) ?? [];
  return hours === undefined ? undefined : Number(hours) * 60 + Number(minutes);
}

/** @param minuteOfDay of the local clock. Hours may go over midnight; the same time twice is the whole day. */
export function isQuiet(quietFrom: string, quietUntil: string, minuteOfDay: number): boolean {
  const from = minutesOf(quietFrom);
  const until = minutesOf(quietUntil);
  if (from === undefined || until === undefined) return false;
  if (from < until) return minuteOfDay >= from && minuteOfDay < until;
  return minuteOfDay >= from || minuteOfDay < until;
}
