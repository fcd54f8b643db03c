/** Whether a text is a rule, and which line is wrong with it. */
import { useState } from 'react';
import type { RuleEngine } from '../../../contract/api-rules.ts';
import { Button } from '../../components/Button.tsx';
import { Drawer } from '../../components/Drawer.tsx';
import { Select, TextArea } from '../../components/fields.tsx';
import { FailureState, Notice } from '../../components/states.tsx';
import type { OutputOf } from '../../lib/client.ts';
import { counted } from '../../lib/format.ts';
import { useCommand } from '../../lib/use-command.ts';
import { strings } from '../../strings/index.ts';
import { ProblemLines } from './Problems.tsx';

const words = strings.rules.check;
const TEXT_ROWS = 20;
/** As the call takes it. */
const LONGEST_TEXT = 200_000;

export function CheckDrawer({ engine: first }: { readonly engine: RuleEngine }) {
  const [engine, setEngine] = useState<RuleEngine>(first);
  const [text, setText] = useState('');
  const [checked, setChecked] = useState<OutputOf<'rules.check'> | null>(null);
  const check = useCommand('rules.check', { isQuiet: true });
  const run = async (): Promise<void> => {
    setChecked(null);
    const answer = await check.run({ engine, text });
    if (answer.ok) setChecked(answer.value);
  };
  return (
    <Drawer title={words.title} width="large">
      <p className="text-ink-muted">{words.hint}</p>
      <div className="w-44">
        <Select
          label={words.language}
          value={engine}
          options={[
            { value: 'sigma', label: strings.rules.tabs.sigma },
            { value: 'yara', label: strings.rules.tabs.yara },
          ]}
          onChange={(value) => {
            setEngine(value === 'yara' ? 'yara' : 'sigma');
            setChecked(null);
          }}
        />
      </div>
      <TextArea
        label={words.text}
        value={text}
        onChange={(value) => {
          setText(value);
          setChecked(null);
        }}
        rows={TEXT_ROWS}
        maxLength={LONGEST_TEXT}
        spellCheck={false}
        className="font-mono text-12"
      />
      <div>
        <Button kind="primary" isBusy={check.isRunning} disabled={text.trim() === ''} onClick={() => void run()}>
          {words.run}
        </Button>
      </div>
      {check.failure !== null && <FailureState failure={check.failure} onRetry={() => void run()} />}
      {checked !== null && <Checked checked={checked} />}
    </Drawer>
  );
}

function Checked({ checked: { rules, problems } }: { readonly checked: OutputOf<'rules.check'> }) {
  const found = counted(rules, strings.rules.rule);
  if (problems.length > 0) {
    return (
      <Notice kind="failure" title={words.bad(found, counted(problems.length, strings.rules.problems.some))}>
        <ProblemLines problems={problems} />
      </Notice>
    );
  }
  return (
    <div role="status">
      <Notice kind="info">{rules === 0 ? words.nothing : words.good(found)}</Notice>
    </div>
  );
}
