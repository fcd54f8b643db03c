/** Where a data connection of FTP goes to. */
export interface DataEndpoint {
  /** Empty where the command does not say it: that of the control connection. */
  readonly address: string;
  readonly port: number;
}

/** Six numbers as in PORT and the reply to PASV (RFC 959 4.1.2): four of the address, two of the port. */
export function hostPort(text: string): DataEndpoint | undefined {
  const start = firstDigit(text);
  if (start < 0) return undefined;
  const numbers: number[] = [];
  for (const part of text.slice(start).split(',', 6)) {
    const number = leadingNumber(part.trim());
    if (number < 0 || number > 255) return undefined;
    numbers.push(number);
  }
  if (numbers.length < 6) return undefined;
  const port = numbers[4] * 256 + numbers[5];
  return port === 0 ? undefined : { address: numbers.slice(0, 4).join('.'), port };
}

/** `|1|132.235.1.2|6275|` as in EPRT, or `|||6446|` as in the reply to EPSV (RFC 2428), whatever the delimiter. */
export function extendedHostPort(text: string): DataEndpoint | undefined {
  const open = text.indexOf('(');
  const start = open < 0 ? 0 : open + 1;
  const delimiter = text[start];
  if (delimiter === undefined) return undefined;
  const [, , address, port] = text.slice(start).split(delimiter, 5);
  const number = port === undefined ? -1 : leadingNumber(port);
  return number > 0 && number < 65_536 ? { address: address ?? '', port: number } : undefined;
}

export function endpointText({ address, port }: DataEndpoint): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The numbers of a reply stand behind its status and words. */
function firstDigit(text: string): number {
  const open = text.indexOf('(');
  for (let i = open < 0 ? 0 : open; i < text.length; i++) if (text[i] >= '0' && text[i] <= '9') return i;
  return -1;
}

function leadingNumber(text: string): number {
  let number = 0;
  let digits = 0;
  while (digits < text.length && digits < 6 && text[digits] >= '0' && text[digits] <= '9') {
    number = number * 10 + text.charCodeAt(digits++) - 0x30;
  }
  return digits === 0 ? -1 : number;
}
