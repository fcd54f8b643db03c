/** What is shown where there is nothing to show: empty, loading, failed, learning, not allowed. */
import { CircleAlert, GraduationCap, Info, Lock, type LucideIcon, RotateCw } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Failure } from '../../contract/domain.ts';
import { plainText } from '../../contract/text.ts';
import { strings } from '../strings/index.ts';
import { Button } from './Button.tsx';
import { cx } from './cx.ts';
import { Text } from './Text.tsx';

interface StateProps {
  /** What is so, in one sentence. */
  readonly title: string;
  /** What would appear here and when, or what to do. */
  readonly children?: ReactNode;
  readonly action?: ReactNode;
  readonly icon?: LucideIcon;
}

export function EmptyState({ title, children, action, icon: Icon }: StateProps) {
  return (
    <div className="flex flex-1 flex-col items-center justify-center gap-2 px-6 py-10 text-center">
      {Icon !== undefined && <Icon size={24} strokeWidth={1.5} className="mb-1 text-ink-quiet" aria-hidden />}
      <p className="text-15 font-medium">{title}</p>
      {children !== undefined && <div className="max-w-120 text-ink-muted">{children}</div>}
      {action !== undefined && <div className="mt-2 flex flex-wrap justify-center gap-2">{action}</div>}
    </div>
  );
}

/** Grey bars where lines will be, as high as they will be. They appear only when it takes a moment. */
export function LoadingState({ rows = 6 }: { readonly rows?: number }) {
  return (
    <div role="status" className="delayed flex flex-col">
      <span className="sr-only">{strings.common.loading}</span>
      {Array.from({ length: rows }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: bars are all alike
        <div key={index} aria-hidden className="flex h-(--row-height) items-center">
          <span className={cx('h-3 rounded-sm bg-sunken', ['w-11/12', 'w-3/4', 'w-5/6', 'w-2/3'][index % 4])} />
        </div>
      ))}
    </div>
  );
}

export function FailureState({ failure, onRetry }: { readonly failure: Failure; readonly onRetry?: () => void }) {
  return (
    <EmptyState
      icon={CircleAlert}
      title={plainText(failure.message)}
      action={
        onRetry && (
          <Button icon={RotateCw} onClick={onRetry}>
            {strings.common.retry}
          </Button>
        )
      }
    >
      <Text>{failure.hint}</Text>
    </EmptyState>
  );
}

export type NoticeKind = 'info' | 'learning' | 'no-privilege' | 'warning' | 'failure';

const NOTICES: Readonly<
  Record<NoticeKind, { readonly icon: LucideIcon; readonly tone: string; readonly iconTone: string }>
> = {
  info: { icon: Info, tone: 'border-line bg-sunken', iconTone: 'text-ink-quiet' },
  learning: { icon: GraduationCap, tone: 'border-line bg-sunken', iconTone: 'text-accent' },
  'no-privilege': { icon: Lock, tone: 'border-line bg-medium-soft', iconTone: 'text-medium' },
  warning: { icon: CircleAlert, tone: 'border-line bg-medium-soft', iconTone: 'text-medium' },
  failure: { icon: CircleAlert, tone: 'border-line bg-critical-soft', iconTone: 'text-critical' },
};

export interface NoticeProps {
  readonly kind: NoticeKind;
  readonly title?: string;
  readonly children: ReactNode;
  readonly action?: ReactNode;
}

/** A line within a page that says what limits it. */
export function Notice({ kind, title, children, action }: NoticeProps) {
  const { icon: Icon, tone, iconTone } = NOTICES[kind];
  return (
    <div
      role={kind === 'failure' ? 'alert' : 'note'}
      className={cx('flex flex-wrap items-start gap-x-3 gap-y-2 rounded-md border px-3 py-2', tone)}
    >
      <Icon size={16} strokeWidth={1.75} className={cx('mt-0.5 shrink-0', iconTone)} aria-hidden />
      <div className="min-w-0 flex-1 basis-60">
        {title !== undefined && <p className="font-medium">{title}</p>}
        <div className="text-ink-muted">{children}</div>
      </div>
      {action !== undefined && <div className="flex flex-wrap gap-2">{action}</div>}
    </div>
  );
}
