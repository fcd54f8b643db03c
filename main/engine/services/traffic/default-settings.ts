import { defaultsOf } from '../../runtime/settings.ts';
import type { SectionSource } from './watch.ts';

/** Every setting at its default, without reading any configuration. */
export const DEFAULT_SETTINGS: SectionSource = { section: (_path, table) => defaultsOf(table) };
