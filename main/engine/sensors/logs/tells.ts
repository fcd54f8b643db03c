/** What a message tells beside itself: makers of events that message tables name in their rows. */
import { isIP } from 'node:net';
import type { AccountChangeEvent, HostEvent, HostEventOf } from '../../../../contract/events.ts';
import type { MessageReader } from './form.ts';
import { type Fields, known, type LogEntry, wholeNumber } from './types.ts';

/** Makes the event of a row from what its form has read. */
export type Tell = (fields: Fields, entry: LogEntry) => HostEvent | undefined;

/** What the messages of one program are read with. */
export type ProgramReader = MessageReader<Tell>;

const MAX_PORT = 65_535;

function portOf(text: string | undefined): number | undefined {
  const port = wholeNumber(text);
  return port !== undefined && port <= MAX_PORT ? port : undefined;
}

/** Addresses, not names that a name server of somebody's choice gave. */
function addressOf(text: string | undefined): string | undefined {
  return text !== undefined && isIP(text) !== 0 ? text : undefined;
}

/** Somebody did, or did not, get in as `user`. Named in the fields: user, method, address or rhost, port, tty. */
export function login(isSuccess: boolean, service: string, method?: string): Tell {
  return (fields, { timeMs }) => ({
    type: 'login',
    timeMs,
    user: fields.user ?? '',
    isSuccess,
    service,
    ...known({
      method: fields.method ?? method,
      targetUser: fields.target,
      remoteAddress: addressOf(fields.address ?? fields.rhost),
      remotePort: portOf(fields.port),
      terminal: fields.tty?.replace(/^\/dev\//, '') || undefined,
    }),
  });
}

export function logout(service: string): Tell {
  return (fields, { timeMs }) => ({ type: 'logout', timeMs, user: fields.user ?? '', service });
}

/** An account changed. Named in the fields: name, or user and group; id, home, shell, member. */
export function account(subject: AccountChangeEvent['subject'], action: AccountChangeEvent['action']): Tell {
  return (fields, { timeMs }) => ({
    type: 'account-change',
    timeMs,
    subject,
    action,
    name: fields.name ?? '',
    ...known({
      id: wholeNumber(fields.id),
      member: fields.member,
      home: fields.home,
      shell: fields.shell,
    }),
  });
}

export function service(action: HostEventOf<'service-change'>['action']): Tell {
  return (fields, { timeMs }) =>
    isUnitName(fields.unit) ? { type: 'service-change', timeMs, unit: fields.unit, action } : undefined;
}

const UNIT_ENDINGS = [
  '.service',
  '.timer',
  '.socket',
  '.mount',
  '.target',
  '.path',
  '.scope',
  '.slice',
  '.device',
  '.swap',
  '.automount',
];

/** Older versions of systemd name a unit by its description only. */
function isUnitName(name: string | undefined): name is string {
  return name !== undefined && UNIT_ENDINGS.some((ending) => name.endsWith(ending));
}

export const taintingModule: Tell = ({ module = '' }, { timeMs }) => ({
  type: 'module-load',
  timeMs,
  name: module,
  isTainting: true,
});
