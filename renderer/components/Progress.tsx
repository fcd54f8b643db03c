import { formatPercent } from '../lib/format.ts';

/** A thin bar. @param value 0 to 1; null where nobody can tell: then it only says that it goes on. */
export function Progress({ value, label }: { readonly value: number | null; readonly label: string }) {
  const percent = value === null ? undefined : Math.round(Math.max(0, Math.min(1, value)) * 100);
  return (
    <span
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      aria-valuetext={percent === undefined ? undefined : formatPercent(percent)}
      className="block h-1.5 w-full min-w-12 overflow-hidden rounded-full bg-sunken"
    >
      <span
        className="block h-full rounded-full bg-accent-fill transition-[width] duration-(--motion)"
        style={{ width: percent === undefined ? '15%' : `${percent}%` }}
      />
    </span>
  );
}
