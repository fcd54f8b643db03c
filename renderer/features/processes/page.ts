import { ListTree } from 'lucide-react';
import type { PageDefinition } from '../../lib/page.ts';
import { strings } from '../../strings/index.ts';

export const page: PageDefinition = {
  id: 'processes',
  order: 35,
  title: strings.processes.title,
  icon: ListTree,
  key: 'p',
  load: () => import('./Page.tsx'),
  searchKey: 'q',
};
