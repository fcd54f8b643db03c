/** Says something to a screen reader without showing it: "12 alerts", "Copied". */
import { create } from 'zustand';

export const useAnnouncement = create<{ readonly text: string; readonly count: number }>(() => ({
  text: '',
  count: 0,
}));

export function announce(text: string): void {
  useAnnouncement.setState(({ count }) => ({ text, count: count + 1 }));
}
