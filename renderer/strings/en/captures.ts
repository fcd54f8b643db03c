/** Words of the page "Captures". */
export const captures = {
  title: 'Captures',
} as const;
