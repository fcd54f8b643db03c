import { ListFilter } from 'lucide-react';
import type { PageDefinition } from '../../lib/page.ts';
import { strings } from '../../strings/index.ts';

export const page: PageDefinition = {
  id: 'rules',
  order: 45,
  title: strings.rules.title,
  icon: ListFilter,
  key: 'r',
  searchKey: 'q',
  load: () => import('./Page.tsx'),
};
