/**
 * The field in which a query is written: a real textarea whose text is seen through it, coloured, in a layer below
 * with the same metrics; suggestions in a list at the word that is being written.
 */
import { type KeyboardEvent, useEffect, useId, useLayoutEffect, useRef, useState } from 'react';
import { type HuntProblem, type HuntSuggestion, MAX_QUERY_LENGTH, parseHunt } from '../../../contract/hunt-language.ts';
import { cx } from '../../components/cx.ts';
import { Text } from '../../components/Text.tsx';
import { announce } from '../../lib/announce.ts';
import { strings } from '../../strings/index.ts';
import { placeOf, type Segment, segmentsOf, settledProblems } from './segments.ts';
import { TOKEN_COLORS } from './token-colors.ts';
import { accept, useCompletion } from './use-completion.ts';

const words = strings.hunt.editor;

/** The textarea and the layer below must break their lines at the same places. */
const METRICS = 'px-3 py-2 font-mono text-13 break-words whitespace-pre-wrap [grid-area:1/1] min-w-0';

/** The width of the list, for keeping it inside of the field. */
const LIST_WIDTH = 360;

export interface QueryEditorProps {
  readonly value: string;
  readonly onChange: (text: string) => void;
  readonly onRun: () => void;
  readonly source: string;
  /** It was run as it is: whatever is wrong is said. */
  readonly isTried: boolean;
}

