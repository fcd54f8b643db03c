/** Words of the page "Network". */
export const network = {
  title: 'Network',
} as const;
