/** The one step from an engine with this user's rights to the installed service; only the desktop app can take it. */
import { useLink } from './link.ts';
import { toast } from './toasts.ts';
import { useCommand } from './use-command.ts';

export interface FullProtection {
  /** `full`: the service is installed. `reduced`: this app's own engine. `elsewhere`: not this window's to say. */
  readonly state: 'full' | 'reduced' | 'elsewhere';
  readonly canEnable: boolean;
  /** Why it cannot be installed from here; empty where it can. */
  readonly why: string;
  readonly isRunning: boolean;
  /** Asks the system for an administrator, installs, and says how it went. */
  readonly enable: () => Promise<void>;
}

export function useFullProtection(): FullProtection {
  const { kind, canEnable, whyNotEnable } = useLink();
  const command = useCommand('shell.protection.enable', { reloads: ['status'] });
  return {
    state: kind === 'service' ? 'full' : kind === 'child' ? 'reduced' : 'elsewhere',
    canEnable,
    why: canEnable ? '' : whyNotEnable,
    isRunning: command.isRunning,
    enable: async () => {
      const answer = await command.run({});
      if (!answer.ok || answer.value.outcome === 'cancelled') return;
      toast({ tone: answer.value.outcome === 'failed' ? 'failure' : 'done', message: answer.value.message });
    },
  };
}
