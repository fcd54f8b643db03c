import { describe, expect, it } from 'vitest';
import { bytesOf, type Exchange, expectRobust, loginsOf, propertiesOf } from './service-testing.ts';
import { feed, type Side } from './testing.ts';
import { hello, serverName } from './tls/testing.ts';
import { tls } from './tls/tls.ts';
import { xmpp } from './xmpp.ts';

const SASL = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";
const TLS = "xmlns='urn:ietf:params:xml:ns:xmpp-tls'";
const asked = (text: string): readonly [Side, Uint8Array] => ['initiator', bytesOf(text)];
const answered = (text: string): readonly [Side, Uint8Array] => ['responder', bytesOf(text)];
const base64 = (text: string) => Buffer.from(text, 'latin1').toString('base64');
const stream = (attributes: string) =>
  `<?xml version='1.0'?><stream:stream ${attributes} xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>`;

describe('XMPP', () => {
  const opening: Exchange = [asked(stream("to='chat.example'")), answered(stream("from='chat.example' id='1'"))];
  const plain = asked(`<auth ${SASL} mechanism='PLAIN'>${base64('\0kim\0geheim')}</auth>`);

  it('tells the domain, the login and the address that is given', () => {
    const facts = feed(xmpp, [
      ...opening,
      answered(`<stream:features><mechanisms ${SASL}><mechanism>PLAIN</mechanism></mechanisms></stream:features>`),
      plain,
      answered(`<success ${SASL}/>`),
      answered("<iq type='result' id='2'><bind><jid>kim@chat.example/desk</jid></bind></iq>"),
    ]);
    expect(propertiesOf(facts, 'domain')).toEqual(['chat.example']);
    expect(propertiesOf(facts, 'mechanism')).toEqual(['PLAIN']);
    expect(propertiesOf(facts, 'address')).toEqual(['kim@chat.example/desk']);
    expect(loginsOf(facts)).toEqual(['kim success sasl-plain cleartext']);
    expect(JSON.stringify(facts)).not.toContain('geheim');
  });

  it('tells a login that is refused, and one of the old kind', () => {
    expect(loginsOf(feed(xmpp, [...opening, plain, answered(`<failure ${SASL}><not-authorized/></failure>`)]))).toEqual(
      ['kim failure sasl-plain cleartext'],
    );
    const old =
      "<iq type='set'><query xmlns='jabber:iq:auth'><username>kim</username><password>geheim</password></query></iq>";
    const facts = feed(xmpp, [...opening, asked(old)]);
    expect(loginsOf(facts)).toEqual(['kim attempt password cleartext']);
    expect(JSON.stringify(facts)).not.toContain('geheim');
  });

  const toTls: Exchange = [
    ...opening,
    asked(`<starttls ${TLS}/>`),
    answered(`<proceed ${TLS}/>`),
    ['initiator', hello({ extensions: [serverName('chat.example')] })],
  ];

  it('goes on in TLS', () => {
    const facts = feed(xmpp, toTls, { others: [tls] });
    expect(facts.find((fact) => fact.type === 'tls-client')).toMatchObject({ serverName: 'chat.example' });
  });

  it('is not told by other XML', () => {
    expect(feed(xmpp, [asked(`<?xml version='1.0'?><policy-file-request/>${' '.repeat(600)}`)])).toEqual([]);
    expect(feed(xmpp, [asked('<34>Oct 11 22:14:15 mail su: no')])).toEqual([]);
  });

  it('stands cuts and damage, and elements without an end', () => {
    expectRobust(xmpp, [...opening, plain, answered(`<success ${SASL}/>`)]);
    expectRobust(xmpp, toTls, { others: [tls] });
    // What is behind it is found again.
    const endless = bytesOf(stream("to='a.example'"), `<x ${'y'.repeat(50_000)}`);
    const facts = feed(xmpp, [['initiator', endless], plain], { segmentBytes: 1_000 });
    expect(facts.map(({ type }) => type)).toEqual(['protocol', 'property', 'login']);
  });
});
