/** The tray icon, drawn from its view. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { nativeImage } from 'electron/common';
import { Menu, Tray } from 'electron/main';
import type { TrayState } from './desktop-state.ts';
import type { TrayCommand, TrayItem, TrayView } from './tray-view.ts';

export interface TrayOptions {
  /** Holds <state>.png. */
  readonly iconFolder: string;
  onCommand(command: TrayCommand): void;
}

export class TrayIcon {
  readonly #options: TrayOptions;
  #tray: Tray | undefined;
  #shown = '';

  constructor(options: TrayOptions) {
    this.#options = options;
  }

  /** Draws the view; the icon comes to be with the first one. Nothing where nothing has changed. */
  show(view: TrayView): void {
    const text = JSON.stringify(view);
    if (text === this.#shown) return;
    this.#shown = text;
    const icon = this.#icon(view.state);
    if (this.#tray === undefined) {
      this.#tray = new Tray(icon);
      this.#tray.on('click', () => this.#options.onCommand('show'));
    } else {
      this.#tray.setImage(icon);
    }
    this.#tray.setToolTip(view.toolTip);
    this.#tray.setContextMenu(Menu.buildFromTemplate(view.items.map((item) => this.#menuItem(item))));
  }

  remove(): void {
    this.#tray?.destroy();
    this.#tray = undefined;
    this.#shown = '';
  }

  /** An empty image where the file is missing: the words are still there. */
  #icon(state: TrayState): Electron.NativeImage {
    const path = join(this.#options.iconFolder, `${state}.png`);
    return existsSync(path) ? nativeImage.createFromPath(path) : nativeImage.createEmpty();
  }

  #menuItem(item: TrayItem): Electron.MenuItemConstructorOptions {
    if (item.type === 'separator') return { type: 'separator' };
    const { label, command } = item;
    // A menu would take "&" for the mark of a key.
    const shown = label.replaceAll('&', '&&');
    if (command === undefined) return { label: shown, enabled: false };
    return { label: shown, click: () => this.#options.onCommand(command) };
  }
}
