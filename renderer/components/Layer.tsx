/**
 * Where floating things are put: a modal dialog lies above the whole document, so what opens from within it must lie
 * in it as well.
 */
import { createContext, useContext } from 'react';

export const LayerContext = createContext<HTMLElement | null>(null);

/** For the `container` of a portal. */
export function useLayer(): HTMLElement | undefined {
  return useContext(LayerContext) ?? undefined;
}
