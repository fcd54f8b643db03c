import { EventEmitter } from 'node:events';
import { record } from './record.ts';

export class HostNotification extends EventEmitter {
  readonly title: string;
  readonly body: string;
  readonly options: Electron.NotificationConstructorOptions;

  constructor(options: Electron.NotificationConstructorOptions = {}) {
    super();
    this.options = options;
    this.title = options.title ?? '';
    this.body = options.body ?? '';
  }

  static isSupported(): boolean {
    return true;
  }

  show(): void {
    record.notifications.push(this);
  }
}
