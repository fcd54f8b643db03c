/** Marks that say something by shape, colour and word together; never by colour alone. */
import type { ReactNode } from 'react';
import type { HealthState, Severity } from '../../contract/domain.ts';
import type { MarkState } from '../lib/status.ts';
import { strings } from '../strings/index.ts';
import { cx } from './cx.ts';

/** Each severity its own shape: ring, dot, triangle, diamond, octagon. */
const SHAPES: Readonly<Record<Severity, ReactNode>> = {
  info: <circle cx="8" cy="8" r="4" fill="none" stroke="currentColor" strokeWidth="1.75" />,
  low: <circle cx="8" cy="8" r="4.5" fill="currentColor" />,
  medium: <path d="M8 2.5 14 13.5H2Z" fill="currentColor" strokeLinejoin="round" stroke="currentColor" />,
  high: <path d="M8 1.5 14.5 8 8 14.5 1.5 8Z" fill="currentColor" />,
  critical: <path d="M5.2 1.5h5.6l3.7 3.7v5.6l-3.7 3.7H5.2l-3.7-3.7V5.2Z" fill="currentColor" />,
};

const SEVERITY_TEXT: Readonly<Record<Severity, string>> = {
  info: 'text-info',
  low: 'text-low',
  medium: 'text-medium',
  high: 'text-high',
  critical: 'text-critical',
};

export interface SeverityMarkProps {
  readonly severity: Severity;
  /** The word is said to screen readers only, where there is no room for it. */
  readonly isShort?: boolean;
}

export function SeverityMark({ severity, isShort = false }: SeverityMarkProps) {
  const word = strings.common.severity[severity];
  return (
    <span className={cx('inline-flex items-center gap-2 font-medium', SEVERITY_TEXT[severity])}>
      <svg
        viewBox="0 0 16 16"
        className="size-3 shrink-0"
        role={isShort ? 'img' : undefined}
        aria-label={isShort ? word : undefined}
        aria-hidden={isShort ? undefined : true}
      >
        {SHAPES[severity]}
      </svg>
      {!isShort && word}
    </span>
  );
}

const STATES: Readonly<Record<MarkState, { readonly tone: string; readonly sign: ReactNode }>> = {
  protected: { tone: 'text-protected', sign: <path d="m5 8.2 2.1 2.1L11 6" /> },
  partial: { tone: 'text-medium', sign: <path d="M5 8h6" /> },
  attention: { tone: 'text-high', sign: <path d="M8 4.6v4.2M8 11.2v.2" /> },
  paused: { tone: 'text-ink-quiet', sign: <path d="M6.4 5.6v4.8M9.6 5.6v4.8" /> },
  off: { tone: 'text-critical', sign: <path d="m5.8 5.8 4.4 4.4M10.2 5.8l-4.4 4.4" /> },
  silent: { tone: 'text-medium', sign: <path d="M8 4.6v4.2M8 11.2v.2" /> },
  lost: { tone: 'text-critical', sign: <path d="M8 4.6v4.2M8 11.2v.2" /> },
  unknown: { tone: 'text-ink-quiet', sign: <path d="M5 8h.1M8 8h.1M11 8h.1" /> },
};

/** The state of this computer: a disc with a sign in it. The word belongs beside it. */
export function StateMark({ state, size = 20 }: { readonly state: MarkState; readonly size?: 16 | 20 | 24 | 32 }) {
  const { tone, sign } = STATES[state];
  return (
    <svg viewBox="0 0 16 16" width={size} height={size} className={cx('shrink-0', tone)} aria-hidden>
      <circle cx="8" cy="8" r="7.5" fill="currentColor" />
      <g fill="none" className="stroke-surface" strokeWidth="1.7" strokeLinecap="round" strokeLinejoin="round">
        {sign}
      </g>
    </svg>
  );
}

const HEALTH_MARK: Readonly<Record<HealthState, { readonly tone: string; readonly shape: ReactNode }>> = {
  ok: {
    tone: 'text-ink-muted',
    shape: (
      <path
        d="m3.5 8.5 3 3 6-7"
        fill="none"
        stroke="currentColor"
        strokeWidth="2"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    ),
  },
  degraded: { tone: 'text-medium', shape: SHAPES.medium },
  failed: { tone: 'text-critical', shape: SHAPES.critical },
  off: { tone: 'text-ink-quiet', shape: SHAPES.info },
};

/** How a part of the engine is doing. */
export function HealthMark({ state }: { readonly state: HealthState }) {
  const { tone, shape } = HEALTH_MARK[state];
  return (
    <span className={cx('inline-flex items-center gap-2 font-medium', tone)}>
      <svg viewBox="0 0 16 16" className="size-3 shrink-0" aria-hidden>
        {shape}
      </svg>
      {strings.common.health[state]}
    </span>
  );
}

export type BadgeTone = 'neutral' | 'accent' | 'protected' | 'low' | 'medium' | 'high' | 'critical';

const BADGE_TONES: Readonly<Record<BadgeTone, string>> = {
  neutral: 'bg-sunken text-ink-muted',
  accent: 'bg-selected text-accent',
  protected: 'bg-protected-soft text-protected',
  low: 'bg-low-soft text-low',
  medium: 'bg-medium-soft text-medium',
  high: 'bg-high-soft text-high',
  critical: 'bg-critical-soft text-critical',
};

export function Badge({ tone = 'neutral', children }: { readonly tone?: BadgeTone; readonly children: ReactNode }) {
  return (
    <span
      className={cx(
        'inline-flex h-5 items-center rounded-sm px-2 text-12 font-medium whitespace-nowrap',
        BADGE_TONES[tone],
      )}
    >
      {children}
    </span>
  );
}
