import { FileSearch } from 'lucide-react';
import type { PageDefinition } from '../../lib/page.ts';
import { strings } from '../../strings/index.ts';

export const page: PageDefinition = {
  id: 'captures',
  order: 50,
  title: strings.captures.title,
  icon: FileSearch,
  key: 'c',
  load: () => import('./Page.tsx'),
};
