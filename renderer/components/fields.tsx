/** Fields of forms: each with its label, an explanation and what is wrong with it. */
import { Check, ChevronDown } from 'lucide-react';
import { Switch as SwitchPrimitive } from 'radix-ui';
import { type ComponentProps, type ReactNode, useId } from 'react';
import { cx } from './cx.ts';

export interface FieldProps {
  readonly label: string;
  /** The label is said, not shown: where a heading already says it. */
  readonly isLabelHidden?: boolean;
  /** What it does, in one sentence. */
  readonly hint?: ReactNode;
  /** What is wrong with the value. */
  readonly problem?: string;
}

interface Wired {
  readonly id: string;
  readonly 'aria-describedby': string | undefined;
  readonly 'aria-invalid': true | undefined;
}

const BOX =
  'w-full rounded-md border border-line-field bg-surface px-2 text-13 text-ink placeholder:text-ink-quiet ' +
  'focus-visible:outline-offset-0 disabled:opacity-60 aria-invalid:border-critical';

function Field({
  label,
  isLabelHidden = false,
  hint,
  problem,
  children,
}: FieldProps & { readonly children: (wired: Wired) => ReactNode }) {
  const id = useId();
  const hasHint = hint !== undefined || problem !== undefined;
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <label htmlFor={id} className={cx('font-medium', isLabelHidden && 'sr-only')}>
        {label}
      </label>
      {children({
        id,
        'aria-describedby': hasHint ? `${id}-hint` : undefined,
        'aria-invalid': problem === undefined ? undefined : true,
      })}
      {hasHint && (
        <div id={`${id}-hint`} className="text-12 text-ink-quiet">
          {problem !== undefined && <p className="text-critical">{problem}</p>}
          {hint}
        </div>
      )}
    </div>
  );
}

export interface TextFieldProps extends FieldProps, Omit<ComponentProps<'input'>, 'id' | 'onChange' | 'value'> {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly isMono?: boolean;
}

export function TextField({
  label,
  isLabelHidden,
  hint,
  problem,
  onChange,
  isMono = false,
  className,
  ...rest
}: TextFieldProps) {
  return (
    <Field {...{ label, isLabelHidden, hint, problem }}>
      {(wired) => (
        <input
          type="text"
          autoComplete="off"
          spellCheck={false}
          {...rest}
          {...wired}
          onChange={(event) => onChange(event.target.value)}
          className={cx(BOX, 'h-8', isMono && 'font-mono', className)}
        />
      )}
    </Field>
  );
}

export interface NumberFieldProps extends FieldProps {
  /** As it is written, so that it can be wrong while it is typed. */
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly unit?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly step?: number | 'any';
  readonly disabled?: boolean;
}

export function NumberField({
  label,
  isLabelHidden,
  hint,
  problem,
  value,
  onChange,
  unit,
  minimum,
  maximum,
  step = 'any',
  disabled,
}: NumberFieldProps) {
  return (
    <Field {...{ label, isLabelHidden, hint, problem }}>
      {(wired) => (
        <span className="flex items-center gap-2">
          <input
            type="number"
            inputMode="decimal"
            {...wired}
            value={value}
            min={minimum}
            max={maximum}
            step={step}
            disabled={disabled}
            onChange={(event) => onChange(event.target.value)}
            className={cx(BOX, 'h-8 max-w-36 text-right font-mono')}
          />
          {unit !== undefined && <span className="text-ink-quiet">{unit}</span>}
        </span>
      )}
    </Field>
  );
}

export interface TextAreaProps extends FieldProps, Omit<ComponentProps<'textarea'>, 'id' | 'onChange' | 'value'> {
  readonly value: string;
  readonly onChange: (value: string) => void;
}

export function TextArea({ label, isLabelHidden, hint, problem, onChange, className, ...rest }: TextAreaProps) {
  return (
    <Field {...{ label, isLabelHidden, hint, problem }}>
      {(wired) => (
        <textarea
          rows={3}
          {...rest}
          {...wired}
          onChange={(event) => onChange(event.target.value)}
          className={cx(BOX, 'py-1', className)}
        />
      )}
    </Field>
  );
}

