import { plainText } from '../../../contract/text.ts';
import { Select } from '../../components/fields.tsx';
import { setQuery } from '../../lib/use-address.ts';
import { useQuery } from '../../lib/use-query.ts';
import { strings } from '../../strings/index.ts';
import { LIVE } from './source.ts';

const words = strings.hunt.editor;
/** A line of the menu. */
const LONGEST_LABEL = 90;

/** Chooses live traffic or a capture; the address keeps it. */
export function SourceSelect({ source }: { readonly source: string }) {
  const { data } = useQuery('captures.list', {});
  const captures = (data?.captures ?? []).filter(({ id, state }) => state === 'done' || id === source);
  const options = [
    { value: LIVE, label: words.live },
    ...captures.map(({ id, name }) => ({ value: id, label: plainText(name, LONGEST_LABEL) })),
    // One that is gone by now is still what the address says.
    ...(source !== LIVE && !captures.some(({ id }) => id === source) ? [{ value: source, label: source }] : []),
  ];
  return (
    <div className="w-56 max-w-full">
      <Select
        label={words.source}
        isLabelHidden
        value={source}
        options={options}
        onChange={(value) => setQuery({ source: value === LIVE ? undefined : value }, { replace: false })}
      />
    </div>
  );
}
