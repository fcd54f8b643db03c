/** What canaries look like: ordinary documents of an office, of plain text so that nothing but text is in them. */

export interface Decoy {
  /** Hidden by the dot; the first and the last of a folder in the order in which programs go through it. */
  readonly name: string;
  content(mark: string): string;
}

const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October'];
const ITEMS = [
  'Rent',
  'Electricity',
  'Insurance',
  'Telephone',
  'Travel',
  'Repairs',
  'Books',
  'Garden',
  'Taxes',
  'Gifts',
];
const LINES = 120;

export const DECOYS: readonly Decoy[] = [
  {
    name: '.Accounts of the household.csv',
    content: (mark) =>
      [
        'Month,Item,Amount,Reference',
        ...Array.from({ length: LINES }, (_, line) => {
          const item = ITEMS[line % ITEMS.length];
          const month = MONTHS[Math.floor(line / ITEMS.length) % MONTHS.length];
          return `${month},${item},${((line * 7_919) % 90_000) / 100},${mark.slice(0, 8)}-${line}`;
        }),
        '',
      ].join('\n'),
  },
  {
    name: '.Zoning plan and letters.rtf',
    content: (mark) =>
      [
        '{\\rtf1\\ansi\\deff0{\\fonttbl{\\f0 Times New Roman;}}\\f0\\fs24',
        ...Array.from(
          { length: LINES },
          (_, line) =>
            `Item ${line + 1} of the ${MONTHS[line % MONTHS.length]} plan, as it was agreed with the office.\\par`,
        ),
        `Reference ${mark}\\par`,
        '}',
        '',
      ].join('\n'),
  },
];

/** Folders of a home in which people keep what they would pay for. */
export const HOME_FOLDERS: readonly string[] = ['Documents', 'Desktop', 'Pictures'];
