import { Activity, Check, CircleSlash, GraduationCap, type LucideIcon, TriangleAlert } from 'lucide-react';
import type { LearningState } from '../../contract/models.ts';
import { strings } from '../strings/index.ts';
import { cx } from './cx.ts';

const MARKS: Readonly<Record<LearningState, { readonly icon: LucideIcon; readonly tone: string }>> = {
  off: { icon: CircleSlash, tone: 'text-ink-quiet' },
  learning: { icon: GraduationCap, tone: 'text-accent' },
  training: { icon: Activity, tone: 'text-accent' },
  ready: { icon: Check, tone: 'text-ink-muted' },
  drifted: { icon: TriangleAlert, tone: 'text-medium' },
};

/** How far a table has got: a sign and a word. */
export function StateWord({ state }: { readonly state: LearningState }) {
  const { icon: Icon, tone } = MARKS[state];
  return (
    <span className={cx('inline-flex items-center gap-2 font-medium', tone)}>
      <Icon size={16} strokeWidth={1.75} aria-hidden />
      {strings.models.states[state]}
    </span>
  );
}
