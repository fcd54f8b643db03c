/** The query, what steers it, and what it found. */
import { Bookmark, BookOpen, History, Play, Save, Square } from 'lucide-react';
import { useEffect, useState } from 'react';
import { parseHunt } from '../../../contract/hunt-language.ts';
import { plainText } from '../../../contract/text.ts';
import { Button } from '../../components/Button.tsx';
import { Menu } from '../../components/Menu.tsx';
import { usePageCommands } from '../../lib/commands.ts';
import { useMay } from '../../lib/link.ts';
import { isMac } from '../../lib/shortcuts.ts';
import { openItem, setQuery, useAddress } from '../../lib/use-address.ts';
import { strings } from '../../strings/index.ts';
import { addToHistory, clearHistory, loadHistory } from './history.ts';
import { Start } from './Language.tsx';
import { QueryEditor } from './QueryEditor.tsx';
import { Results } from './Results.tsx';
import { SaveDialog } from './Saved.tsx';
import { SourceSelect } from './SourceSelect.tsx';
import { sourceOf } from './source.ts';
import { useHunt } from './use-hunt.ts';

const words = strings.hunt.editor;
/** A line of the menu. */
const LONGEST_LABEL = 90;

export function QueryTab() {
  const { item, query: address } = useAddress();
  const asked = address.q ?? '';
  const source = sourceOf(address);
  const [text, setText] = useState(asked);
  const [seen, setSeen] = useState(asked);
  const [turn, setTurn] = useState(0);
  const [isTried, setTried] = useState(asked !== '');
  const [history, setHistory] = useState(loadHistory);
  const [isSaving, setSaving] = useState(false);
  const maySave = useMay('operate');

  // The address changed by another way: back, a link, a saved query.
  if (asked !== seen) {
    setSeen(asked);
    setText(asked);
    setTried(asked !== '');
  }
  const { problems } = parseHunt(asked);
  const isRight = asked !== '' && problems.length === 0;
  const hunt = useHunt(isRight ? asked : '', source, turn);
  const isRunning = hunt.state === 'running';
  useEffect(() => {
    if (isRight) setHistory(addToHistory(asked));
  }, [asked, isRight]);

  const runText = (next: string): void => {
    setTried(true);
    setText(next);
    const trimmed = next.trim();
    if (trimmed !== '' && parseHunt(trimmed).problems.length > 0) return;
    if (trimmed === asked) setTurn(turn + 1);
    else setQuery({ q: trimmed }, { replace: false });
  };
  const run = (): void => runText(text);

  usePageCommands([
    { id: 'hunt.saved', title: words.saved, run: () => openItem('saved') },
    { id: 'hunt.language', title: strings.hunt.help.title, run: () => openItem('language') },
    ...(isRight && maySave ? [{ id: 'hunt.save', title: strings.hunt.saved.save, run: () => setSaving(true) }] : []),
  ]);

  return (
    <div className="flex min-h-0 flex-1 flex-col gap-3">
      <QueryEditor
        value={text}
        onChange={(next) => {
          setText(next);
          setTried(false);
        }}
        onRun={run}
        source={source}
        isTried={isTried}
      />
      <div className="flex shrink-0 flex-wrap items-center gap-2">
        {isRunning ? (
          <Button icon={Square} onClick={hunt.stop}>
            {words.stop}
          </Button>
        ) : (
          <Button kind="primary" icon={Play} onClick={run} disabled={text.trim() === ''}>
            {words.run} <span className="text-12 font-normal">{isMac ? '⌘⏎' : 'Ctrl ⏎'}</span>
          </Button>
        )}
        <SourceSelect source={source} />
        <span className="ml-auto flex flex-wrap items-center gap-1">
          <Menu
            label={words.history}
            trigger={
              <Button kind="quiet" icon={History}>
                {words.history}
              </Button>
            }
            items={
              history.length === 0
                ? [{ label: words.noHistory, isDisabled: true, onSelect: () => {} }]
                : [
                    ...history.map((one) => ({ label: plainText(one, LONGEST_LABEL), onSelect: () => runText(one) })),
                    {
                      label: words.clearHistory,
                      startsGroup: true,
                      onSelect: () => {
                        clearHistory();
                        setHistory([]);
                      },
                    },
                  ]
            }
          />
          <Button kind="quiet" icon={Bookmark} onClick={() => openItem('saved')}>
            {words.saved}
          </Button>
          <Button
            kind="quiet"
            icon={Save}
            disabled={!maySave || !isRight || text.trim() !== asked}
            title={maySave ? undefined : strings.hunt.saved.needsOperate}
            onClick={() => setSaving(true)}
          >
            {words.save}
          </Button>
          <Button kind="quiet" icon={BookOpen} onClick={() => openItem('language')}>
            {words.help}
          </Button>
        </span>
      </div>
      {isRight ? (
        <Results
          key={`${asked} ${source}`}
          hunt={hunt}
          source={source}
          openId={item}
          onQuery={runText}
          onRetry={() => setTurn(turn + 1)}
        />
      ) : (
        <Start onOpen={runText} />
      )}
      {isSaving && <SaveDialog query={asked} onClose={() => setSaving(false)} />}
    </div>
  );
}
