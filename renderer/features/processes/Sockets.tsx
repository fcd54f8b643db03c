/** What a process has open to the network. */
import { useState } from 'react';
import type { ProcessDetail } from '../../../contract/api-processes.ts';
import { plainText } from '../../../contract/text.ts';
import { Address } from '../../components/Address.tsx';
import { Button } from '../../components/Button.tsx';
import { Section } from '../../components/layout.tsx';
import { RelativeTime } from '../../components/numbers.tsx';
import { linkTo } from '../../lib/address.ts';
import { formatCount } from '../../lib/format.ts';
import { strings } from '../../strings/index.ts';
import { huntHost } from '../alerts/story/hunt-links.ts';

const words = strings.processes.drawer;
const SHOWN = 8;
type Socket = ProcessDetail['sockets'][number];

export function Sockets({ detail: { sockets, socketCount } }: { readonly detail: ProcessDetail }) {
  const [isWhole, setWhole] = useState(false);
  if (sockets.length === 0) return null;
  const shown = isWhole ? sockets : sockets.slice(0, SHOWN);
  return (
    <Section title={`${words.sockets} (${formatCount(socketCount)})`}>
      <ul className="flex flex-col">
        {shown.map((socket) => (
          <Line key={socketKey(socket)} socket={socket} />
        ))}
      </ul>
      {shown.length < sockets.length && (
        <div>
          <Button kind="link" className="-ml-3" onClick={() => setWhole(true)}>
            {words.showAll(formatCount(sockets.length))}
          </Button>
        </div>
      )}
      {isWhole && sockets.length < socketCount && (
        <p className="text-12 text-ink-quiet">{words.newest(formatCount(sockets.length), formatCount(socketCount))}</p>
      )}
    </Section>
  );
}

function socketKey({ kind, protocol, localAddress, localPort, remoteAddress, remotePort }: Socket): string {
  return [kind, protocol, localAddress, localPort, remoteAddress, remotePort].join(' ');
}

function Line({ socket }: { readonly socket: Socket }) {
  const { kind, protocol, localAddress, localPort, remoteAddress, remotePort, direction, sinceMs } = socket;
  const isListener = kind === 'listener';
  const hunt = isListener ? null : huntHost(remoteAddress);
  return (
    <li className="flex min-h-8 flex-wrap items-center gap-x-3">
      <span className="w-18 shrink-0 text-ink-quiet">
        {isListener ? words.listensOn : direction === 'outbound' ? words.to : words.from}
      </span>
      <span className="min-w-0 flex-1">
        {isListener ? (
          <Address port={localPort}>{localAddress}</Address>
        ) : (
          <a href={linkTo('network', null, { q: remoteAddress })} className="text-accent">
            <Address port={remotePort}>{remoteAddress}</Address>
          </a>
        )}
      </span>
      <span className="shrink-0 text-12 text-ink-quiet">
        {protocol} · <RelativeTime timeMs={sinceMs} />
      </span>
      {hunt !== null && (
        <a
          href={hunt}
          className="shrink-0 text-12 text-accent"
          aria-label={words.huntAddress(plainText(remoteAddress))}
        >
          {strings.hunt.title}
        </a>
      )}
    </li>
  );
}
