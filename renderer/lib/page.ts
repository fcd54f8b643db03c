/** What a page tells the frame of itself. A page is a folder in features/ with a `page.ts` that exports one. */
import type { LucideIcon } from 'lucide-react';
import type { ComponentType } from 'react';
import type { Command } from './commands.ts';

export interface PageDefinition {
  /** In the address: "alerts". */
  readonly id: string;
  /** Place in the rail; the lowest is shown first. */
  readonly order: number;
  readonly title: string;
  readonly icon: LucideIcon;
  /** The letter after `g`: "a" for `g a`. */
  readonly key: string;
  readonly load: () => Promise<{ readonly default: ComponentType }>;
  /** Always in the palette; what depends on the open page goes through `usePageCommands`. */
  readonly commands?: readonly Command[];
  /** The palette offers "Search Alerts for …": the words go into this key of the page's query. */
  readonly searchKey?: string;
  /** At the bottom of the rail. */
  readonly isSecondary?: boolean;
}
