import { isoTime } from '../../contract/analysis-document.ts';
import type { AlertStory } from '../../contract/api-alerts.ts';
import type { AttackCatalogue } from '../../contract/attack.ts';
import { jsonText } from '../../contract/text.ts';

export interface ExportContext {
  readonly catalogue: AttackCatalogue;
  /** Of Holdfast. */
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly writtenMs: number;
}

/** What is exported, as a file. */
interface ExportedFile {
  readonly fileName: string;
  readonly mediaType: string;
  readonly text: string;
}

const JSON_INDENT = 2;

/** Stories of alerts as one file, to give to somebody else. */
export async function exportAlerts(
  stories: readonly AlertStory[],
  format: 'json' | 'html',
  context: ExportContext,
): Promise<ExportedFile> {
  const name = stories.length === 1 ? stories[0].alert.id : `${stories.length}-alerts`;
  const fileName = `holdfast-${name.replaceAll(/[^a-z0-9.-]/gi, '-')}.${format}`;
  if (format === 'html') {
    const { renderStories } = await import('./report/index.ts');
    return { fileName, mediaType: 'text/html; charset=utf-8', text: renderStories(stories, context) };
  }
  const document = { holdfast: context.version, exported: isoTime(context.writtenMs), alerts: stories };
  return { fileName, mediaType: 'application/json', text: `${jsonText(document, JSON_INDENT)}\n` };
}
