import { isoTime } from '../../../../contract/analysis-document.ts';
import type { AlertStory } from '../../../../contract/api-alerts.ts';
import type { AttackCatalogue } from '../../../../contract/attack.ts';
import { formatCount } from '../../../../contract/format.ts';
import { jsonText } from '../../../../contract/text.ts';
import { FailureError } from '../../runtime/failure.ts';

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

/**
 * Longest text: it goes out as one answer (MAX_MESSAGE_BYTES of contract/api-roles.ts), in which every quotation mark
 * takes another byte.
 */
const MAX_TEXT_BYTES = 800_000;

/**
 * Stories of alerts as one file, to give to somebody else.
 *
 * @throws FailureError `export-too-large`
 */
export async function exportAlerts(
  stories: readonly AlertStory[],
  format: 'json' | 'html',
  context: ExportContext,
): Promise<ExportedFile> {
  const name = stories.length === 1 ? stories[0].alert.id : `${stories.length}-alerts`;
  const fileName = `holdfast-${name.replaceAll(/[^a-z0-9.-]/gi, '-')}.${format}`;
  const text = format === 'html' ? await page(stories, context) : document(stories, context);
  if (Buffer.byteLength(JSON.stringify(text)) > MAX_TEXT_BYTES) {
    throw new FailureError({
      code: 'export-too-large',
      message: `${formatCount(stories.length, 'alert')} with all that is known about them are more than one file may hold.`,
      hint: 'Export fewer at once.',
    });
  }
  return { fileName, mediaType: MEDIA_TYPES[format], text };
}

const MEDIA_TYPES = { html: 'text/html; charset=utf-8', json: 'application/json' } as const;

async function page(stories: readonly AlertStory[], context: ExportContext): Promise<string> {
  const { renderStories } = await import('../../report/index.ts');
  return renderStories(stories, context);
}

/** One alert a line: easy to search, and small. */
function document(stories: readonly AlertStory[], { version, writtenMs }: ExportContext): string {
  const head = `"holdfast":${jsonText(version)},"exported":${jsonText(isoTime(writtenMs))}`;
  return `{${head},"alerts":[\n${stories.map((story) => jsonText(story)).join(',\n')}\n]}\n`;
}
