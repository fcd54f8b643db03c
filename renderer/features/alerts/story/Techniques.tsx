import { ExternalLink } from 'lucide-react';
import type { AlertStory } from '../../../../contract/api-alerts.ts';
import { Section } from '../../../components/layout.tsx';
import { Badge } from '../../../components/marks.tsx';
import { Text } from '../../../components/Text.tsx';
import { Tooltip } from '../../../components/Tooltip.tsx';
import { desktop } from '../../../lib/bridge.ts';
import { useCommand } from '../../../lib/use-command.ts';
import { strings } from '../../../strings/index.ts';

const words = strings.alerts.story;
const TECHNIQUE = /^T\d{4}(\.\d{3})?$/;

/** What ATT&CK calls it, and what that means. */
export function Techniques({ techniques }: { readonly techniques: AlertStory['techniques'] }) {
  if (techniques.length === 0) return null;
  return (
    <Section title={words.techniques}>
      <ul className="flex flex-col gap-3">
        {techniques.map(({ id, name, meaning, tactics }) => (
          <li key={id} className="flex flex-col gap-1">
            <span className="flex flex-wrap items-baseline gap-x-3 gap-y-1">
              <TechniqueLink id={id} meaning={meaning} />
              <span className="font-medium">
                <Text>{name}</Text>
              </span>
              {tactics.map((tactic) => (
                <Badge key={tactic.id}>
                  <Text>{tactic.name}</Text>
                </Badge>
              ))}
            </span>
            {meaning !== '' && (
              <span className="max-w-180 text-ink-muted">
                <Text maxLength={600}>{meaning}</Text>
              </span>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}

const LINK = 'inline-flex items-center gap-1 font-mono text-accent';

/** In the desktop app the shell opens the system's browser; an id that is none is only text. */
function TechniqueLink({ id, meaning }: { readonly id: string; readonly meaning: string }) {
  const open = useCommand('shell.links.open');
  if (!TECHNIQUE.test(id)) return <Text isMono>{id}</Text>;
  const content = (
    <>
      {id}
      <ExternalLink size={12} aria-hidden />
    </>
  );
  const link =
    desktop === undefined ? (
      <a
        href={`https://attack.mitre.org/techniques/${id.replace('.', '/')}/`}
        target="_blank"
        rel="noreferrer"
        aria-label={words.openTechnique(id)}
        className={LINK}
      >
        {content}
      </a>
    ) : (
      <button
        type="button"
        aria-label={words.openTechnique(id)}
        className={LINK}
        onClick={() => void open.run({ link: 'attack-technique', id })}
      >
        {content}
      </button>
    );
  return meaning === '' ? link : <Tooltip text={<Text>{meaning}</Text>}>{link}</Tooltip>;
}
