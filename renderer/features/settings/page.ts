import { SlidersHorizontal } from 'lucide-react';
import type { PageDefinition } from '../../lib/page.ts';
import { strings } from '../../strings/index.ts';

export const page: PageDefinition = {
  id: 'settings',
  order: 90,
  title: strings.settings.title,
  icon: SlidersHorizontal,
  key: 's',
  load: () => import('./Page.tsx'),
  searchKey: 'q',
  isSecondary: true,
};
