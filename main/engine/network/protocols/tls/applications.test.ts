import { describe, expect, it } from 'vitest';
import type { ProtocolFact } from '../../../../../contract/facts.ts';
import { attribute, certificate, commonName, dnsName, name } from '../certificate/testing.ts';
import { feed } from '../testing.ts';
import { HANDSHAKE } from './numbers.ts';
import { chain, handshake, hello, serverHello, serverName } from './testing.ts';
import { tls } from './tls.ts';

const onlyCommonName = (text: string) => name([attribute('2.5.4.3', text)]);

/** Protocols that a handshake is told to be of, behind TLS itself. */
function applications(asked: string, shown: Uint8Array, responderPort = 443): readonly ProtocolFact[] {
  const facts = feed(
    tls,
    [
      ['initiator', hello({ extensions: [serverName(asked)] })],
      ['responder', handshake([HANDSHAKE.serverHello, serverHello()], [HANDSHAKE.certificate, chain(shown)])],
    ],
    { responderPort },
  );
  return facts.filter((fact) => fact.type === 'protocol').slice(1);
}

describe('applications inside TLS', () => {
  const relay = (subject: string, issuer: string, names?: readonly Uint8Array[]) =>
    certificate({ subject: onlyCommonName(subject), issuer: onlyCommonName(issuer), names });
  const torRelay = relay('www.ab3defgh5jkl.net', 'www.q7rstuvw.com');

  it('are told by certificates and names that are theirs, once', () => {
    expect(applications('www.q7rstuvwx.com', torRelay, 9_001)).toMatchObject([{ protocol: 'tor', isUsualPort: true }]);
    expect(applications('x.example', torRelay, 8_888)).toMatchObject([
      { protocol: 'tor', isUsualPort: false, fromInitiator: false },
    ]);
    const client = certificate({ subject: commonName('AnyDesk Client'), issuer: commonName('AnyDesk Client') });
    expect(applications('', client, 7_070)).toMatchObject([{ protocol: 'anydesk', isUsualPort: true }]);
    expect(applications('relay-1a2b.net.anydesk.com', client)).toMatchObject([
      { protocol: 'anydesk', fromInitiator: true },
    ]);
  });

  it('are not told by what only looks like it', () => {
    const others = [
      certificate({ subject: commonName('www.example.org') }),
      relay('www.ab3defgh5jkl.com', 'www.q7rstuvw.com'),
      relay('www.ab3defgh5jkl.net', 'Example CA'),
      relay('www.ab3defgh5jkl.net', 'www.short.com'),
      relay('www.ab0defgh5jkl.net', 'www.q7rstuvw.com'),
      relay('www.ab3defgh5jkl.net', 'www.q7rstuvw.com', [dnsName('www.ab3defgh5jkl.net')]),
    ];
    for (const other of others) expect(applications('net.anydesk.com.example', other)).toEqual([]);
  });
});
