import { useState } from 'react';
import type { AlertRecord } from '../../../../contract/api-schemas.ts';
import { type TreeRow, treeRows } from '../../../../contract/process-tree.ts';
import { Button } from '../../../components/Button.tsx';
import { cx } from '../../../components/cx.ts';
import { Section } from '../../../components/layout.tsx';
import { Text } from '../../../components/Text.tsx';
import { linkTo } from '../../../lib/address.ts';
import { formatCount, formatExact } from '../../../lib/format.ts';
import { strings } from '../../../strings/index.ts';
import { LIVE } from '../filters.ts';

const words = strings.alerts.story;
/** As many as are read at a glance; the rest comes when asked for. */
const SHOWN_FILES = 8;
/** Steps to the right that are drawn; deeper ones stand below each other. */
const MAX_INDENT = 8;
const INDENT_PX = 16;

/** The programs of the story, each below the one that started it. */
export function ProcessTree({ alert }: { readonly alert: AlertRecord }) {
  const rows = treeRows(alert.processes ?? []);
  if (rows.length === 0) return null;
  return (
    <Section title={words.processes}>
      <ul className="flex flex-col divide-y divide-line border-y border-line">
        {rows.map((row) => (
          <ProcessLine key={`${row.process.pid} ${row.process.startedMs}`} row={row} isLive={alert.source === LIVE} />
        ))}
      </ul>
    </Section>
  );
}

function ProcessLine({ row: { process, depth, isLeaf }, isLive }: { readonly row: TreeRow; readonly isLive: boolean }) {
  const { pid, startedMs, image, commandLine, user } = process;
  const name = image.slice(image.lastIndexOf('/') + 1) || words.unknownProgram;
  const item = startedMs === undefined ? String(pid) : `${pid}-${Math.round(startedMs)}`;
  return (
    <li
      className="flex flex-col gap-0.5 py-2"
      style={{ paddingLeft: Math.min(depth, MAX_INDENT) * INDENT_PX }}
      title={startedMs === undefined ? undefined : words.startedAt(formatExact(startedMs))}
    >
      <span className="flex flex-wrap items-baseline gap-x-3">
        <span className={cx(isLeaf && 'font-medium')}>
          {isLive ? (
            <a href={linkTo('processes', item, {})} className="text-accent">
              <Text>{name}</Text>
            </a>
          ) : (
            <Text>{name}</Text>
          )}
        </span>
        <span className="font-mono text-12 text-ink-quiet">{pid}</span>
        {user !== undefined && (
          <span className="text-12 text-ink-quiet">
            <Text>{user}</Text>
          </span>
        )}
      </span>
      {commandLine !== '' && (
        <span className="break-all font-mono text-12 text-ink-muted">
          <Text maxLength={400}>{commandLine}</Text>
        </span>
      )}
    </li>
  );
}

/** The files of the story, those that tell most first. */
export function StoryFiles({ alert: { files = [] } }: { readonly alert: AlertRecord }) {
  const [isWhole, setWhole] = useState(false);
  if (files.length === 0) return null;
  const shown = isWhole ? files : files.slice(0, SHOWN_FILES);
  return (
    <Section title={words.files}>
      <ul className="flex flex-col gap-1">
        {shown.map(({ path }) => (
          <li key={path} className="break-all font-mono">
            <Text maxLength={400}>{path}</Text>
          </li>
        ))}
      </ul>
      {shown.length < files.length && (
        <div>
          <Button kind="link" className="-ml-3" onClick={() => setWhole(true)}>
            {words.showHosts(formatCount(files.length))}
          </Button>
        </div>
      )}
    </Section>
  );
}
