import { GraduationCap } from 'lucide-react';
import type { PageDefinition } from '../../lib/page.ts';
import { strings } from '../../strings/index.ts';

export const page: PageDefinition = {
  id: 'models',
  order: 60,
  title: strings.models.title,
  icon: GraduationCap,
  key: 'm',
  load: () => import('./Page.tsx'),
};
