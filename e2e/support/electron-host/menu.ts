export class HostMenu {
  readonly items: readonly Electron.MenuItemConstructorOptions[];

  constructor(items: readonly Electron.MenuItemConstructorOptions[] = []) {
    this.items = items;
  }

  static buildFromTemplate(template: readonly Electron.MenuItemConstructorOptions[]): HostMenu {
    return new HostMenu(template);
  }

  static setApplicationMenu(_menu: HostMenu | null): void {}

  /** Presses an entry, as a person does. */
  press(label: string): void {
    const item = this.items.find((entry) => entry.label === label);
    if (item?.click === undefined || item.enabled === false) throw new Error(`nothing to press: ${label}`);
    item.click(undefined as never, undefined, undefined as never);
  }
}
