import { Check, Copy } from 'lucide-react';
import { useState } from 'react';
import { plainText } from '../../contract/text.ts';
import { announce } from '../lib/announce.ts';
import { toast } from '../lib/toasts.ts';
import { strings } from '../strings/index.ts';
import { cx } from './cx.ts';

export interface AddressProps {
  /** An IP or MAC address, a host name, a hash. */
  readonly children: string;
  readonly port?: number;
  readonly canCopy?: boolean;
  readonly className?: string;
}

const LONGEST_ADDRESS = 256;
const SHOW_COPIED_MS = 1_500;

/** An address in monospace, with its port: "10.0.0.5:22", "[::1]:22". Can be copied with a button beside it. */
export function Address({ children, port = 0, canCopy = false, className }: AddressProps) {
  const host = plainText(children, LONGEST_ADDRESS);
  const text = port === 0 ? host : host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return (
    <span className={cx('group/address inline-flex max-w-full min-w-0 items-center gap-1 align-bottom', className)}>
      <span className="truncate font-mono" title={text}>
        {text}
      </span>
      {canCopy && <CopyButton text={text} />}
    </span>
  );
}

/** Small, and seen when what it stands beside is pointed at or it has the focus. */
export function CopyButton({ text }: { readonly text: string }) {
  const [isCopied, setCopied] = useState(false);
  const Icon = isCopied ? Check : Copy;
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      toast({ tone: 'failure', message: strings.common.copyFailed });
      return;
    }
    announce(strings.common.copied);
    setCopied(true);
    setTimeout(() => setCopied(false), SHOW_COPIED_MS);
  };
  return (
    <button
      type="button"
      aria-label={`${strings.common.copy} ${text}`}
      onClick={(event) => {
        event.stopPropagation();
        void copy();
      }}
      className="-my-0.5 inline-flex size-6 shrink-0 items-center justify-center rounded-sm text-ink-quiet opacity-0 group-focus-within/address:opacity-100 group-hover/address:opacity-100 hover:bg-hover hover:text-ink focus-visible:opacity-100"
    >
      <Icon size={14} strokeWidth={1.75} aria-hidden />
    </button>
  );
}
