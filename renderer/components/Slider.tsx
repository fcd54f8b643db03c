import { type CSSProperties, useId } from 'react';

export interface SliderProps {
  readonly label: string;
  /** What can be chosen, rising; the steps between them need not be even. */
  readonly stops: readonly number[];
  readonly value: number;
  /** A stop in words: "3 a day". */
  readonly format: (value: number) => string;
  readonly onChange: (value: number) => void;
  readonly disabled?: boolean;
}

/** Chooses one of several numbers; the system's own control, so that every key and aid knows it. */
export function Slider({ label, stops, value, format, onChange, disabled }: SliderProps) {
  const id = useId();
  const at = Math.max(0, stops.indexOf(value));
  return (
    <div className="flex flex-col gap-1">
      <div className="flex items-baseline justify-between gap-4">
        <label htmlFor={id} className="font-medium">
          {label}
        </label>
        <output htmlFor={id} className="font-mono text-15">
          {format(value)}
        </output>
      </div>
      <input
        id={id}
        type="range"
        min={0}
        max={stops.length - 1}
        step={1}
        value={at}
        aria-valuetext={format(value)}
        disabled={disabled}
        onChange={(event) => onChange(stops[Number(event.target.value)])}
        style={{ '--share': `${(at / Math.max(1, stops.length - 1)) * 100}%` } as CSSProperties}
        className="slider h-6 w-full disabled:opacity-60"
      />
      <div aria-hidden className="flex justify-between text-12 text-ink-quiet">
        <span>{format(stops[0])}</span>
        <span>{format(stops[stops.length - 1])}</span>
      </div>
    </div>
  );
}
