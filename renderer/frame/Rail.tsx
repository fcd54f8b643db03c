import { Keyboard, type LucideIcon, Search } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { cx } from '../components/cx.ts';
import { StateMark } from '../components/marks.tsx';
import { Tooltip } from '../components/Tooltip.tsx';
import { linkTo } from '../lib/address.ts';
import { formatCompact } from '../lib/format.ts';
import type { PageDefinition } from '../lib/page.ts';
import { isMac } from '../lib/shortcuts.ts';
import { useStanding } from '../lib/status.ts';
import { pages } from '../pages.ts';
import { strings } from '../strings/index.ts';

export interface RailProps {
  readonly current: string;
  readonly onPalette: () => void;
  readonly onHelp: () => void;
}

/** Left of the page, or below it where the window is narrow: the state, then the pages. */
export function Rail({ current, onPalette, onHelp }: RailProps) {
  const { mark, word, sentence, openAlerts } = useStanding();
  const link = (page: PageDefinition) => (
    <PageLink key={page.id} page={page} isCurrent={page.id === current} count={page.id === 'alerts' ? openAlerts : 0} />
  );
  return (
    <header className="flex w-(--rail-width) shrink-0 flex-col border-r border-line bg-surface max-narrow:w-full max-narrow:flex-row max-narrow:items-stretch max-narrow:border-t max-narrow:border-r-0 print:hidden">
      <Tooltip text={sentence}>
        <a
          href={linkTo(pages[0].id)}
          className="m-2 flex min-h-10 items-center gap-3 rounded-md px-3 py-2 text-ink no-underline hover:bg-hover max-narrow:m-0 max-narrow:shrink-0 max-narrow:rounded-none max-narrow:px-4"
        >
          <StateMark state={mark} size={24} />
          <span role="status" className="leading-tight font-semibold max-narrow:sr-only">
            {word}
          </span>
        </a>
      </Tooltip>
      <nav
        aria-label={strings.frame.pages}
        className="flex min-h-0 flex-1 flex-col gap-0.5 overflow-y-auto px-2 max-narrow:min-w-0 max-narrow:flex-row max-narrow:overflow-x-auto max-narrow:overflow-y-hidden max-narrow:px-0 max-narrow:py-1 max-narrow:[scrollbar-width:none]"
      >
        {pages.filter(({ isSecondary }) => isSecondary !== true).map(link)}
        <div className="mt-auto max-narrow:hidden" />
        {pages.filter(({ isSecondary }) => isSecondary === true).map(link)}
      </nav>
      <button
        type="button"
        aria-label={strings.frame.palette.open}
        onClick={onPalette}
        className="hidden w-12 shrink-0 items-center justify-center text-ink-quiet max-narrow:flex"
      >
        <Search size={16} strokeWidth={1.75} aria-hidden />
      </button>
      <div className="flex flex-col gap-0.5 border-t border-line p-2 max-narrow:hidden">
        <RailButton
          icon={Search}
          label={strings.frame.palette.open}
          keys={isMac ? '⌘K' : 'Ctrl K'}
          onPress={onPalette}
        />
        <RailButton icon={Keyboard} label={strings.frame.shortcuts.short} keys="?" onPress={onHelp} />
      </div>
    </header>
  );
}

interface PageLinkProps {
  readonly page: PageDefinition;
  readonly isCurrent: boolean;
  readonly count: number;
}

function PageLink({ page: { id, title, icon: Icon }, isCurrent, count }: PageLinkProps) {
  const link = useRef<HTMLAnchorElement>(null);
  // On narrow windows the pages are more than there is room for.
  useEffect(() => {
    if (isCurrent) link.current?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [isCurrent]);
  return (
    <a
      ref={link}
      href={linkTo(id)}
      aria-current={isCurrent ? 'page' : undefined}
      className={cx(
        'relative flex h-8 shrink-0 items-center gap-3 rounded-md px-3 no-underline max-narrow:h-12 max-narrow:min-w-16 max-narrow:flex-col max-narrow:justify-center max-narrow:gap-0.5 max-narrow:px-2 max-narrow:text-12',
        isCurrent ? 'bg-selected font-medium text-accent' : 'text-ink-muted hover:bg-hover hover:text-ink',
      )}
    >
      <Icon size={16} strokeWidth={1.75} aria-hidden className="shrink-0" />
      <span className="max-narrow:leading-none">{title}</span>
      {count > 0 && (
        <span className="ml-auto inline-flex h-5 min-w-5 items-center justify-center rounded-full bg-high-soft px-1 text-12 font-medium text-high max-narrow:absolute max-narrow:top-0 max-narrow:right-1 max-narrow:h-4 max-narrow:min-w-4">
          {formatCompact(count)}
          <span className="sr-only"> {strings.frame.openAlerts}</span>
        </span>
      )}
    </a>
  );
}

interface RailButtonProps {
  readonly icon: LucideIcon;
  readonly label: string;
  readonly keys: string;
  readonly onPress: () => void;
}

function RailButton({ icon: Icon, label, keys, onPress }: RailButtonProps) {
  return (
    <button
      type="button"
      onClick={onPress}
      className="flex h-8 items-center gap-3 rounded-md px-3 text-ink-quiet hover:bg-hover hover:text-ink"
    >
      <Icon size={16} strokeWidth={1.75} aria-hidden />
      {label}
      <span aria-hidden className="ml-auto text-12 whitespace-nowrap">
        {keys}
      </span>
    </button>
  );
}
