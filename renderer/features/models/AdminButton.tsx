import { Button, type ButtonProps } from '../../components/Button.tsx';
import { Tooltip } from '../../components/Tooltip.tsx';
import { useMay } from '../../lib/link.ts';
import { strings } from '../../strings/index.ts';

export interface AdminButtonProps extends ButtonProps {
  /** Why it cannot be pressed now; undefined: it can. */
  readonly whyNot?: string;
}

/** A button for what needs the role "admin". Where it cannot be pressed it is off, and says why. */
export function AdminButton({ whyNot, children, ...rest }: AdminButtonProps) {
  const mayChange = useMay('admin');
  const why = mayChange ? whyNot : strings.models.needsAdmin;
  if (why === undefined) return <Button {...rest}>{children}</Button>;
  return (
    <Tooltip text={why}>
      {/* Not "disabled": it must be reachable for its reason to be read. */}
      <Button
        {...rest}
        onClick={undefined}
        kind={rest.kind === 'primary' ? 'secondary' : rest.kind}
        aria-disabled
        aria-description={why}
      >
        {children}
      </Button>
    </Tooltip>
  );
}
