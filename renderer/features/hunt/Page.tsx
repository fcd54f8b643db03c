import { WithDrawer } from '../../components/Drawer.tsx';
import { Page } from '../../components/layout.tsx';
import { Tabs } from '../../components/Tabs.tsx';
import { navigate, useAddress } from '../../lib/use-address.ts';
import { strings } from '../../strings/index.ts';
import { FlowDrawer } from '../network/FlowDrawer.tsx';
import { AttackTab } from './attack/AttackTab.tsx';
import { TechniqueDrawer } from './attack/TechniqueDrawer.tsx';
import { LanguageDrawer } from './Language.tsx';
import { QueryTab } from './QueryTab.tsx';
import { SavedDrawer } from './Saved.tsx';
import { SigmaTab } from './SigmaTab.tsx';

const words = strings.hunt;
const ATTACK = 'attack';
const SIGMA = 'sigma';

const TABS = [
  { id: 'query', label: words.tabs.query, content: <QueryTab /> },
  { id: SIGMA, label: words.tabs.sigma, content: <SigmaTab /> },
  { id: ATTACK, label: words.tabs.attack, content: <AttackTab /> },
];

/** Queries over what was stored, and what of ATT&CK was seen. The query, its source and the drawer are the address. */
export default function HuntPage() {
  const { item, query } = useAddress();
  const tab = item === ATTACK || item === SIGMA ? item : 'query';
  return (
    <WithDrawer drawer={drawerOf(item, query)}>
      <Page title={words.title} isFilling>
        <Tabs
          label={words.title}
          tabs={TABS}
          value={tab}
          onChange={(id) => navigate({ page: 'hunt', item: id === 'query' ? null : id, query })}
        />
      </Page>
    </WithDrawer>
  );
}

function drawerOf(item: string | null, query: Readonly<Record<string, string>>) {
  const open = (q: string): void => navigate({ page: 'hunt', item: null, query: { ...query, q } });
  switch (item) {
    case null:
    case SIGMA:
      return null;
    case ATTACK:
      return query.technique === undefined ? null : <TechniqueDrawer key={query.technique} id={query.technique} />;
    case 'saved':
      return <SavedDrawer onOpen={open} />;
    case 'language':
      return <LanguageDrawer onOpen={open} />;
    default:
      return <FlowDrawer key={item} id={item} />;
  }
}
