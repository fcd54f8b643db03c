/** Lines of logs as rules see them: by the service that wrote them. */
import { LOG_SERVICES, type LogLineEvent } from '../../../contract/events.ts';
import { type ViewKind, viewKind } from './event-view.ts';
import { utcTime } from './process-fields.ts';

export function ownText(fields: Readonly<Record<string, string>> | undefined, name: string): string | undefined {
  return fields !== undefined && Object.hasOwn(fields, name) ? fields[name] : undefined;
}

/** Access logs: rules know them by category, or by product and service. */
const WEB_SERVERS: ReadonlySet<string> = new Set(['nginx', 'apache']);
/** Scanners: rules about any of them name the category. */
const SCANNERS: ReadonlySet<string> = new Set(['clamav']);

function logView(service: string): ViewKind<LogLineEvent> {
  const isWebServer = WEB_SERVERS.has(service);
  return viewKind<LogLineEvent>({
    products: isWebServer ? ['linux', service] : ['linux'],
    categories: isWebServer ? ['webserver'] : SCANNERS.has(service) ? ['antivirus'] : [],
    services: [service, ...(LOG_SERVICES[service] ?? []), ...(isWebServer ? ['access'] : [])],
    isLog: true,
    fields: {
      message: ({ message }) => message,
      identifier: ({ identifier }) => identifier,
      unit: ({ unit }) => unit,
      pid: ({ pid }) => pid,
      UtcTime: ({ timeMs }) => utcTime(timeMs),
    },
    otherField: ({ fields }, name) => ownText(fields, name),
    texts: ({ identifier, pid, message }) => [
      identifier === undefined ? message : `${identifier}${pid === undefined ? '' : `[${pid}]`}: ${message}`,
    ],
  });
}

export const LOG_VIEWS: ReadonlyMap<string, readonly ViewKind<LogLineEvent>[]> = new Map(
  Object.keys(LOG_SERVICES).map((service) => [service, [logView(service)]]),
);
/** Logs that are not known by name: nobody outside can make views of them. */
const ANY_LOG: readonly ViewKind<LogLineEvent>[] = [logView('syslog')];

export function logViews(service: string): readonly ViewKind<LogLineEvent>[] {
  return LOG_VIEWS.get(service) ?? ANY_LOG;
}
