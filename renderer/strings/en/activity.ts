/** Words of the page "Activity". */
export const activity = {
  title: 'Activity',
} as const;
