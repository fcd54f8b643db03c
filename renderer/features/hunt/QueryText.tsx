import { cx } from '../../components/cx.ts';
import { segmentsOf } from './segments.ts';
import { TOKEN_COLORS } from './token-colors.ts';

/** A query as it is read: coloured, in monospace. */
export function QueryText({ children, className }: { readonly children: string; readonly className?: string }) {
  return (
    <code className={cx('break-words', className)}>
      {segmentsOf(children, []).map(({ start, text, kind }) => (
        <span key={start} className={kind === null ? undefined : TOKEN_COLORS[kind]}>
          {text}
        </span>
      ))}
    </code>
  );
}
