import { ExternalLink } from 'lucide-react';
import type { ReactNode } from 'react';
import { desktop } from '../lib/bridge.ts';
import { referenceOf } from '../lib/reference.ts';
import { useCommand } from '../lib/use-command.ts';
import { strings } from '../strings/index.ts';

const LINK = 'inline-flex items-center gap-1 text-accent';

/**
 * What ATT&CK writes about a technique. In the desktop app the shell opens the system's browser, by the id alone: the
 * window goes nowhere. An id that is none is only text.
 */
export function TechniqueLink({ id, children }: { readonly id: string; readonly children: ReactNode }) {
  const open = useCommand('shell.links.open');
  const href = referenceOf(id);
  if (href === null) return children;
  const content = (
    <>
      {children}
      <span className="sr-only"> {strings.common.atMitre}</span>
      <ExternalLink size={12} aria-hidden />
    </>
  );
  return desktop === undefined ? (
    <a href={href} target="_blank" rel="noreferrer" className={LINK}>
      {content}
    </a>
  ) : (
    <button type="button" className={LINK} onClick={() => void open.run({ link: 'attack-technique', id })}>
      {content}
    </button>
  );
}
