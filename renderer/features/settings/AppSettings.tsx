import { SEVERITIES } from '../../../contract/domain.ts';
import type { Preferences } from '../../../contract/shell-schemas.ts';
import { Button } from '../../components/Button.tsx';
import { Select, Switch, TextField } from '../../components/fields.tsx';
import { Card } from '../../components/layout.tsx';
import { FailureState, LoadingState, Notice } from '../../components/states.tsx';
import { desktop } from '../../lib/bridge.ts';
import { useFullProtection } from '../../lib/full-protection.ts';
import { setTheme, type Theme, useTheme } from '../../lib/theme.ts';
import { useCommand } from '../../lib/use-command.ts';
import { useQuery } from '../../lib/use-query.ts';
import { strings } from '../../strings/index.ts';
import { Updates } from './Updates.tsx';

const words = strings.settings.app;
const THEMES = (['system', 'light', 'dark'] as const).map((value) => ({ value, label: words.themes[value] }));

/** What concerns this app rather than the engine; in a browser that is the theme alone. */
export function AppSettings() {
  return (
    <div className="flex max-w-180 flex-col gap-4 overflow-y-auto pb-4">
      {desktop === undefined ? <BrowserSettings /> : <DesktopSettings />}
    </div>
  );
}

function BrowserSettings() {
  const { theme } = useTheme();
  return (
    <>
      <Notice kind="info">{words.desktopOnly}</Notice>
      <Appearance theme={theme} onChange={setTheme} />
    </>
  );
}

function Appearance({ theme, onChange }: { readonly theme: Theme; readonly onChange: (theme: Theme) => void }) {
  return (
    <Card title={words.appearance}>
      <div className="max-w-70">
        <Select label={words.theme} value={theme} options={THEMES} onChange={(value) => onChange(value as Theme)} />
      </div>
    </Card>
  );
}

function DesktopSettings() {
  const { data, failure, isLoading, reload } = useQuery('shell.preferences', {});
  const set = useCommand('shell.preferences.set', { reloads: ['shell.preferences'] });
  if (isLoading) return <LoadingState rows={8} />;
  if (data === undefined) return failure && <FailureState failure={failure} onRetry={reload} />;
  const change = (part: Partial<Preferences>): void => void set.run({ ...data, ...part });
  const { notifications, updates } = data;
  return (
    <>
      <FullProtection />
      <Appearance
        theme={data.theme}
        onChange={(theme) => {
          setTheme(theme);
          change({ theme });
        }}
      />
      <Card title={words.start}>
        <div className="flex flex-col gap-3">
          <Switch
            label={words.startAtLogin}
            hint={words.startAtLoginHint}
            isOn={data.startAtLogin}
            onChange={(startAtLogin) => change({ startAtLogin })}
          />
          <Switch
            label={words.startHidden}
            hint={words.startHiddenHint}
            isOn={data.startHidden}
            onChange={(startHidden) => change({ startHidden })}
          />
        </div>
      </Card>
      <Card title={words.notifications}>
        <div className="flex flex-col gap-3">
          <Switch
            label={words.notify}
            hint={words.notifyHint}
            isOn={notifications.enabled}
            onChange={(enabled) => change({ notifications: { ...notifications, enabled } })}
          />
          <div className="max-w-70">
            <Select
              label={words.minimumSeverity}
              value={notifications.minimumSeverity}
              disabled={!notifications.enabled}
              options={SEVERITIES.map((value) => ({ value, label: strings.common.severity[value] }))}
              onChange={(value) =>
                change({
                  notifications: {
                    ...notifications,
                    minimumSeverity: value as Preferences['notifications']['minimumSeverity'],
                  },
                })
              }
            />
          </div>
          <fieldset className="flex flex-col gap-2" disabled={!notifications.enabled}>
            <legend className="font-medium">{words.quiet}</legend>
            <p className="text-12 text-ink-quiet">{words.quietHint}</p>
            <div className="flex gap-4">
              <TextField
                label={words.quietFrom}
                type="time"
                value={notifications.quietFrom}
                onChange={(quietFrom) => change({ notifications: { ...notifications, quietFrom } })}
              />
              <TextField
                label={words.quietUntil}
                type="time"
                value={notifications.quietUntil}
                onChange={(quietUntil) => change({ notifications: { ...notifications, quietUntil } })}
              />
            </div>
          </fieldset>
        </div>
      </Card>
      <Card title={words.updates}>
        <div className="flex flex-col gap-3">
          <Updates />
          <Switch
            label={words.automatic}
            hint={words.automaticHint}
            isOn={updates.automatic}
            onChange={(automatic) => change({ updates: { ...updates, automatic } })}
          />
          <div className="max-w-70">
            <Select
              label={words.channel}
              value={updates.channel}
              options={(['stable', 'beta'] as const).map((value) => ({ value, label: words.channels[value] }))}
              onChange={(channel) => change({ updates: { ...updates, channel: channel as 'stable' | 'beta' } })}
            />
          </div>
        </div>
      </Card>
    </>
  );
}

/** The one step from reduced coverage to the service. */
function FullProtection() {
  const { state, canEnable, why, isRunning, enable } = useFullProtection();
  if (state === 'full') {
    return (
      <Card title={words.protection}>
        <p>{words.protectionOn}</p>
      </Card>
    );
  }
  return (
    <Card title={words.protection}>
      <Notice
        kind="no-privilege"
        action={
          <Button kind="primary" isBusy={isRunning} disabled={!canEnable} onClick={enable}>
            {words.enable}
          </Button>
        }
      >
        {words.protectionOff} {why}
      </Notice>
    </Card>
  );
}
