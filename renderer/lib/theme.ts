/** Light, dark, or as the system says; kept in this browser, and on the desktop taken from the app's preferences. */
import { create } from 'zustand';
import { desktop } from './bridge.ts';
import { request } from './client.ts';

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'holdfast.theme';

function stored(): Theme {
  try {
    const value = window.localStorage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : 'system';
  } catch {
    // Storage can be switched off.
    return 'system';
  }
}

export const useThemeStore = create<{ readonly theme: Theme }>(() => ({ theme: stored() }));

/** Shows and keeps a theme in this window; the desktop's preference is set by the settings page. */
export function setTheme(theme: Theme): void {
  try {
    window.localStorage.setItem(KEY, theme);
  } catch {
    // Then it holds until the window is closed.
  }
  useThemeStore.setState({ theme });
  show(theme);
}

export function useTheme(): { readonly theme: Theme; readonly setTheme: (theme: Theme) => void } {
  return { theme: useThemeStore(({ theme }) => theme), setTheme };
}

function show(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

const darkQuery = window.matchMedia('(prefers-color-scheme: dark)');

/** Tells when colours may have changed, for what is drawn on a canvas. */
export function watchColors(tell: () => void): () => void {
  darkQuery.addEventListener('change', tell);
  const unsubscribe = useThemeStore.subscribe(tell);
  return () => {
    darkQuery.removeEventListener('change', tell);
    unsubscribe();
  };
}

/** Before anything is drawn. */
export function startTheme(): void {
  show(useThemeStore.getState().theme);
  if (desktop === undefined) return;
  void request('shell.preferences', {}).then((answer) => {
    if (answer.ok) setTheme(answer.value.theme);
  });
}
