import { ScrollText } from 'lucide-react';
import type { PageDefinition } from '../../lib/page.ts';
import { strings } from '../../strings/index.ts';

export const page: PageDefinition = {
  id: 'activity',
  order: 70,
  title: strings.activity.title,
  icon: ScrollText,
  key: 'j',
  load: () => import('./Page.tsx'),
  searchKey: 'q',
  isSecondary: true,
};
