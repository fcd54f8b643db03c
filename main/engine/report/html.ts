import { plainText } from '../../../contract/text.ts';

/** HTML that was built here and is safe to write as it is. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type HtmlValue = Markup | string | number | undefined | readonly HtmlValue[];

/** Longest text of one value; longer than any text that an alert can carry. */
const MAX_TEXT = 4_000;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for an element or a quoted attribute; control and direction-changing characters are made visible. */
export function escapeHtml(text: string): string {
  return plainText(text, MAX_TEXT).replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/** A template whose values are escaped unless they are markup. Lists are joined, undefined is nothing. */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Markup {
  const pieces = parts.flatMap((part, index) => (index === 0 ? [part] : [written(values[index - 1]), part]));
  return new Markup(pieces.join(''));
}

function written(value: HtmlValue): string {
  if (value === undefined) return '';
  if (value instanceof Markup) return value.text;
  if (typeof value === 'string') return escapeHtml(value);
  if (typeof value === 'number') return String(value);
  return value.map(written).join('');
}
