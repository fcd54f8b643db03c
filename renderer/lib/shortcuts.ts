/**
 * Keys. A shortcut is written as people read it: "?", "j", "g o" (one after the other), "mod+k" (Ctrl, or Cmd on a
 * Mac). Plain keys do nothing while a dialog is open, nor, but for Escape, while somebody
 * writes in a field.
 */
import { useEffect, useRef } from 'react';
import { create } from 'zustand';

export interface Shortcut {
  readonly keys: string;
  /** What it does: "Open the command palette". */
  readonly title: string;
  /** Under which heading the help lists it. */
  readonly group?: string;
  readonly run: () => void;
}

export const useShortcutStore = create<{ readonly shortcuts: readonly Shortcut[] }>(() => ({ shortcuts: [] }));

/** Time to press the second key of "g o". */
const SEQUENCE_MS = 1_200;

export const isMac = /mac/i.test(globalThis.navigator?.platform ?? '');

/** Shortcuts that work while the component is there; the later ones go first. */
export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  const latest = useRef(shortcuts);
  useEffect(() => {
    latest.current = shortcuts;
  });
  const signature = shortcuts.map(({ keys, title, group }) => `${keys}\u0000${title}\u0000${group}`).join('\u0001');
  // biome-ignore lint/correctness/useExhaustiveDependencies: the signature stands for the shortcuts
  useEffect(() => {
    const entries = latest.current.map((shortcut, index) => ({
      ...shortcut,
      run: () => latest.current[index]?.run(),
    }));
    useShortcutStore.setState((state) => ({ shortcuts: [...state.shortcuts, ...entries] }));
    return () =>
      useShortcutStore.setState((state) => ({
        shortcuts: state.shortcuts.filter((entry) => !entries.includes(entry)),
      }));
  }, [signature]);
}

/** "mod+k", "g", "?", "shift+Enter": what a key press is called here. */
export function keyName(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>): string {
  const parts: string[] = [];
  if (isMac ? event.metaKey : event.ctrlKey) parts.push('mod');
  if (event.altKey) parts.push('alt');
  const key = event.key === ' ' ? 'Space' : event.key;
  // A printed character says itself whether shift was held: "?", "A".
  if (event.shiftKey && key.length > 1) parts.push('shift');
  parts.push(parts.length > 0 && key.length === 1 ? key.toLowerCase() : key);
  return parts.join('+');
}

function isWriting(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches('input:not([type=checkbox]):not([type=radio]), textarea, select'))
  );
}

/** Begins to listen; once, in the frame. Gives the function that ends it. */
export function listenForShortcuts(): () => void {
  let first = '';
  let firstMs = 0;
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing || ['Shift', 'Control', 'Alt', 'Meta'].includes(event.key)) return;
    const name = keyName(event);
    const isModified = name.startsWith('mod+');
    const isForField = isWriting(event.target) && name !== 'Escape';
    if (!isModified && (isForField || document.querySelector('dialog[open], [role="menu"]') !== null)) return;
    const { shortcuts } = useShortcutStore.getState();
    const find = (keys: string): Shortcut | undefined => shortcuts.findLast((shortcut) => shortcut.keys === keys);
    const sequence = first !== '' && event.timeStamp - firstMs < SEQUENCE_MS ? find(`${first} ${name}`) : undefined;
    const found = sequence ?? find(name);
    first = found === undefined && shortcuts.some(({ keys }) => keys.startsWith(`${name} `)) ? name : '';
    firstMs = event.timeStamp;
    if (found === undefined) return;
    event.preventDefault();
    found.run();
  };
  window.addEventListener('keydown', onKeyDown);
  return () => window.removeEventListener('keydown', onKeyDown);
}
