/** Short messages at the edge of the window: what was done, with Undo, or what could not be. */
import { create } from 'zustand';

export interface ToastInput {
  readonly message: string;
  /** What to do about it, or what else is true. */
  readonly detail?: string;
  readonly tone?: 'done' | 'failure';
  readonly undo?: { readonly label?: string; readonly run: () => void };
}

export interface Toast extends ToastInput {
  readonly id: number;
}

/** Older ones make room. */
const MOST_TOASTS = 4;

let nextId = 1;

export const useToasts = create<{ readonly toasts: readonly Toast[] }>(() => ({ toasts: [] }));

export function toast(input: ToastInput): void {
  const shown: Toast = { ...input, id: nextId++ };
  useToasts.setState(({ toasts }) => ({ toasts: [...toasts, shown].slice(-MOST_TOASTS) }));
}

export function dismissToast(id: number): void {
  useToasts.setState(({ toasts }) => ({ toasts: toasts.filter((shown) => shown.id !== id) }));
}
