import { WithDrawer } from '../../components/Drawer.tsx';
import { Page } from '../../components/layout.tsx';
import { Tabs } from '../../components/Tabs.tsx';
import { useStatus } from '../../lib/status.ts';
import { setQuery, useAddress } from '../../lib/use-address.ts';
import { strings } from '../../strings/index.ts';
import { Listening } from './Listening.tsx';
import { LiveProcesses } from './LiveProcesses.tsx';
import { ProcessDrawer } from './ProcessDrawer.tsx';

const words = strings.processes;
const TABS = [
  { id: 'tree', label: words.tabs.tree, content: <LiveProcesses isTree /> },
  { id: 'list', label: words.tabs.list, content: <LiveProcesses isTree={false} /> },
  { id: 'listening', label: words.tabs.listening, content: <Listening /> },
];

/** What runs on this computer: as a tree, as a list, and by the ports that are listened on. */
export default function ProcessesPage() {
  const { item, query } = useAddress();
  const { isStale, answeredMs } = useStatus();
  const tab = TABS.some(({ id }) => id === query.by) ? (query.by as string) : TABS[0].id;
  return (
    <WithDrawer drawer={item !== null && <ProcessDrawer key={item} item={item} />}>
      <Page title={words.title} isFilling staleSinceMs={isStale ? answeredMs : null}>
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
