import { Upload } from 'lucide-react';
import { useRef } from 'react';
import { Button } from '../../components/Button.tsx';
import { WithDrawer } from '../../components/Drawer.tsx';
import { Page } from '../../components/layout.tsx';
import { Notice } from '../../components/states.tsx';
import { Tabs } from '../../components/Tabs.tsx';
import { Tooltip } from '../../components/Tooltip.tsx';
import { usePageCommands } from '../../lib/commands.ts';
import { useMay } from '../../lib/link.ts';
import { navigate, openItem, useAddress } from '../../lib/use-address.ts';
import { strings } from '../../strings/index.ts';
import { reloadRules } from './actions.ts';
import { CheckDrawer } from './CheckDrawer.tsx';
import { Imports } from './Imports.tsx';
import { IndicatorsTab } from './Indicators.tsx';
import { addFiles } from './imports.ts';
import { ListDrawer } from './ListDrawer.tsx';
import { ProblemsDrawer } from './Problems.tsx';
import { RuleDrawer } from './RuleDrawer.tsx';
import { RuleTab } from './RuleTab.tsx';
import { CHECK_ITEM, itemOf, type RuleTab as Tab, tabOf } from './rule-list.ts';
import { ACCEPTED } from './transfer.ts';
import { type Lists, useLists } from './use-lists.ts';
import { type Rules, useRules } from './use-rules.ts';

const words = strings.rules;

/** What Holdfast recognises by rules that the field shares, and the way to give it more. */
export default function RulesPage() {
  const { query } = useAddress();
  const tab = tabOf(query);
  const rules = useRules();
  const lists = useLists(tab === 'indicators');
  const mayChange = useMay('admin');
  const input = useRef<HTMLInputElement>(null);
  const choose = (): void => input.current?.click();
  const check = (): void => openItem(CHECK_ITEM);
  usePageCommands([
    { id: 'rules.check', title: words.check.open, words: 'sigma yara test', run: check },
    ...(mayChange
      ? [
          { id: 'rules.import', title: words.imports.choose, words: 'sigma yara indicators upload', run: choose },
          { id: 'rules.reload', title: words.reload, run: () => void reloadRules() },
        ]
      : []),
  ]);
  const shown = tab === 'indicators' ? lists : rules;
  return (
    <WithDrawer drawer={<OpenDrawer tab={tab} rules={rules} lists={lists} />}>
      <Page
        title={words.title}
        isFilling
        staleSinceMs={shown.isStale ? shown.answeredMs : null}
        actions={
          <>
            {tab !== 'indicators' && <Button onClick={check}>{words.check.open}</Button>}
            {mayChange && (
              <Tooltip text={words.imports.hint}>
                <Button kind="primary" icon={Upload} onClick={choose}>
                  {words.imports.choose}
                </Button>
              </Tooltip>
            )}
          </>
        }
      >
        <input
          ref={input}
          type="file"
          multiple
          accept={ACCEPTED}
          aria-label={words.imports.chooseLabel}
          tabIndex={-1}
          className="sr-only"
          onChange={(event) => {
            addFiles([...(event.target.files ?? [])]);
            // The same file can be chosen again.
            event.target.value = '';
          }}
        />
        <div className="flex min-h-0 flex-1 flex-col gap-3">
          {!mayChange && <Notice kind="no-privilege">{words.needsAdmin}</Notice>}
          <Imports />
          <Tabs
            label={words.title}
            value={tab}
            onChange={(id) => navigate({ page: 'rules', item: null, query: id === 'sigma' ? {} : { tab: id } })}
            tabs={[
              { id: 'sigma', label: words.tabs.sigma, content: <RuleTab engine="sigma" rules={rules} /> },
              { id: 'yara', label: words.tabs.yara, content: <RuleTab engine="yara" rules={rules} /> },
              { id: 'indicators', label: words.tabs.indicators, content: <IndicatorsTab lists={lists} /> },
            ]}
          />
        </div>
      </Page>
    </WithDrawer>
  );
}

interface OpenDrawerProps {
  readonly tab: Tab;
  readonly rules: Rules;
  readonly lists: Lists;
}

function OpenDrawer({ tab, rules, lists }: OpenDrawerProps) {
  const { item } = useAddress();
  const named = itemOf(item);
  const engine = tab === 'yara' ? 'yara' : 'sigma';
  switch (named?.kind) {
    case 'rule':
      return <RuleDrawer key={item} engine={named.engine} id={named.id} rules={rules} />;
    case 'list':
      return <ListDrawer key={item} name={named.name} lists={lists} />;
    case 'problems':
      return <ProblemsDrawer engine={engine} rules={rules} />;
    case 'check':
      return <CheckDrawer key={engine} engine={engine} />;
    default:
      return null;
  }
}
