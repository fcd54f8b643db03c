import type { Severity } from '../../../contract/domain.ts';

/**
 * What colours are for: severities, one accent, green for "protected", and quiet for what is read second.
 * The 256-colour palette, so that they look alike in every terminal theme; bold stays the terminal's own.
 */
const STYLES = {
  bold: '1',
  quiet: '2',
  accent: '38;5;75',
  protected: '38;5;71',
  info: '38;5;246',
  low: '38;5;110',
  medium: '38;5;178',
  high: '38;5;208',
  critical: '1;38;5;203',
} as const satisfies Record<string, string>;
export type Style = keyof typeof STYLES;

/** Puts text in a style, or leaves it alone where there are no colours. */
export type Paint = (style: Style, text: string) => string;

export function paintFor(hasColor: boolean): Paint {
  return hasColor
    ? (style, text) => (text === '' ? '' : `\x1b[${STYLES[style]}m${text}\x1b[0m`)
    : (_style, text) => text;
}

/** One shape for each severity, so that it can be told without its colour. All are one column wide. */
export const SEVERITY_SHAPES: Readonly<Record<Severity, string>> = {
  info: '○',
  low: '●',
  medium: '◆',
  high: '▲',
  critical: '■',
};

/** "▲ HIGH" in the colour of the severity. */
export function severityLabel(paint: Paint, severity: Severity): string {
  return paint(severity, `${SEVERITY_SHAPES[severity]} ${severity.toUpperCase()}`);
}
