import { fromBase64 } from './base64-text.ts';
import { latin1, NO_BYTES } from './bytes.ts';
import { ntlmMessage } from './ntlm.ts';
import type { LoginDetails } from './teller.ts';

/** Longer exchanges than any mechanism has. */
const MAX_RESPONSES = 16;

/**
 * What a client says of itself while it logs in with SASL (RFC 4422), as SMTP, POP3 and IMAP carry it: lines of
 * base64. Secrets are passed over.
 */
export class SaslExchange {
  readonly #mechanism: string;
  #user = '';
  #domain = '';
  #host = '';
  #responses = 0;

  constructor(mechanism: string) {
    this.#mechanism = mechanism.toLowerCase();
  }

  /** Takes a response of the client; "=" is an empty one, "*" gives up (RFC 4954 4). */
  response(text: string): void {
    if (++this.#responses > MAX_RESPONSES || this.#user !== '') return;
    const bytes = fromBase64(text) ?? NO_BYTES;
    if (this.#mechanism === 'ntlm' || this.#mechanism === 'gssapi' || this.#mechanism === 'gss-spnego') {
      const message = ntlmMessage(bytes);
      if (message?.kind === 'authenticate') {
        this.#user = message.user;
        this.#domain = message.domain;
        this.#host = message.host;
      }
      return;
    }
    this.#user = saslUser(this.#mechanism, latin1(bytes));
  }

  login(outcome: LoginDetails['outcome']): LoginDetails {
    return {
      user: this.#user,
      domain: this.#domain,
      host: this.#host,
      outcome,
      method: `sasl-${this.#mechanism}`,
      isCleartext: ['plain', 'login', 'xoauth2', 'oauthbearer'].includes(this.#mechanism),
    };
  }
}

/**
 * The user that the first message of a client names; empty where it names none.
 * @param mechanism lower case
 */
export function saslUser(mechanism: string, text: string): string {
  switch (mechanism) {
    case 'plain': {
      // Who to act as, who logs in, the password (RFC 4616).
      const [actAs, user] = text.split('\0', 2);
      return user || actAs;
    }
    case 'login':
      // The first response is the user, the second the password.
      return text;
    case 'cram-md5': {
      // User, space, digest (RFC 2195).
      const space = text.lastIndexOf(' ');
      return space < 0 ? '' : text.slice(0, space);
    }
    case 'digest-md5':
      return between(text, 'username="', '"');
    case 'xoauth2':
      return between(text, 'user=', '\x01');
    case 'oauthbearer':
      return between(text, 'a=', ',');
    default:
      // SCRAM (RFC 5802): n,,n=user,r=nonce
      return mechanism.startsWith('scram-') ? between(text, 'n=', ',') : '';
  }
}

function between(text: string, before: string, after: string): string {
  const at = text.indexOf(before);
  if (at < 0) return '';
  const start = at + before.length;
  const end = text.indexOf(after, start);
  return text.slice(start, end < 0 ? text.length : end);
}
