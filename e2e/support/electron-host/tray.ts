import { EventEmitter } from 'node:events';
import type { HostMenu } from './menu.ts';
import { record } from './record.ts';

export class HostTray extends EventEmitter {
  toolTip = '';
  menu: HostMenu | null = null;
  /** The path of its image; empty where there is none. */
  image: string;

  constructor(image: Electron.NativeImage | string) {
    super();
    this.image = pathOf(image);
    record.trays.push(this);
  }

  setImage(image: Electron.NativeImage | string): void {
    this.image = pathOf(image);
  }

  setToolTip(toolTip: string): void {
    this.toolTip = toolTip;
  }

  setContextMenu(menu: HostMenu | null): void {
    this.menu = menu;
  }

  destroy(): void {
    record.trays.splice(record.trays.indexOf(this), 1);
  }
}

/** Images of the host are their paths. */
function pathOf(image: Electron.NativeImage | string): string {
  return typeof image === 'string' ? image : String(image);
}

export const nativeImage = {
  createFromPath: (path: string) => path as unknown as Electron.NativeImage,
  createEmpty: () => '' as unknown as Electron.NativeImage,
} satisfies Pick<typeof Electron.nativeImage, 'createFromPath' | 'createEmpty'>;
