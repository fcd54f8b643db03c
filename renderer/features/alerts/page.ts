import { BellRing } from 'lucide-react';
import type { PageDefinition } from '../../lib/page.ts';
import { strings } from '../../strings/index.ts';

export const page: PageDefinition = {
  id: 'alerts',
  order: 20,
  title: strings.alerts.title,
  icon: BellRing,
  key: 'a',
  load: () => import('./Page.tsx'),
  searchKey: 'q',
};
