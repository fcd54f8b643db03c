import { LayoutDashboard } from 'lucide-react';
import type { PageDefinition } from '../../lib/page.ts';
import { strings } from '../../strings/index.ts';

export const page: PageDefinition = {
  id: 'overview',
  order: 10,
  title: strings.overview.title,
  icon: LayoutDashboard,
  key: 'o',
  load: () => import('./Page.tsx'),
};
