/** Every page there is: each folder in features/ with a `page.ts`. A new page is one new folder. */
import type { PageDefinition } from './lib/page.ts';

const modules = import.meta.glob<{ readonly page: PageDefinition }>('./features/*/page.ts', { eager: true });

export const pages: readonly PageDefinition[] = Object.values(modules)
  .map(({ page }) => page)
  .sort((a, b) => a.order - b.order);

/** The page that an address means; undefined where there is none of that name. */
export function pageOf(id: string): PageDefinition | undefined {
  return id === '' ? pages[0] : pages.find((page) => page.id === id);
}