export function QueryEditor({ value, onChange, onRun, source, isTried }: QueryEditorProps) {
  const id = useId();
  const input = useRef<HTMLTextAreaElement>(null);
  const layer = useRef<HTMLDivElement>(null);
  const [caret, setCaret] = useState(value.length);
  const [isOpen, setOpen] = useState(false);
  const [active, setActive] = useState(0);
  const [position, setPosition] = useState({ left: 0, top: 0 });
  /** Where the caret goes once React has put the changed text into the field. */
  const wantedCaret = useRef<number | null>(null);

  const completion = useCompletion(value, caret, source, isOpen);
  const { suggestions } = completion;
  const isShown = isOpen && suggestions.length > 0 && !isWritten(value, completion);
  const chosen = Math.min(active, suggestions.length - 1);

  const { problems } = parseHunt(value);
  const told = value.trim() === '' ? [] : isTried ? problems : settledProblems(problems, value, caret);

  useLayoutEffect(() => {
    const at = wantedCaret.current;
    if (at === null || input.current === null) return;
    wantedCaret.current = null;
    input.current.setSelectionRange(at, at);
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: where the marked place is after it was drawn
  useLayoutEffect(() => {
    const mark = layer.current?.querySelector<HTMLElement>('[data-place]');
    if (!isShown || mark == null || layer.current === null) return;
    const room = Math.max(0, layer.current.clientWidth - LIST_WIDTH);
    setPosition({ left: Math.min(mark.offsetLeft, room), top: mark.offsetTop + mark.offsetHeight });
  }, [isShown, completion.start, value]);

  useEffect(() => {
    if (isShown) announce(words.count(suggestions.length));
  }, [isShown, suggestions.length]);

  const take = (suggestion: HuntSuggestion): void => {
    const next = accept(value, completion, suggestion);
    wantedCaret.current = next.caret;
    setCaret(next.caret);
    setActive(0);
    // After a whole word there is something to write next.
    setOpen(next.text[next.caret - 1] === ' ');
    onChange(next.text);
    input.current?.focus();
  };

  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>): void => {
    if (event.nativeEvent.isComposing) return;
    const { key } = event;
    if (key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      setOpen(false);
      onRun();
    } else if (key === ' ' && event.ctrlKey) {
      setOpen(true);
    } else if (!isShown || event.shiftKey || event.altKey || event.ctrlKey || event.metaKey) {
      return;
    } else if (key === 'ArrowDown' || key === 'ArrowUp') {
      const step = key === 'ArrowDown' ? 1 : -1;
      setActive((chosen + step + suggestions.length) % suggestions.length);
    } else if (key === 'Tab' || key === 'Enter') {
      take(suggestions[chosen]);
    } else if (key === 'Escape') {
      setOpen(false);
      // The drawer is closed by another press.
      event.stopPropagation();
    } else return;
    event.preventDefault();
  };

  return (
    <div className="flex min-w-0 shrink-0 flex-col gap-1">
      <div
        className={cx(
          'relative grid rounded-md border bg-surface has-[textarea:focus-visible]:outline-2 has-[textarea:focus-visible]:outline-accent',
          told.length > 0 ? 'border-critical' : 'border-line-field',
        )}
      >
        <div ref={layer} aria-hidden className={cx(METRICS, 'pointer-events-none relative min-h-14')}>
          <Layer text={value} problems={told} place={completion.start} />
        </div>
        <textarea
          ref={input}
          data-autofocus
          aria-label={words.label}
          aria-autocomplete="list"
          aria-haspopup="listbox"
          aria-controls={isShown ? `${id}-list` : undefined}
          aria-activedescendant={isShown ? `${id}-${chosen}` : undefined}
          aria-invalid={told.length > 0 || undefined}
          aria-describedby={`${id}-keys ${id}-problems`}
          value={value}
          maxLength={MAX_QUERY_LENGTH}
          placeholder={words.placeholder}
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
          autoCorrect="off"
          rows={1}
          onChange={(event) => {
            setCaret(event.target.selectionStart);
            setActive(0);
            setOpen(true);
            onChange(event.target.value);
          }}
          onSelect={(event) => {
            const at = event.currentTarget.selectionStart;
            if (at !== caret) setCaret(at);
          }}
          onClick={() => setOpen(false)}
          onBlur={() => setOpen(false)}
          onKeyDown={onKeyDown}
          className={cx(
            METRICS,
            'resize-none overflow-hidden bg-transparent outline-none [-webkit-text-fill-color:transparent] [caret-color:var(--color-ink)] placeholder:[-webkit-text-fill-color:var(--color-ink-quiet)]',
          )}
        />
        {isShown && (
          <Suggestions
            id={id}
            suggestions={suggestions}
            active={chosen}
            style={{ left: position.left, top: position.top + 4 }}
            onTake={take}
          />
        )}
      </div>
      <p id={`${id}-keys`} className="sr-only">
        {words.keys}
      </p>
      <ul id={`${id}-problems`} aria-live="polite" className="flex flex-col gap-1">
        {told.map((problem) => (
          <ProblemLine key={`${problem.start} ${problem.message}`} text={value} problem={problem} />
        ))}
      </ul>
    </div>
  );
}

/** The only suggestion stands there already. */
function isWritten(text: string, { start, end, suggestions }: ReturnType<typeof useCompletion>): boolean {
  return suggestions.length === 1 && end > start && text.slice(start, end) === suggestions[0].insert.trimEnd();
}

/** The coloured text, with an empty mark at the place of the list. */
function Layer({
  text,
  problems,
  place,
}: {
  readonly text: string;
  readonly problems: readonly HuntProblem[];
  readonly place: number;
}) {
  const segments = segmentsOf(text, problems);
  const isWrongAtEnd = problems.some(({ start, end }) => start >= text.length || end === start);
  return (
    <>
      {segments.map((segment) => (
        <Piece key={segment.start} segment={segment} place={place} />
      ))}
      {place >= text.length && <span data-place>{'\u200b'}</span>}
      {isWrongAtEnd && <span className={cx('inline-block w-4', WRONG)}>{'\u00a0'}</span>}
      {/* A line that was begun has its height. */}
      {'\u200b'}
    </>
  );
}

const WRONG = 'underline decoration-critical decoration-wavy decoration-1 underline-offset-4';

function Piece({
  segment: { start, text, kind, isWrong },
  place,
}: {
  readonly segment: Segment;
  readonly place: number;
}) {
  const at = place - start;
  const name = cx(kind !== null && TOKEN_COLORS[kind], isWrong && WRONG);
  if (at < 0 || at >= text.length) return <span className={name}>{text}</span>;
  return (
    <span className={name}>
      {text.slice(0, at)}
      <span data-place />
      {text.slice(at)}
    </span>
  );
}

interface SuggestionsProps {
  readonly id: string;
  readonly suggestions: readonly HuntSuggestion[];
  readonly active: number;
  readonly style: { readonly left: number; readonly top: number };
  readonly onTake: (suggestion: HuntSuggestion) => void;
}

function Suggestions({ id, suggestions, active, style, onTake }: SuggestionsProps) {
  const chosen = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever another one is chosen
  useEffect(() => {
    void chosen.current?.scrollIntoView({ block: 'nearest' });
  }, [active]);
  const doc = suggestions[active];
  return (
    <div
      style={{ ...style, width: LIST_WIDTH }}
      className="absolute z-40 flex max-w-full flex-col overflow-hidden rounded-lg border border-line bg-raised shadow-floating"
    >
      <div id={`${id}-list`} role="listbox" aria-label={words.suggestions} className="max-h-60 overflow-y-auto p-1">
        {suggestions.map((suggestion, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the field, which keeps the focus
          <div
            key={`${suggestion.kind} ${suggestion.label}`}
            ref={index === active ? chosen : undefined}
            id={`${id}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === active}
            aria-description={suggestion.doc}
            // The field keeps the focus.
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => onTake(suggestion)}
            className={cx(
              'flex h-7 cursor-pointer items-center gap-3 rounded-md px-2',
              index === active ? 'bg-selected' : 'hover:bg-hover',
            )}
          >
            <Text isOneLine isMono className="min-w-0 flex-1">
              {suggestion.label}
            </Text>
            <span className="shrink-0 text-12 text-ink-quiet">{words.kinds[suggestion.kind]}</span>
          </div>
        ))}
      </div>
      <div aria-hidden className="flex items-start gap-3 border-t border-line px-3 py-2 text-12 text-ink-muted">
        <span className="min-w-0 flex-1">{doc.doc}</span>
        <span className="shrink-0 text-ink-quiet">
          <kbd>Tab</kbd> {words.take} <kbd>Esc</kbd> {words.dismiss}
        </span>
      </div>
    </div>
  );
}

function ProblemLine({ text, problem }: { readonly text: string; readonly problem: HuntProblem }) {
  const { line, column, isAtEnd } = placeOf(text, problem);
  return (
    <li className="flex flex-wrap gap-x-2 text-12">
      <span className="text-ink-quiet">{isAtEnd ? words.atEnd : words.at(line, column)}</span>
      <Text className="text-critical">{problem.message}</Text>
      <Text className="text-ink-muted">{problem.hint}</Text>
    </li>
  );
}
