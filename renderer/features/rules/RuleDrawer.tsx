/** One rule in full: what it means, what it did, and its text. */
import { History, Trash2 } from 'lucide-react';
import { useMemo, useState } from 'react';
import type { RuleEngine, RuleRow } from '../../../contract/api-rules.ts';
import { plainText } from '../../../contract/text.ts';
import { Button } from '../../components/Button.tsx';
import { Drawer } from '../../components/Drawer.tsx';
import { KeyValue, Section } from '../../components/layout.tsx';
import { Badge, SeverityMark } from '../../components/marks.tsx';
import { RelativeTime } from '../../components/numbers.tsx';
import { EmptyState, FailureState, LoadingState } from '../../components/states.tsx';
import { TechniqueLink } from '../../components/TechniqueLink.tsx';
import { Text } from '../../components/Text.tsx';
import { formatCount } from '../../lib/format.ts';
import { useMay } from '../../lib/link.ts';
import { navigate } from '../../lib/use-address.ts';
import { useQuery } from '../../lib/use-query.ts';
import { strings } from '../../strings/index.ts';
import { removeRuleFile, switchRule } from './actions.ts';
import { type Excerpt, LONGEST_LINE, ruleExcerpt, wholeFile } from './excerpt.ts';
import type { Rules } from './use-rules.ts';

const words = strings.rules.drawer;
const LONGEST_DESCRIPTION = 4_000;

export interface RuleDrawerProps {
  readonly engine: RuleEngine;
  readonly id: string;
  readonly rules: Rules;
}

export function RuleDrawer({ engine, id, rules: { data, failure, reload } }: RuleDrawerProps) {
  const rule = data?.rules.find((each) => each.engine === engine && each.id === id);
  if (rule !== undefined && data !== undefined) {
    const besides = data.rules.filter((each) => each.engine === engine && each.file === rule.file && !each.isOwn);
    return <OpenRule rule={rule} rulesInFile={besides.length} />;
  }
  return (
    <Drawer title={<Text>{id}</Text>}>
      {data !== undefined ? (
        <EmptyState title={words.gone}>{words.goneHint}</EmptyState>
      ) : failure === null ? (
        <LoadingState rows={8} />
      ) : (
        <FailureState failure={failure} onRetry={reload} />
      )}
    </Drawer>
  );
}

function OpenRule({ rule, rulesInFile }: { readonly rule: RuleRow; readonly rulesInFile: number }) {
  const { engine, id, title, description, severity, isEnabled, isOwn } = rule;
  const mayChange = useMay('admin');
  const runOver = (): void => navigate({ page: 'hunt', item: 'sigma', query: { rule: id } });
  return (
    <Drawer
      eyebrow={
        <>
          <SeverityMark severity={severity} />
          <span className="text-ink-quiet">{strings.rules.tabs[engine]}</span>
          <Badge tone={isEnabled ? 'accent' : 'neutral'}>{isEnabled ? words.on : words.off}</Badge>
        </>
      }
      title={<Text>{title}</Text>}
      width="large"
    >
      {description !== '' && (
        <p className="max-w-180 text-15">
          <Text maxLength={LONGEST_DESCRIPTION}>{description}</Text>
        </p>
      )}
      <div className="flex flex-wrap gap-2">
        {engine === 'sigma' && (
          <Button icon={History} onClick={runOver}>
            {words.history}
          </Button>
        )}
        {mayChange && (
          <Button onClick={() => void switchRule(rule, !isEnabled)}>
            {isEnabled ? words.switchOff : words.switchOn}
          </Button>
        )}
        {mayChange && !isOwn && (
          <Button icon={Trash2} onClick={() => void removeRuleFile(rule, rulesInFile)}>
            {words.remove}
          </Button>
        )}
      </div>
      <Section title={words.techniques}>
        {rule.techniques.length === 0 ? (
          <p className="text-ink-muted">{words.noTechniques}</p>
        ) : (
          <ul className="flex flex-wrap gap-x-4 gap-y-1">
            {rule.techniques.map((technique) => (
              <li key={technique}>
                <TechniqueLink id={technique}>
                  <Text isMono>{technique}</Text>
                </TechniqueLink>
              </li>
            ))}
          </ul>
        )}
      </Section>
      <Facts rule={rule} />
      <RuleText key={id} rule={rule} />
    </Drawer>
  );
}

function Facts({ rule: { id, about, file, isOwn, hits, lastHitMs } }: { readonly rule: RuleRow }) {
  return (
    <Section title={words.facts}>
      <KeyValue
        rows={[
          { name: words.hits, value: <span className="font-mono">{formatCount(hits)}</span> },
          {
            name: words.lastHit,
            value: lastHitMs === null ? strings.rules.never : <RelativeTime timeMs={lastHitMs} />,
          },
          { name: words.about, value: <Text>{about}</Text> },
          { name: words.origin, value: isOwn ? words.ownFile : words.importedFile },
          {
            name: words.file,
            value: (
              <span className="break-all">
                <Text isMono>{file}</Text>
              </span>
            ),
          },
          {
            name: words.id,
            value: (
              <span className="break-all">
                <Text isMono>{id}</Text>
              </span>
            ),
          },
        ]}
      />
    </Section>
  );
}

function RuleText({ rule }: { readonly rule: RuleRow }) {
  const { engine, id, title } = rule;
  const { data, failure, isLoading, reload } = useQuery('rules.text', { engine, id });
  const [showsAll, setShowsAll] = useState(false);
  // A rule of YARA is called by its name within the file; its id has the file before it.
  const name = engine === 'sigma' ? id : title;
  const excerpt = useMemo(
    () => data && (showsAll ? wholeFile(data.text) : ruleExcerpt(engine, name, title, data.text)),
    [data, showsAll, engine, name, title],
  );
  const isPart =
    data !== undefined && excerpt !== undefined && wholeFile(data.text).lines.length > excerpt.lines.length;
  return (
    <Section
      title={words.text}
      actions={
        (isPart || showsAll) && (
          <Button kind="link" onClick={() => setShowsAll(!showsAll)}>
            {showsAll ? words.onlyRule : words.wholeFile}
          </Button>
        )
      }
    >
      {isLoading ? (
        <LoadingState rows={10} />
      ) : excerpt === undefined || data === undefined ? (
        failure && <FailureState failure={failure} onRetry={reload} />
      ) : (
        <Code label={words.textLabel(plainText(data.file))} excerpt={excerpt} />
      )}
    </Section>
  );
}

/** Numbered lines; each is somebody's text, and made visible. */
function Code({ label, excerpt: { firstLine, lines, left } }: { readonly label: string; readonly excerpt: Excerpt }) {
  return (
    <>
      <section
        aria-label={label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        className="overflow-x-auto rounded-md border border-line bg-sunken py-2 font-mono text-12"
      >
        {lines.map((line, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines of a text do not move
          <div key={index} className="flex w-max min-w-full">
            <span aria-hidden className="w-12 shrink-0 pr-3 text-right text-ink-quiet select-none">
              {firstLine + index}
            </span>
            <code className="pr-3 whitespace-pre">{plainText(line.replaceAll('\t', '  '), LONGEST_LINE) || ' '}</code>
          </div>
        ))}
      </section>
      {left > 0 && <p className="text-ink-quiet">{words.left(formatCount(left))}</p>}
    </>
  );
}
