import { WithDrawer } from '../../components/Drawer.tsx';
import { Page } from '../../components/layout.tsx';
import { Tabs } from '../../components/Tabs.tsx';
import { formatByteRate, formatCount } from '../../lib/format.ts';
import { useStatus } from '../../lib/status.ts';
import { setQuery, useAddress } from '../../lib/use-address.ts';
import { strings } from '../../strings/index.ts';
import { FlowDrawer } from './FlowDrawer.tsx';
import { Hosts } from './Hosts.tsx';
import { LiveDestinations, LiveFlows } from './LiveFlows.tsx';
import { Protocols } from './Protocols.tsx';

const words = strings.network;
const TABS = [
  { id: 'flows', label: words.tabs.flows, content: <LiveFlows /> },
  { id: 'host', label: words.tabs.host, content: <Hosts /> },
  { id: 'destination', label: words.tabs.destination, content: <LiveDestinations /> },
  { id: 'protocol', label: words.tabs.protocol, content: <Protocols /> },
];

/** The traffic as it goes: flows, hosts, where they go, and what they speak. */
export default function NetworkPage() {
  const { item, query } = useAddress();
  const { data, isStale, answeredMs } = useStatus();
  const tab = TABS.some(({ id }) => id === query.by) ? (query.by as string) : TABS[0].id;
  return (
    <WithDrawer drawer={item !== null && <FlowDrawer key={item} id={item} />}>
      <Page
        title={words.title}
        isFilling
        staleSinceMs={isStale ? answeredMs : null}
        summary={
          data &&
          words.summary(
            formatCount(Math.round(data.traffic.packetsPerSecond)),
            formatByteRate(data.traffic.bytesPerSecond),
          )
        }
      >
        <Tabs
          label={words.title}
          tabs={TABS}
          value={tab}
          onChange={(by) => setQuery({ by: by === TABS[0].id ? undefined : by })}
        />
      </Page>
    </WithDrawer>
  );
}
