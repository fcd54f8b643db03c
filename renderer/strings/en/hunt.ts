/** Words of the page "Hunt". */
export const hunt = {
  title: 'Hunt',
} as const;
