import { Activity, Cpu, type LucideIcon, User } from 'lucide-react';
import { useState } from 'react';
import type { AlertStory } from '../../../../contract/api-alerts.ts';
import { Button } from '../../../components/Button.tsx';
import { cx } from '../../../components/cx.ts';
import { Section } from '../../../components/layout.tsx';
import { Text } from '../../../components/Text.tsx';
import { formatCount, formatDay, formatExact, formatTime } from '../../../lib/format.ts';
import { strings } from '../../../strings/index.ts';

const words = strings.alerts.story;
type Moment = AlertStory['timeline'][number];

/** As many as are read at a glance; the rest comes when asked for. */
const SHOWN = 8;

const MARKS: Readonly<Record<Moment['who'], { readonly icon: LucideIcon; readonly tone: string }>> = {
  activity: { icon: Activity, tone: 'border-line-strong text-ink-muted' },
  engine: { icon: Cpu, tone: 'border-line-strong text-ink-quiet' },
  person: { icon: User, tone: 'border-accent text-accent' },
};

/** Moments below each other on one line of time, each with who it comes from. */
export function Timeline({ moments }: { readonly moments: readonly Moment[] }) {
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? moments : moments.slice(0, SHOWN);
  return (
    <Section title={words.timeline}>
      <ol className="flex flex-col">
        {shown.map((moment, index) => (
          <MomentRow
            // biome-ignore lint/suspicious/noArrayIndexKey: two moments may be alike in everything
            key={index}
            moment={moment}
            before={shown[index - 1]}
            isLast={index === shown.length - 1}
          />
        ))}
      </ol>
      {shown.length < moments.length && (
        <div>
          <Button kind="link" className="-ml-3" onClick={() => setWhole(true)}>
            {words.showMoments(formatCount(moments.length))}
          </Button>
        </div>
      )}
    </Section>
  );
}

interface MomentRowProps {
  readonly moment: Moment;
  readonly before: Moment | undefined;
  readonly isLast: boolean;
}

function MomentRow({ moment: { timeMs, who, text }, before, isLast }: MomentRowProps) {
  const { icon: Icon, tone } = MARKS[who];
  const day = formatDay(timeMs);
  const isNewDay = before === undefined || formatDay(before.timeMs) !== day;
  return (
    <>
      {isNewDay && (
        <li className="grid grid-cols-[64px_20px_minmax(0,1fr)] gap-x-3">
          <span className="col-start-3 pb-1 text-12 text-ink-quiet">{day}</span>
        </li>
      )}
      <li className="grid grid-cols-[64px_20px_minmax(0,1fr)] gap-x-3">
        <time title={formatExact(timeMs)} className="text-right font-mono text-ink-quiet">
          {formatTime(timeMs)}
        </time>
        <span className="relative flex justify-center">
          {!isLast && <span aria-hidden className="absolute top-5 bottom-0 w-px bg-line-strong" />}
          <span className={cx('flex size-5 items-center justify-center rounded-full border bg-surface', tone)}>
            <Icon size={12} strokeWidth={1.75} aria-hidden />
          </span>
        </span>
        <span className={cx(!isLast && 'pb-3', who === 'engine' && 'text-ink-muted')}>
          <span className="sr-only">{words.who[who]}: </span>
          <Text maxLength={600}>{text}</Text>
        </span>
      </li>
    </>
  );
}
