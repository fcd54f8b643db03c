/** Words of the frame around the pages. */
export const frame = {
  skip: 'Skip to the page',
  pages: 'Pages',
  more: 'More',
  messages: 'Messages',
  openAlerts: 'open',
  palette: {
    title: 'Commands',
    open: 'Commands',
    placeholder: 'Go to a page, run a command, or search…',
    none: 'Nothing is called that.',
    searchIn: (page: string, text: string) => `Search ${page} for “${text}”`,
    goTo: (page: string) => `Go to ${page}`,
    groups: { pages: 'Pages', commands: 'On this page', app: 'App', search: 'Search' },
  },
  shortcuts: {
    title: 'Keyboard shortcuts',
    short: 'Keys',
    groups: { general: 'Everywhere', pages: 'Go to', page: 'On this page', table: 'In lists' },
    palette: 'Open the command palette',
    help: 'Show the keyboard shortcuts',
    search: 'Search in this page',
    closeDrawer: 'Close what is open',
    table: {
      move: 'Previous or next row',
      ends: 'First or last row',
      open: 'Open the row',
      select: 'Select the row',
    },
  },
  theme: { system: 'Theme: as the system', light: 'Theme: light', dark: 'Theme: dark' },
  pageFailed: {
    message: 'This page stopped working.',
    hint: 'The engine is not affected. Reload the page; if it stops again, the details below help to report it.',
    reload: 'Reload this page',
  },
  notFound: {
    title: 'There is no such page',
    body: (page: string) => `“${page}” is not a page of this version.`,
    home: 'Go to the first page',
  },
} as const;
