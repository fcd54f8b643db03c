/** The files that this window sends: progress, rate, time left, cancel. */
import { CircleAlert, X } from 'lucide-react';
import { IconButton } from '../../components/Button.tsx';
import { Card } from '../../components/layout.tsx';
import { Progress } from '../../components/Progress.tsx';
import { Text } from '../../components/Text.tsx';
import { formatByteRate, formatBytes, formatDuration } from '../../lib/format.ts';
import { strings } from '../../strings/index.ts';
import { shortName } from './actions.ts';
import { timeLeftMs } from './rate.ts';
import { cancelUpload, type Upload, useUploads } from './uploads.ts';

const words = strings.captures.sending;

export function Uploads() {
  const uploads = useUploads((state) => state.uploads);
  if (uploads.length === 0) return null;
  return (
    <Card title={words.title} className="shrink-0">
      <ul className="flex max-h-64 flex-col divide-y divide-line overflow-y-auto">
        {uploads.map((upload) => (
          <UploadRow key={upload.key} upload={upload} />
        ))}
      </ul>
    </Card>
  );
}

function UploadRow({ upload }: { readonly upload: Upload }) {
  const { key, name, state, sentBytes, sizeBytes, failure } = upload;
  const isFailed = state === 'failed';
  return (
    <li className="flex items-center gap-4 py-2">
      <div className="min-w-0 flex-1">
        <div className="flex flex-wrap items-baseline gap-x-4">
          <Text isOneLine className="min-w-0 flex-1 basis-40 font-medium">
            {name}
          </Text>
          <span className="text-12 text-ink-quiet">{isFailed ? formatBytes(sizeBytes) : lineOf(upload)}</span>
        </div>
        {isFailed ? (
          <p role="alert" className="flex items-start gap-2 pt-1 text-ink-muted">
            <CircleAlert size={16} strokeWidth={1.75} aria-hidden className="mt-0.5 shrink-0 text-critical" />
            <Text>{failure === null ? '' : `${failure.message} ${failure.hint}`}</Text>
          </p>
        ) : (
          <div className="pt-2">
            <Progress value={sizeBytes === 0 ? null : sentBytes / sizeBytes} label={words.progress(shortName(name))} />
          </div>
        )}
      </div>
      <IconButton
        icon={X}
        label={isFailed ? words.dismiss(shortName(name)) : words.cancel(shortName(name))}
        onClick={() => cancelUpload(key)}
      />
    </li>
  );
}

function lineOf({ state, sentBytes, sizeBytes, bytesPerSecond }: Upload): string {
  switch (state) {
    case 'queued':
      return words.queued;
    case 'beginning':
      return words.begins;
    case 'no-link':
      return words.noLink;
    case 'no-place':
      return words.noPlace;
    default: {
      const left = timeLeftMs(sizeBytes - sentBytes, bytesPerSecond);
      return [
        words.sent(formatBytes(sentBytes), formatBytes(sizeBytes)),
        ...(bytesPerSecond === null ? [] : [formatByteRate(bytesPerSecond)]),
        ...(left === null ? [] : [words.left(formatDuration(Math.max(1_000, left)))]),
      ].join(' · ');
    }
  }
}
