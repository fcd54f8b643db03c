import { Button } from '../../components/Button.tsx';
import { Card, KeyValue } from '../../components/layout.tsx';
import { Text } from '../../components/Text.tsx';
import { desktop } from '../../lib/bridge.ts';
import { useStanding, useStatus } from '../../lib/status.ts';
import { useCommand } from '../../lib/use-command.ts';
import { useQuery } from '../../lib/use-query.ts';
import { strings } from '../../strings/index.ts';

const words = strings.settings.about;

export function About() {
  const status = useStatus().data;
  const { sentence } = useStanding();
  return (
    <div className="flex max-w-180 flex-col gap-4">
      <Card title={strings.common.product}>
        <div className="flex flex-col gap-3">
          <p className="text-15">{words.product}</p>
          <KeyValue
            rows={[
              { name: words.engine, value: <Text isMono>{status?.version ?? '–'}</Text> },
              { name: words.app, value: desktop === undefined ? words.console : <AppVersion /> },
              { name: words.protection, value: <Text>{sentence}</Text> },
              { name: words.licence, value: words.licenceName },
            ]}
          />
          {desktop === undefined ? (
            <p>
              <a href="/api/docs" target="_blank" rel="noreferrer" className="text-accent underline">
                {words.api}
              </a>
            </p>
          ) : (
            <Links />
          )}
        </div>
      </Card>
    </div>
  );
}

function AppVersion() {
  const { data } = useQuery('shell.info', {});
  return (
    <Text isMono>{data === undefined ? '–' : `${data.version} · Electron ${data.electron} · ${data.platform}`}</Text>
  );
}

/** The shell opens pages by their names: this window never gives it an address. */
function Links() {
  const { data } = useQuery('shell.info', {});
  const open = useCommand('shell.links.open');
  if (data === undefined || data.pages.length === 0) return null;
  return (
    <div className="flex flex-wrap gap-2">
      {data.pages.map((link) => (
        <Button key={link} onClick={() => void open.run({ link })}>
          {words.pages[link]}
        </Button>
      ))}
    </div>
  );
}
