import { plainText } from '../../../contract/text.ts';
import { cx } from '../../components/cx.ts';
import { type NamedProcess, otherName } from './process-list.ts';

export interface ProgramNameProps {
  readonly process: NamedProcess;
  /** In as many lines as it takes. */
  readonly isWhole?: boolean;
  readonly className?: string;
}

/** What a process calls itself, and which program it is where that is something else. */
export function ProgramName({ process, isWhole = false, className }: ProgramNameProps) {
  const other = otherName(process);
  return (
    <span className={cx(isWhole ? 'break-words' : 'truncate', className)} title={plainText(process.image)}>
      {plainText(process.name)}
      {other !== '' && <span className="text-ink-quiet"> ({plainText(other)})</span>}
    </span>
  );
}
