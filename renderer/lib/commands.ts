/** What the command palette offers beside the pages: each page's own commands while it is open. */
import { useEffect, useRef } from 'react';
import { create } from 'zustand';

export interface Command {
  readonly id: string;
  /** What it does: "Export these alerts as CSV". */
  readonly title: string;
  /** Other words to find it by. */
  readonly words?: string;
  /** Shown beside it: "e". */
  readonly keys?: string;
  readonly run: () => void;
}

export const useCommandStore = create<{ readonly commands: readonly Command[] }>(() => ({ commands: [] }));

/** Offers commands in the palette while the component is there. */
export function usePageCommands(commands: readonly Command[]): void {
  const latest = useRef(commands);
  useEffect(() => {
    latest.current = commands;
  });
  const signature = commands
    .map(({ id, title, words, keys }) => [id, title, words, keys].join('\u0000'))
    .join('\u0001');
  // biome-ignore lint/correctness/useExhaustiveDependencies: the signature stands for the commands
  useEffect(() => {
    const entries = latest.current.map((command, index) => ({ ...command, run: () => latest.current[index]?.run() }));
    useCommandStore.setState((state) => ({ commands: [...state.commands, ...entries] }));
    return () =>
      useCommandStore.setState((state) => ({ commands: state.commands.filter((entry) => !entries.includes(entry)) }));
  }, [signature]);
}
