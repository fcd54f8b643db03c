/** Addresses of this computer to itself: connections to these leave nobody in. */
export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1' || address.startsWith('::ffff:127.');
}