export interface Option {
  readonly value: string;
  readonly label: string;
}

export interface SelectProps extends FieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly options: readonly Option[];
  readonly disabled?: boolean;
}

/** The system's own list: it is never cut off and works everywhere. */
export function Select({ label, isLabelHidden, hint, problem, value, onChange, options, disabled }: SelectProps) {
  return (
    <Field {...{ label, isLabelHidden, hint, problem }}>
      {(wired) => (
        <span className="relative flex">
          <select
            {...wired}
            value={value}
            disabled={disabled}
            onChange={(event) => onChange(event.target.value)}
            className={cx(BOX, 'h-8 appearance-none pr-8')}
          >
            {options.map((option) => (
              <option key={option.value} value={option.value}>
                {option.label}
              </option>
            ))}
          </select>
          <ChevronDown size={16} aria-hidden className="pointer-events-none absolute top-2 right-2 text-ink-quiet" />
        </span>
      )}
    </Field>
  );
}

export interface CheckboxProps {
  readonly label: ReactNode;
  readonly isChecked: boolean;
  readonly onChange: (isChecked: boolean) => void;
  readonly hint?: ReactNode;
  readonly disabled?: boolean;
}

export function Checkbox({ label, isChecked, onChange, hint, disabled }: CheckboxProps) {
  const id = useId();
  return (
    <div className="flex items-start gap-2">
      <CheckMark
        id={id}
        isChecked={isChecked}
        disabled={disabled}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onChange={(event) => onChange(event.target.checked)}
      />
      <div className="min-w-0">
        <label htmlFor={id}>{label}</label>
        {hint !== undefined && (
          <div id={`${id}-hint`} className="text-12 text-ink-quiet">
            {hint}
          </div>
        )}
      </div>
    </div>
  );
}

/** The box alone; give it a label. */
export function CheckMark({
  isChecked,
  className,
  ...rest
}: ComponentProps<'input'> & { readonly isChecked: boolean }) {
  return (
    <span className={cx('relative mt-0.5 inline-flex size-4 shrink-0', className)}>
      <input
        type="checkbox"
        {...rest}
        checked={isChecked}
        className="size-4 appearance-none rounded-sm border border-line-field bg-surface checked:border-accent-fill checked:bg-accent-fill disabled:opacity-50"
      />
      {isChecked && (
        <Check
          size={12}
          strokeWidth={3}
          aria-hidden
          className="pointer-events-none absolute top-0.5 left-0.5 text-on-accent"
        />
      )}
    </span>
  );
}

export interface SwitchProps {
  readonly label: string;
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
  readonly hint?: ReactNode;
  readonly isLabelHidden?: boolean;
  readonly disabled?: boolean;
}

/** For what is on or off at once, without a button to apply it. */
export function Switch({ label, isOn, onChange, hint, isLabelHidden = false, disabled }: SwitchProps) {
  const id = useId();
  return (
    <div className="flex items-start gap-3">
      <SwitchPrimitive.Root
        id={id}
        checked={isOn}
        onCheckedChange={onChange}
        disabled={disabled}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        className="mt-0.5 inline-flex h-4 w-7 shrink-0 items-center rounded-full border border-line-field bg-sunken transition-colors duration-(--motion) disabled:opacity-50 data-[state=checked]:border-accent-fill data-[state=checked]:bg-accent-fill"
      >
        <SwitchPrimitive.Thumb className="ml-0.5 block size-2.5 rounded-full bg-ink-quiet transition-transform duration-(--motion) data-[state=checked]:translate-x-3 data-[state=checked]:bg-on-accent" />
      </SwitchPrimitive.Root>
      <div className="min-w-0">
        <label htmlFor={id} className={cx('font-medium', isLabelHidden && 'sr-only')}>
          {label}
        </label>
        {hint !== undefined && (
          <div id={`${id}-hint`} className="text-12 text-ink-quiet">
            {hint}
          </div>
        )}
      </div>
    </div>
  );
}
