/** Words of the page "Health". */
export const health = {
  title: 'Health',
} as const;
