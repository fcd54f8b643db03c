/** Who started a process, and whom it started. */
import { useState } from 'react';
import type { ProcessDetail, ProcessRow } from '../../../contract/api-processes.ts';
import { plainText } from '../../../contract/text.ts';
import { Button } from '../../components/Button.tsx';
import { Section } from '../../components/layout.tsx';
import { SeverityMark } from '../../components/marks.tsx';
import { formatCount } from '../../lib/format.ts';
import { linkToProcess, processItem } from '../../lib/process-link.ts';
import { strings } from '../../strings/index.ts';
import { ProgramName } from './ProgramName.tsx';
import { argumentsOf } from './process-list.ts';

const words = strings.processes.drawer;
/** Steps to the right that are drawn; deeper ones stand below each other. */
const MAX_INDENT = 8;
const INDENT_PX = 12;
/** As many as are read at a glance; the rest comes when asked for. */
const SHOWN = 8;

/** From the first program down to this one. */
export function Lineage({ detail: { process, lineage } }: { readonly detail: ProcessDetail }) {
  const above = lineage.toReversed();
  return (
    <Section title={words.lineage}>
      {above.length === 0 && <p className="text-ink-quiet">{words.lineageTop}</p>}
      {above.length > 0 && (
        <ul className="flex flex-col">
          {above.map((row, depth) => (
            <Line key={processItem(row)} row={row} depth={depth} />
          ))}
          <li
            className="flex h-8 items-center gap-2"
            style={{ paddingLeft: Math.min(above.length, MAX_INDENT) * INDENT_PX }}
          >
            <ProgramName process={process} className="font-medium" />
            <span className="font-mono text-12 text-ink-quiet">{process.pid}</span>
            <span className="text-12 text-ink-quiet">{words.thisOne}</span>
          </li>
        </ul>
      )}
    </Section>
  );
}

export function Children({ detail: { children, childCount } }: { readonly detail: ProcessDetail }) {
  const [isWhole, setWhole] = useState(false);
  if (children.length === 0) return null;
  const shown = isWhole ? children : children.slice(0, SHOWN);
  return (
    <Section title={`${words.children} (${formatCount(childCount)})`}>
      <ul className="flex flex-col">
        {shown.map((row) => (
          <Line key={processItem(row)} row={row} depth={0} />
        ))}
      </ul>
      {shown.length < children.length && (
        <div>
          <Button kind="link" className="-ml-3" onClick={() => setWhole(true)}>
            {words.showAll(formatCount(children.length))}
          </Button>
        </div>
      )}
      {isWhole && children.length < childCount && (
        <p className="text-12 text-ink-quiet">{words.newest(formatCount(children.length), formatCount(childCount))}</p>
      )}
    </Section>
  );
}

function Line({ row, depth }: { readonly row: ProcessRow; readonly depth: number }) {
  const rest = plainText(argumentsOf(row));
  return (
    <li className="flex h-8 items-center gap-2" style={{ paddingLeft: Math.min(depth, MAX_INDENT) * INDENT_PX }}>
      <a href={linkToProcess(row)} className="flex max-w-[50%] shrink-0 text-accent">
        <ProgramName process={row} />
      </a>
      <span className="shrink-0 font-mono text-12 text-ink-quiet">{row.pid}</span>
      {row.risk !== null && <SeverityMark severity={row.risk} isShort />}
      <span className="min-w-0 flex-1 truncate font-mono text-12 text-ink-quiet" title={plainText(row.commandLine)}>
        {rest}
      </span>
      <span className="max-w-24 shrink-0 truncate text-12 text-ink-quiet">
        {row.memoryBytes === null ? strings.processes.ended : plainText(row.user)}
      </span>
    </li>
  );
}
