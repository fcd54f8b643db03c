import { Search } from 'lucide-react';
import type { ProcessDetail } from '../../../contract/api-processes.ts';
import { Button } from '../../components/Button.tsx';
import { Menu } from '../../components/Menu.tsx';
import { navigate } from '../../lib/use-address.ts';
import { strings } from '../../strings/index.ts';
import { type HuntSubject, huntQuery } from './process-hunt.ts';

const words = strings.processes.drawer;
const SUBJECTS: readonly HuntSubject[] = ['own', 'files', 'connections', 'changes'];

/** Everything that is stored of it, in Hunt. */
export function EventsMenu({ detail }: { readonly detail: ProcessDetail }) {
  return (
    <Menu
      label={words.events}
      trigger={<Button icon={Search}>{words.events}</Button>}
      items={SUBJECTS.map((subject) => ({
        label: words.eventMenu[subject],
        onSelect: () => navigate({ page: 'hunt', item: null, query: { q: huntQuery(subject, detail) } }),
      }))}
    />
  );
}
