import { Network } from 'lucide-react';
import type { PageDefinition } from '../../lib/page.ts';
import { strings } from '../../strings/index.ts';

export const page: PageDefinition = {
  id: 'network',
  order: 30,
  title: strings.network.title,
  icon: Network,
  key: 'n',
  load: () => import('./Page.tsx'),
  searchKey: 'q',
};
