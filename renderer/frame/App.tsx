import { useEffect, useState } from 'react';
import { ConfirmHost } from '../components/Confirm.tsx';
import { TooltipProvider } from '../components/Tooltip.tsx';
import { useAnnouncement } from '../lib/announce.ts';
import { desktop } from '../lib/bridge.ts';
import { watch } from '../lib/client.ts';
import { listenForShortcuts, useShortcuts } from '../lib/shortcuts.ts';
import { useStatusUpdates } from '../lib/status.ts';
import { navigate, useAddress } from '../lib/use-address.ts';
import { pageOf, pages } from '../pages.ts';
import { strings } from '../strings/index.ts';
import { FileDrop } from './FileDrop.tsx';
import { LinkBar } from './LinkBar.tsx';
import { PageHost } from './PageHost.tsx';
import { Palette } from './Palette.tsx';
import { Rail } from './Rail.tsx';
import { ShortcutHelp } from './ShortcutHelp.tsx';
import { Toaster } from './Toaster.tsx';

/** Long enough not to flicker past while the pointer crosses a row of buttons. */
const TOOLTIP_DELAY_MS = 400;

const MAIN_ID = 'page';

export function App() {
  const address = useAddress();
  const page = pageOf(address.page);
  const [dialog, setDialog] = useState<'palette' | 'help' | null>(null);
  const close = (): void => setDialog(null);

  useStatusUpdates();
  useEffect(listenForShortcuts, []);
  useEffect(() => {
    document.title = page === undefined ? strings.common.product : `${page.title} – ${strings.common.product}`;
  }, [page]);
  useEffect(() => {
    if (desktop === undefined) return;
    return watch('shell.navigate.watch', {}, { onItem: ({ address: to }) => navigate(to) });
  }, []);

  const { groups, palette, help } = strings.frame.shortcuts;
  useShortcuts([
    { keys: 'mod+k', title: palette, group: groups.general, run: () => setDialog('palette') },
    { keys: '?', title: help, group: groups.general, run: () => setDialog('help') },
    ...pages.map(({ id, key, title }) => ({
      keys: `g ${key}`,
      title,
      group: groups.pages,
      run: () => navigate({ page: id, item: null, query: {} }),
    })),
  ]);

  return (
    <TooltipProvider delayDuration={TOOLTIP_DELAY_MS}>
      <a
        href={`#${MAIN_ID}`}
        onClick={(event) => {
          // The hash is the page's address: this link only moves the focus.
          event.preventDefault();
          document.getElementById(MAIN_ID)?.focus();
        }}
        className="sr-only z-50 rounded-md bg-accent-fill px-3 py-2 text-on-accent focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        {strings.frame.skip}
      </a>
      <div className="flex h-full min-h-0 flex-col">
        <LinkBar />
        <div className="flex min-h-0 flex-1 max-narrow:flex-col-reverse">
          <Rail current={page?.id ?? ''} onPalette={() => setDialog('palette')} onHelp={() => setDialog('help')} />
          <main id={MAIN_ID} tabIndex={-1} className="relative min-h-0 min-w-0 flex-1 overflow-y-auto outline-none">
            <PageHost page={page} id={address.page} />
          </main>
        </div>
      </div>
      {dialog === 'palette' && <Palette onClose={close} onHelp={() => setDialog('help')} />}
      {dialog === 'help' && <ShortcutHelp onClose={close} />}
      <ConfirmHost />
      <FileDrop />
      <Toaster />
      <Announcer />
    </TooltipProvider>
  );
}

function Announcer() {
  const { text, count } = useAnnouncement();
  return (
    <div aria-live="polite" className="sr-only">
      {/* Another element, so that the same words are said again. */}
      <span key={count}>{text}</span>
    </div>
  );
}
