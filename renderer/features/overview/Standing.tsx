import { Network, Pause, Play } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { protectionOf } from '../../../contract/api-protection.ts';
import type { Status } from '../../../contract/api-schemas.ts';
import type { HealthEntry } from '../../../contract/domain.ts';
import { Button } from '../../components/Button.tsx';
import { Card } from '../../components/layout.tsx';
import { HealthMark, StateMark } from '../../components/marks.tsx';
import { Notice } from '../../components/states.tsx';
import { Text } from '../../components/Text.tsx';
import { Tooltip } from '../../components/Tooltip.tsx';
import { linkTo } from '../../lib/address.ts';
import { counted } from '../../lib/format.ts';
import { useFullProtection } from '../../lib/full-protection.ts';
import { useLink, useMay } from '../../lib/link.ts';
import { useStanding } from '../../lib/status.ts';
import { toast } from '../../lib/toasts.ts';
import { useCommand } from '../../lib/use-command.ts';
import { useQuery } from '../../lib/use-query.ts';
import { strings } from '../../strings/index.ts';
import { learntText } from './learnt-text.ts';
import { PauseDialog } from './PauseDialog.tsx';

const words = strings.overview;

/** The state in one sentence, what is watched and what is not, and what can be done about it as a whole. */
export function Standing({ status }: { readonly status: Status }) {
  const { mark, word, sentence, attention } = useStanding();
  const { gaps } = protectionOf(status);
  const up = status.interfaces.filter(({ state }) => state === 'up').length;
  return (
    <Card>
      <div className="flex flex-wrap items-start gap-x-4 gap-y-3">
        <StateMark state={mark} size={32} />
        <div className="min-w-0 flex-1 basis-80">
          <p className="text-18 font-semibold">{word}</p>
          <p className="text-15">{attention}</p>
          <p className="text-ink-muted">
            <Text>{sentence}</Text>
          </p>
          <p className="flex flex-wrap gap-x-3 pt-1 text-ink-quiet">
            {words.watching}
            <Fact to={linkTo('health')}>{counted(up, words.network)}</Fact>
            <Fact to={linkTo('network')}>{counted(status.traffic.openFlows, words.openFlows)}</Fact>
            <LearntFact />
            {gaps.length > 0 && <Fact to={linkTo('health')}>{counted(gaps.length, words.gaps)}</Fact>}
          </p>
        </div>
        <Actions status={status} />
      </div>
      {gaps.length > 0 && <Gaps gaps={gaps} />}
      <ReducedProtection />
    </Card>
  );
}

function Fact({ to, children }: { readonly to: string; readonly children: ReactNode }) {
  return (
    <a href={to} className="text-accent">
      {children}
    </a>
  );
}

/** How far learning is; nothing where that is not known, which the card of what has been learnt says. */
function LearntFact() {
  const { data } = useQuery('models.list', {});
  const text = data && learntText(data.learning);
  return text && <Fact to={linkTo('models')}>{text}</Fact>;
}

const SHOWN_GAPS = 3;

function Gaps({ gaps }: { readonly gaps: readonly HealthEntry[] }) {
  return (
    <ul className="mt-4 flex flex-col gap-2 border-t border-line pt-3">
      {gaps.slice(0, SHOWN_GAPS).map(({ part, state, detail, hint }) => (
        <li key={part} className="grid grid-cols-[104px_minmax(0,1fr)] gap-x-4">
          <span className="flex self-start">
            <HealthMark state={state} />
          </span>
          <p>
            <Text>{detail}</Text>{' '}
            {hint !== undefined && (
              <span className="text-ink-muted">
                <Text>{hint}</Text>
              </span>
            )}
          </p>
        </li>
      ))}
    </ul>
  );
}

/** This app's own engine has only this user's rights: what that costs, and the one step that ends it. */
function ReducedProtection() {
  const { state, canEnable, why, isRunning, enable } = useFullProtection();
  if (state !== 'reduced') return null;
  return (
    <div className="mt-4">
      <Notice
        kind="no-privilege"
        title={words.reduced}
        action={
          canEnable && (
            <Button kind="primary" isBusy={isRunning} onClick={enable}>
              {words.enable}
            </Button>
          )
        }
      >
        {words.reducedMeans} <Text>{why}</Text>
      </Notice>
    </div>
  );
}

function Actions({ status: { pause, abilities } }: { readonly status: Status }) {
  const [isAsking, setAsking] = useState(false);
  const mayOperate = useMay('operate');
  const isReached = useLink().state === 'connected';
  const resume = useCommand('protection.resume', { reloads: ['status', 'journal.'] });
  const isolate = abilities.find(({ id }) => id === 'isolate');
  if (!mayOperate) return null;
  return (
    <div className="flex flex-wrap gap-2">
      {isolate !== undefined && !isolate.isAvailable && (
        <Tooltip text={isolate.why}>
          {/* Not "disabled": it must be reachable for its reason to be read. */}
          <Button icon={Network} aria-disabled aria-description={isolate.why}>
            {words.isolate}
          </Button>
        </Tooltip>
      )}
      {pause === null ? (
        <Button icon={Pause} disabled={!isReached} onClick={() => setAsking(true)}>
          {words.pause}
        </Button>
      ) : (
        <Button
          kind="primary"
          icon={Play}
          isBusy={resume.isRunning}
          disabled={!isReached}
          onClick={async () => {
            if ((await resume.run({})).ok) toast({ message: words.resumed });
          }}
        >
          {words.resume}
        </Button>
      )}
      <PauseDialog isOpen={isAsking} onClose={() => setAsking(false)} />
    </div>
  );
}
