/** Words of the page "Alerts". */
export const alerts = {
  title: 'Alerts',
} as const;
