/** Events of Electron's that can be prevented. */
export interface Preventable {
  readonly defaultPrevented: boolean;
  preventDefault(): void;
}

export function preventable<T extends object>(details: T): T & Preventable {
  let isPrevented = false;
  return Object.defineProperty(
    {
      ...details,
      preventDefault: () => {
        isPrevented = true;
      },
    },
    'defaultPrevented',
    { get: () => isPrevented },
  ) as T & Preventable;
}
