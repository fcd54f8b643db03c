/** What pages are made of: page, header, cards, lists of names and values. */
import { History } from 'lucide-react';
import { type ReactNode, useId } from 'react';
import { useNow } from '../lib/clock.ts';
import { formatRelative } from '../lib/format.ts';
import { strings } from '../strings/index.ts';
import { cx } from './cx.ts';

export interface PageProps {
  readonly title: string;
  /** One quiet line beside the title: "214 alerts". */
  readonly summary?: ReactNode;
  /** Buttons at the right of the title. */
  readonly actions?: ReactNode;
  /** Filters and the like; stays while the page scrolls. */
  readonly toolbar?: ReactNode;
  /** The page is one list of the full height, which scrolls by itself. */
  readonly isFilling?: boolean;
  /** What is shown is from before: dimmed, with its age. */
  readonly staleSinceMs?: number | null;
  readonly children: ReactNode;
}

export function Page({
  title,
  summary,
  actions,
  toolbar,
  isFilling = false,
  staleSinceMs = null,
  children,
}: PageProps) {
  return (
    <div
      className={cx(
        'mx-auto flex w-full max-w-(--content-width) flex-col px-6 max-narrow:px-4',
        isFilling ? 'h-full min-h-0' : 'pb-8',
      )}
    >
      <header className="flex min-h-14 shrink-0 flex-wrap items-center gap-x-4 gap-y-2 py-3">
        <h1 className="mr-auto flex flex-wrap items-baseline gap-x-3">
          {title}
          {summary !== undefined && <span className="text-13 font-normal text-ink-quiet">{summary}</span>}
        </h1>
        {staleSinceMs !== null && <StaleNote sinceMs={staleSinceMs} />}
        {actions !== undefined && <div className="flex flex-wrap items-center gap-2 print:hidden">{actions}</div>}
      </header>
      {toolbar !== undefined && <div className="shrink-0 pb-3 print:hidden">{toolbar}</div>}
      <div
        className={cx(
          isFilling ? 'flex min-h-0 flex-1 flex-col pb-4' : 'flex flex-col gap-4',
          // Paler, not fainter: what was known last must stay readable.
          staleSinceMs !== null && 'saturate-40',
        )}
      >
        {children}
      </div>
    </div>
  );
}

/** "Last known 25 s ago". */
export function StaleNote({ sinceMs }: { readonly sinceMs: number }) {
  const now = useNow();
  return (
    <span className="inline-flex items-center gap-2 text-12 text-ink-muted">
      <History size={14} strokeWidth={1.75} aria-hidden />
      {strings.common.lastKnown(formatRelative(sinceMs, now))}
    </span>
  );
}

export interface CardProps {
  readonly title?: ReactNode;
  /** At the right of the title. */
  readonly actions?: ReactNode;
  /** No space around the content: for tables and plots. */
  readonly isFlush?: boolean;
  readonly className?: string;
  readonly children: ReactNode;
}

/** A surface with a hairline around it. With a title it is a region of the page. */
export function Card({ title, actions, isFlush = false, className, children }: CardProps) {
  const id = useId();
  return (
    <section
      aria-labelledby={title === undefined ? undefined : id}
      className={cx('flex min-w-0 flex-col rounded-lg border border-line bg-surface shadow-raised', className)}
    >
      {title !== undefined && (
        <div className="flex min-h-11 items-center gap-3 px-4 pt-2">
          <h2 id={id} className="mr-auto min-w-0 break-words">
            {title}
          </h2>
          {actions}
        </div>
      )}
      <div
        className={cx(
          'flex min-h-0 min-w-0 flex-1 flex-col',
          !isFlush && 'px-4 pb-4',
          !isFlush && title === undefined && 'pt-4',
        )}
      >
        {children}
      </div>
    </section>
  );
}

/** A part of a page or drawer without a surface of its own. */
export function Section({
  title,
  actions,
  children,
}: {
  readonly title: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="flex min-w-0 flex-col gap-2">
      <div className="flex min-h-8 items-center gap-3">
        <h3 id={id} className="mr-auto min-w-0 break-words">
          {title}
        </h3>
        {actions}
      </div>
      {children}
    </section>
  );
}

export interface KeyValueRow {
  readonly name: ReactNode;
  readonly value: ReactNode;
}

/** Names and values under each other. */
export function KeyValue({ rows }: { readonly rows: readonly KeyValueRow[] }) {
  return (
    <dl className="grid grid-cols-[fit-content(40%)_minmax(0,1fr)] gap-x-6 gap-y-1">
      {rows.map(({ name, value }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows of one list do not move
        <div key={index} className="contents">
          <dt className="min-w-24 py-1 break-words text-ink-quiet">{name}</dt>
          <dd className="min-w-0 py-1 break-words">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
