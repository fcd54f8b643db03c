import { Check, Download, FileJson, FileText, RotateCcw, X } from 'lucide-react';
import { Button } from '../../components/Button.tsx';
import { Menu } from '../../components/Menu.tsx';
import { strings } from '../../strings/index.ts';
import { type AlertActions, canAcknowledge, canDismiss, canReopen } from './actions.ts';
import type { AlertRow } from './rows.ts';

const words = strings.alerts;

export interface ReviewButtonsProps {
  readonly alerts: readonly AlertRow[];
  readonly actions: AlertActions;
  readonly mayReview: boolean;
}

/** Only what would change something: there is no button that does nothing. */
export function ReviewButtons({ alerts, actions, mayReview }: ReviewButtonsProps) {
  return (
    <>
      {mayReview && canAcknowledge(alerts) && (
        <Button icon={Check} title={words.acknowledgeHint} onClick={() => actions.acknowledge(alerts)}>
          {words.acknowledge}
        </Button>
      )}
      {mayReview && canDismiss(alerts) && (
        <Button icon={X} onClick={() => actions.dismiss(alerts)}>
          {words.dismiss}
        </Button>
      )}
      {mayReview && canReopen(alerts) && (
        <Button icon={RotateCcw} onClick={() => actions.reopen(alerts)}>
          {words.reopen}
        </Button>
      )}
      <Menu
        label={words.export}
        trigger={
          <Button icon={Download} kind="quiet">
            {words.export}
          </Button>
        }
        items={[
          { label: words.exportHtml, icon: FileText, onSelect: () => actions.export(alerts, 'html') },
          { label: words.exportJson, icon: FileJson, onSelect: () => actions.export(alerts, 'json') },
        ]}
      />
    </>
  );
}
