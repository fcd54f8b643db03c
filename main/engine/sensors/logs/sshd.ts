/** Messages of OpenSSH's server, from versions 5 to 10 (log.c, auth.c, auth2.c, packet.c, sshd.c, serverloop.c). */
import { type MessageRow, messageTable } from './form.ts';
import { login, type ProgramReader, type Tell } from './tells.ts';
import { fieldsOf } from './types.ts';

const PEER = '{address} port {port}';
const ACCEPTED = login(true, 'sshd');
const FAILED = login(false, 'sshd');

/**
 * A refusal of what was never tried ("none", which clients send to learn the methods) is no failed login: the attempt
 * that follows is told by itself.
 */
const FAILED_ATTEMPT: Tell = (fields, entry) => (fields.method === 'none' ? undefined : FAILED(fields, entry));

const ROWS: readonly MessageRow<Tell>[] = [
  { form: `Accepted {method} for {user...} from ${PEER} ssh2: {key*}`, tells: ACCEPTED },
  { form: `Accepted {method} for {user...} from ${PEER} ssh2`, tells: ACCEPTED },
  { form: `Failed {method} for invalid user {user...} from ${PEER} ssh2: {key*}`, tells: FAILED_ATTEMPT },
  { form: `Failed {method} for invalid user {user...} from ${PEER} ssh2`, tells: FAILED_ATTEMPT },
  { form: `Failed {method} for {user...} from ${PEER} ssh2: {key*}`, tells: FAILED_ATTEMPT },
  { form: `Failed {method} for {user...} from ${PEER} ssh2`, tells: FAILED_ATTEMPT },
  { form: `Invalid user {user...} from ${PEER}` },
  { form: 'Invalid user {user...} from {address}' },
  { form: 'input_userauth_request: invalid user {user*}' },
  { form: `Illegal user {user...} from {address}` },
  { form: 'User {user...} from {address} not allowed because {reason*}', tells: FAILED },
  { form: 'User {user...} not allowed because {reason*}', tells: FAILED },
  { form: `ROOT LOGIN REFUSED FROM ${PEER}` },
  { form: `Postponed {method} for invalid user {user...} from ${PEER} ssh2` },
  { form: `Postponed {method} for {user...} from ${PEER} ssh2` },
  { form: `Partial {method} for {user...} from ${PEER} ssh2` },
  { form: `Connection from ${PEER} on {localAddress} port {localPort} rdomain "{domain...}"` },
  { form: `Connection from ${PEER} on {localAddress} port {localPort}` },
  { form: `Connection from ${PEER}` },
  { form: `Connection closed by invalid user {user...} ${PEER}` },
  { form: `Connection closed by authenticating user {user...} ${PEER}` },
  { form: `Connection closed by ${PEER}` },
  { form: 'Connection closed by {address}' },
  { form: `Connection reset by invalid user {user...} ${PEER}` },
  { form: `Connection reset by authenticating user {user...} ${PEER}` },
  { form: `Connection reset by ${PEER}` },
  { form: 'Connection reset by {address}' },
  { form: `Disconnected from invalid user {user...} ${PEER}` },
  { form: `Disconnected from authenticating user {user...} ${PEER}` },
  { form: `Disconnected from user {user...} ${PEER}` },
  { form: `Disconnected from ${PEER}` },
  { form: 'Disconnected from {address}' },
  { form: `Disconnecting invalid user {user...} {address} port {port}: {reason*}` },
  { form: `Disconnecting authenticating user {user...} {address} port {port}: {reason*}` },
  { form: 'Disconnecting: Too many authentication failures for invalid user {user*}' },
  { form: 'Disconnecting: Too many authentication failures for {user*}' },
  { form: 'Disconnecting: {reason*}' },
  { form: 'Received disconnect from {address} port {port}:{code}: {reason*}' },
  { form: 'Received disconnect from {address}: {code}: {reason*}' },
  { form: `Did not receive identification string from ${PEER}` },
  { form: 'Did not receive identification string from {address}' },
  { form: `Bad protocol version identification '{version...}' from ${PEER}` },
  { form: `Bad protocol version identification '{version...}' from {address}` },
  { form: 'Protocol major versions differ for {address} port {port}: {reason*}' },
  { form: 'Bad packet length {length}.' },
  { form: 'Corrupted MAC on input.' },
  { form: 'kex_exchange_identification: {reason*}' },
  { form: 'kex_protocol_error: {reason*}' },
  { form: 'kex protocol error: {reason*}' },
  { form: 'banner exchange: Connection from {address} port {port}: {reason*}' },
  { form: 'ssh_dispatch_run_fatal: Connection from {address} port {port}: {reason*}' },
  { form: 'Unable to negotiate with {address} port {port}: {reason*}' },
  { form: 'Unable to negotiate with {address}: {reason*}' },
  { form: `maximum authentication attempts exceeded for invalid user {user...} from ${PEER} ssh2` },
  { form: `maximum authentication attempts exceeded for {user...} from ${PEER} ssh2` },
  { form: `Timeout before authentication for connection from {address} to {localAddress}, pid = {child}` },
  { form: `Timeout before authentication for ${PEER}` },
  { form: 'Timeout before authentication for {address}' },
  { form: 'Authentication refused: {reason*}' },
  {
    form: 'Authentication tried for {user...} with correct key but not from a permitted host (host={name?}, ip={address}{rest*}',
  },
  { form: 'reverse mapping checking getaddrinfo for {name} [{address}] failed - POSSIBLE BREAK-IN ATTEMPT!' },
  { form: 'reverse mapping checking getaddrinfo for {name} [{address}] failed.' },
  { form: 'Address {address} maps to {name}, but this does not map back to the address{rest*}' },
  { form: 'Nasty PTR record "{name}" is set up for {address}, ignoring' },
  { form: 'PAM service({service}) ignoring max retries; {tries} > {limit}' },
  { form: 'drop connection #{number} from [{address}]:{port} on [{localAddress}]:{localPort} {reason*}' },
  { form: `Server listening on ${PEER}.` },
  { form: 'Received signal {signal}; {reason*}' },
  { form: 'Received SIGHUP; restarting.' },
  { form: 'Exiting on signal {signal}' },
  { form: `Starting session: {session...} for {user...} from ${PEER} id {id}` },
  { form: `Close session: user {user...} from ${PEER} id {id}` },
  { form: 'subsystem request for {subsystem} by user {user*}' },
  { form: 'subsystem request for {subsystem} failed, subsystem not found' },
  { form: 'Write failed: {reason*}' },
  { form: 'Read error from remote host {address} port {port}: {reason*}' },
  { form: 'Read from socket failed: {reason*}' },
  { form: 'User child is on pid {child}' },
  { form: 'Changed root directory to "{directory...}"' },
];

const readMessage = messageTable(ROWS);

/** What sshd puts before and behind a message to say how bad it is and in which phase. */
const LEVELS = ['error', 'fatal', 'info', 'debug1', 'debug2', 'debug3'];
const PHASE_MARK = ' [preauth]';

export const readSshd: ProgramReader = (message) => {
  const marks: [string, string][] = [];
  let text = message;
  const level = LEVELS.find((name) => text.startsWith(`${name}: `));
  if (level !== undefined) {
    marks.push(['level', level]);
    text = text.slice(level.length + 2);
  }
  if (text.endsWith(PHASE_MARK)) {
    marks.push(['phase', 'preauth']);
    text = text.slice(0, -PHASE_MARK.length);
  }
  const read = readMessage(text);
  return read === undefined || marks.length === 0
    ? read
    : { ...read, fields: fieldsOf([...marks, ...Object.entries(read.fields)]) };
};
