import { Notice } from '../../components/states.tsx';
import { Text } from '../../components/Text.tsx';
import { linkTo } from '../../lib/address.ts';
import { strings } from '../../strings/index.ts';

const words = strings.processes;
/** Some sentences; what the engine says is bounded, and so is the room for it. */
const MAX_LIMITS = 1_000;

/** Why not everything is seen, and what would change that. Nothing where everything is. */
export function Limits({ children }: { readonly children: string }) {
  if (children === '') return null;
  return (
    <div className="pb-3">
      <Notice
        kind="no-privilege"
        title={words.limited}
        action={
          <a href={linkTo('health')} className="text-accent">
            {words.toHealth}
          </a>
        }
      >
        <Text maxLength={MAX_LIMITS}>{children}</Text>
      </Notice>
    </div>
  );
}
