/** Files that a process made, wrote, renamed, removed or executed, with their times. */
import { useState } from 'react';
import type { ProcessDetail } from '../../../contract/api-processes.ts';
import { Button } from '../../components/Button.tsx';
import { Section } from '../../components/layout.tsx';
import { Text } from '../../components/Text.tsx';
import { formatCount, formatExact, formatTime } from '../../lib/format.ts';
import { strings } from '../../strings/index.ts';

const words = strings.processes.drawer;
const SHOWN = 10;
const MAX_PATH = 4_096;

export function TouchedFiles({ detail: { files, fileCount } }: { readonly detail: ProcessDetail }) {
  const [isWhole, setWhole] = useState(false);
  if (files.length === 0) return null;
  const shown = isWhole ? files : files.slice(0, SHOWN);
  return (
    <Section title={`${words.files} (${formatCount(fileCount)})`}>
      <ul className="flex flex-col gap-1">
        {shown.map(({ timeMs, path, action, previousPath }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the same file may be written twice in a millisecond
          <li key={`${index} ${timeMs} ${path}`} className="grid grid-cols-[64px_72px_minmax(0,1fr)] gap-x-2">
            <time className="font-mono text-ink-quiet" title={formatExact(timeMs)}>
              {formatTime(timeMs)}
            </time>
            <span className="text-ink-muted">{words.actions[action]}</span>
            <span className="font-mono break-all">
              <Text maxLength={MAX_PATH}>{path}</Text>
              {previousPath !== '' && (
                <span className="text-ink-quiet">
                  {' '}
                  <span className="font-sans">{words.renamedFrom}</span>{' '}
                  <Text maxLength={MAX_PATH}>{previousPath}</Text>
                </span>
              )}
            </span>
          </li>
        ))}
      </ul>
      {shown.length < files.length && (
        <div>
          <Button kind="link" className="-ml-3" onClick={() => setWhole(true)}>
            {words.showAll(formatCount(files.length))}
          </Button>
        </div>
      )}
    </Section>
  );
}
