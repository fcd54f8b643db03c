import { plainText } from '../../../contract/text.ts';
import { cx } from '../../components/cx.ts';
import { type NamedProcess, otherName } from './process-list.ts';

export interface ProgramNameProps {
  readonly process: NamedProcess;
  readonly className?: string;
}

/** What a process calls itself, and which program it is where that is something else. */
export function ProgramName({ process, className }: ProgramNameProps) {
  const other = otherName(process);
  return (
    <span className={cx('truncate', className)} title={plainText(process.image)}>
      {plainText(process.name)}
      {other !== '' && <span className="text-ink-quiet"> ({plainText(other)})</span>}
    </span>
  );
}
