import type { AlertStory } from '../../../../contract/api-alerts.ts';
import { Section } from '../../../components/layout.tsx';
import { Badge } from '../../../components/marks.tsx';
import { TechniqueLink } from '../../../components/TechniqueLink.tsx';
import { Text } from '../../../components/Text.tsx';
import { Tooltip } from '../../../components/Tooltip.tsx';
import { strings } from '../../../strings/index.ts';

const words = strings.alerts.story;

/** What ATT&CK calls it, and what that means. */
export function Techniques({ techniques }: { readonly techniques: AlertStory['techniques'] }) {
  if (techniques.length === 0) return null;
  return (
    <Section title={words.techniques}>
      <ul className="flex flex-col gap-3">
        {techniques.map(({ id, name, meaning, tactics }) => (
          <li key={id} className="flex flex-col gap-1">
            <span className="flex flex-wrap items-baseline gap-x-3 gap-y-1">
              <Tooltip text={<Text>{meaning}</Text>}>
                <span>
                  <TechniqueLink id={id}>
                    <Text isMono>{id}</Text>
                  </TechniqueLink>
                </span>
              </Tooltip>
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
