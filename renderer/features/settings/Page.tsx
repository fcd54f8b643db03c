import { Page } from '../../components/layout.tsx';
import { Tabs } from '../../components/Tabs.tsx';
import { openItem, useAddress } from '../../lib/use-address.ts';
import { strings } from '../../strings/index.ts';
import { About } from './About.tsx';
import { AppSettings } from './AppSettings.tsx';
import { EngineSettings } from './EngineSettings.tsx';
import { Tokens } from './Tokens.tsx';

const words = strings.settings;
const TABS = [
  { id: 'engine', label: words.tabs.engine, content: <EngineSettings /> },
  { id: 'app', label: words.tabs.app, content: <AppSettings /> },
  { id: 'tokens', label: words.tabs.tokens, content: <Tokens /> },
  { id: 'about', label: words.tabs.about, content: <About /> },
];

export default function SettingsPage() {
  const { item } = useAddress();
  const tab = TABS.some(({ id }) => id === item) ? (item as string) : TABS[0].id;
  return (
    <Page title={words.title} isFilling>
      <Tabs label={words.title} tabs={TABS} value={tab} onChange={openItem} />
    </Page>
  );
}
