import { plainText } from '../../contract/text.ts';
import { cx } from './cx.ts';

export interface TextProps {
  /** May be an attacker's: controls, invisible and direction-changing characters are written out. */
  readonly children: string;
  readonly maxLength?: number;
  /** One line, cut off with "…"; all of it when pointed at. */
  readonly isOneLine?: boolean;
  readonly isMono?: boolean;
  readonly className?: string;
}

/** Any text that came from outside: names, paths, log lines, host names. */
export function Text({ children, maxLength, isOneLine = false, isMono = false, className }: TextProps) {
  const text = plainText(children, maxLength);
  return (
    <span
      className={cx(isMono && 'font-mono', isOneLine ? 'block truncate' : 'break-words', className)}
      title={isOneLine ? text : undefined}
    >
      {text}
    </span>
  );
}
