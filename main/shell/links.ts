/** Pages in the browser that the app can open: the window names one, the address is made here. Pure. */
import { type Link, PROJECT_PAGES, type ShellInfo } from '../../contract/shell-schemas.ts';

/** What package.json names; left out where the build has none. */
export interface ProjectPages {
  readonly homepage?: string;
  readonly bugs?: { readonly url?: string };
}

const ATTACK = 'https://attack.mitre.org/techniques';

/** An https address; undefined where this build names none. */
export function linkAddress(link: Link, pages: ProjectPages): string | undefined {
  const address = addressOf(link, pages);
  return address?.startsWith('https://') ? address : undefined;
}

/** The project's pages that this build names, so that no button leads nowhere. */
export function knownPages(pages: ProjectPages): ShellInfo['pages'] {
  return PROJECT_PAGES.filter((link) => linkAddress({ link }, pages) !== undefined);
}

function addressOf(link: Link, pages: ProjectPages): string | undefined {
  switch (link.link) {
    case 'attack-technique':
      // MITRE writes a sub-technique as a folder: T1110.001 is T1110/001.
      return `${ATTACK}/${link.id.replace('.', '/')}/`;
    case 'documentation':
      return pages.homepage;
    case 'report-a-problem':
      return pages.bugs?.url;
  }
}
