import { Telescope } from 'lucide-react';
import type { PageDefinition } from '../../lib/page.ts';
import { strings } from '../../strings/index.ts';

export const page: PageDefinition = {
  id: 'hunt',
  order: 40,
  title: strings.hunt.title,
  icon: Telescope,
  key: 'h',
  load: () => import('./Page.tsx'),
};
