import type { AlertStory } from '../../../../contract/api-alerts.ts';
import { Section } from '../../../components/layout.tsx';
import { Text } from '../../../components/Text.tsx';
import { linkTo } from '../../../lib/address.ts';
import { useAddress } from '../../../lib/use-address.ts';
import { useQuery } from '../../../lib/use-query.ts';
import { strings } from '../../../strings/index.ts';

const words = strings.alerts.story;

export interface DecisionsProps {
  readonly decisions: AlertStory['decisions'];
  readonly detectors: AlertStory['detectors'];
}

/** What Holdfast did about it, the setting that decided so, and the detectors that spoke, each with its settings. */
export function Decisions({ decisions, detectors }: DecisionsProps) {
  return (
    <Section title={words.decisions}>
      <ul className="flex flex-col gap-2">
        {decisions.map(({ text, setting, value }) => (
          <li key={`${setting} ${text}`} className="flex flex-col">
            <Text>{text}</Text>
            <span className="flex flex-wrap items-baseline gap-x-2 text-12 text-ink-quiet">
              {words.setting}
              <span className="font-mono">
                <Text>{`${setting}: ${value}`}</Text>
              </span>
              <DecisionLink setting={setting} />
            </span>
          </li>
        ))}
      </ul>
      {detectors.length > 0 && (
        <ul className="flex flex-col gap-2 pt-1">
          {detectors.map(({ id, summary, section }) => (
            <li key={id} className="flex flex-col">
              <span className="text-ink-muted">
                <Text>{summary}</Text>
              </span>
              <span className="flex flex-wrap items-baseline gap-x-2 text-12 text-ink-quiet">
                {words.detectors}
                <span className="font-mono">
                  <Text>{id}</Text>
                </span>
                <a href={linkTo('settings', 'engine', { q: section })} className="text-accent">
                  {words.settings}
                </a>
              </span>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

/** Where a decision can be changed; what is no setting of this engine cannot, and says nothing. */
function DecisionLink({ setting }: { readonly setting: string }) {
  const { item, query } = useAddress();
  const { data } = useQuery('config.describe', {});
  const isSetting = data?.sections.some(({ settings }) => settings.some(({ path }) => path === setting)) ?? false;
  const isAllowList = setting === 'allow-list';
  if (!isSetting && !isAllowList) return null;
  const to = isAllowList
    ? linkTo('alerts', item, { ...query, allowed: '1' })
    : linkTo('settings', 'engine', { q: setting });
  return (
    <a href={to} aria-label={`${words.change}: ${setting}`} className="text-accent">
      {words.change}
    </a>
  );
}
