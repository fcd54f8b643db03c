import { HeartPulse } from 'lucide-react';
import type { PageDefinition } from '../../lib/page.ts';
import { strings } from '../../strings/index.ts';

export const page: PageDefinition = {
  id: 'health',
  order: 80,
  title: strings.health.title,
  icon: HeartPulse,
  key: 'e',
  load: () => import('./Page.tsx'),
  isSecondary: true,
};
