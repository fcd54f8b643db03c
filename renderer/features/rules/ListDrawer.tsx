/** One list of indicators: where it is from, and what of it could not be read. */
import { Trash2 } from 'lucide-react';
import { Button } from '../../components/Button.tsx';
import { Drawer } from '../../components/Drawer.tsx';
import { KeyValue, Section } from '../../components/layout.tsx';
import { EmptyState, FailureState, LoadingState, Notice } from '../../components/states.tsx';
import { Text } from '../../components/Text.tsx';
import { formatCount } from '../../lib/format.ts';
import { useMay } from '../../lib/link.ts';
import { strings } from '../../strings/index.ts';
import { removeList } from './actions.ts';
import { originOf } from './Indicators.tsx';
import type { Lists } from './use-lists.ts';

const words = strings.rules.indicators;

export interface ListDrawerProps {
  readonly name: string;
  readonly lists: Lists;
}

export function ListDrawer({ name, lists: { data, failure: trouble, reload } }: ListDrawerProps) {
  const mayChange = useMay('admin');
  const list = data?.lists.find((each) => each.name === name);
  if (list === undefined) {
    return (
      <Drawer title={<Text>{name}</Text>}>
        {data !== undefined ? (
          <EmptyState title={words.gone}>{words.goneHint}</EmptyState>
        ) : trouble === null ? (
          <LoadingState rows={6} />
        ) : (
          <FailureState failure={trouble} onRetry={reload} />
        )}
      </Drawer>
    );
  }
  const { path, isOwn, format, entries, invalid, firstInvalid, left, failure } = list;
  return (
    <Drawer eyebrow={words.formats[format]} title={<Text>{name}</Text>}>
      {failure !== null && (
        <Notice kind="failure">
          <Text>{`${failure.message} ${failure.hint}`}</Text>
        </Notice>
      )}
      {mayChange && isOwn && (
        <div>
          <Button icon={Trash2} onClick={() => void removeList(list)}>
            {words.remove}
          </Button>
        </div>
      )}
      <Section title={words.facts}>
        <KeyValue
          rows={[
            { name: words.columns.entries, value: <span className="font-mono">{formatCount(entries)}</span> },
            { name: words.columns.invalid, value: <span className="font-mono">{formatCount(invalid)}</span> },
            ...(firstInvalid === '' ? [] : [{ name: words.firstInvalid, value: <Text>{firstInvalid}</Text> }]),
            ...(left === 0
              ? []
              : [{ name: words.left, value: <span className="font-mono">{formatCount(left)}</span> }]),
            { name: words.columns.origin, value: originOf(list) },
            ...(path === ''
              ? []
              : [
                  {
                    name: words.path,
                    value: (
                      <span className="break-all">
                        <Text isMono>{path}</Text>
                      </span>
                    ),
                  },
                ]),
          ]}
        />
      </Section>
    </Drawer>
  );
}
