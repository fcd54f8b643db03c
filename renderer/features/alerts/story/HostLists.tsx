import { useState } from 'react';
import type { AlertRecord } from '../../../../contract/api-schemas.ts';
import { Address } from '../../../components/Address.tsx';
import { Button } from '../../../components/Button.tsx';
import { Section } from '../../../components/layout.tsx';
import { linkTo } from '../../../lib/address.ts';
import { formatCount } from '../../../lib/format.ts';
import { strings } from '../../../strings/index.ts';
import { LIVE } from '../filters.ts';
import { huntHost } from './hunt-links.ts';

const words = strings.alerts.story;
const SHOWN = 5;

/** Who did it and to whom, each to be copied and looked into. */
export function HostLists({ alert }: { readonly alert: AlertRecord }) {
  const isLive = alert.source === LIVE;
  return (
    <div className="grid grid-cols-2 gap-x-6 gap-y-4 max-narrow:grid-cols-1">
      <HostList title={words.attackers} hosts={alert.attackers} count={alert.attackerCount} isLive={isLive} />
      <HostList title={words.victims} hosts={alert.victims} count={alert.victimCount} isLive={isLive} />
    </div>
  );
}

interface HostListProps {
  readonly title: string;
  /** The most active first. */
  readonly hosts: readonly string[];
  /** In all; more than are listed. */
  readonly count: number;
  /** Of this computer's own traffic: what is not cannot be found there. */
  readonly isLive: boolean;
}

function HostList({ title, hosts, count, isLive }: HostListProps) {
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? hosts : hosts.slice(0, SHOWN);
  return (
    <Section title={title}>
      {hosts.length === 0 ? (
        <p className="text-ink-muted">{strings.alerts.nobody}</p>
      ) : (
        <ul className="flex flex-col gap-1">
          {shown.map((host) => (
            <li key={host} className="flex min-w-0 items-baseline gap-x-3">
              <Address canCopy>{host}</Address>
              {isLive && <HostLinks host={host} />}
            </li>
          ))}
        </ul>
      )}
      {shown.length < hosts.length && (
        <div>
          <Button kind="link" className="-ml-3" onClick={() => setWhole(true)}>
            {words.showHosts(formatCount(hosts.length))}
          </Button>
        </div>
      )}
      {count > hosts.length && (
        <p className="text-12 text-ink-quiet">{words.otherHosts(formatCount(count - hosts.length))}</p>
      )}
    </Section>
  );
}

function HostLinks({ host }: { readonly host: string }) {
  const hunt = huntHost(host);
  return (
    <span className="flex shrink-0 gap-3 text-12">
      <a href={linkTo('network', null, { q: host })} aria-label={`${words.network}: ${host}`} className="text-accent">
        {words.network}
      </a>
      {hunt !== null && (
        <a href={hunt} aria-label={`${words.hunt}: ${host}`} className="text-accent">
          {words.hunt}
        </a>
      )}
    </span>
  );
}
