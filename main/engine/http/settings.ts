import type { SettingTable, SettingValues } from '../runtime/settings.ts';

/** Who may read /metrics without a token. */
export const OPEN_METRICS = ['never', 'loopback', 'always'] as const;

const ABSOLUTE_PATH = /^$|^\//;

/** The settings of the console and the REST interface. */
export const httpSettings = {
  enabled: {
    type: 'boolean',
    default: false,
    reason:
      'Serves the console and the REST interface over HTTP; off by default, since the command line and the desktop ' +
      'app have no use for it, and "holdfast serve" serves it for as long as it runs.',
  },
  address: {
    type: 'string',
    default: '127.0.0.1',
    pattern: /^[0-9a-fA-F.:]{2,45}$/,
    patternMeaning: 'an IP address of this computer',
    reason: 'Where it listens: only this computer can reach the default; any other needs tlsCertificate and tlsKey.',
  },
  port: {
    type: 'number',
    default: 7470,
    min: 0,
    max: 65_535,
    integer: true,
    reason: 'The port it listens at; 0 takes any that is free. No well-known service has the default.',
  },
  tlsCertificate: {
    type: 'string',
    default: '',
    pattern: ABSOLUTE_PATH,
    patternMeaning: 'the absolute path of a file, or nothing',
    reason: 'Certificate chain in PEM; with it and tlsKey everything is served over TLS 1.2 or later.',
  },
  tlsKey: {
    type: 'string',
    default: '',
    pattern: ABSOLUTE_PATH,
    patternMeaning: 'the absolute path of a file, or nothing',
    reason: 'Private key of tlsCertificate in PEM, without a passphrase.',
  },
  hostNames: {
    type: 'list',
    default: [],
    pattern: /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:\d{1,5})?$/,
    patternMeaning: 'a host name in small letters, perhaps with a port',
    reason:
      'Names under which browsers may ask for it, beside localhost and its own address; any other name is refused, ' +
      'because a hostile page can point a name of its own at this computer.',
  },
  openMetrics: {
    type: 'choice',
    choices: OPEN_METRICS,
    default: 'loopback',
    reason:
      'Who may read /metrics without a token: it holds counts and no addresses, so programs of this computer may by ' +
      'default, and others need a token.',
  },
  requestsPerMinute: {
    type: 'number',
    default: 1_200,
    min: 10,
    max: 1_000_000,
    integer: true,
    unit: 'per minute',
    reason: 'Requests of one client; far above a window with every page open, and a scraper makes 4.',
  },
  maxConnections: {
    type: 'number',
    default: 128,
    min: 4,
    max: 4_096,
    integer: true,
    unit: 'connections',
    reason: 'Open connections, all clients together; a browser opens about six.',
  },
  maxStreams: {
    type: 'number',
    default: 32,
    min: 1,
    max: 1_024,
    integer: true,
    unit: 'streams',
    reason: 'Event streams and windows that are open at the same time, all clients together.',
  },
  messageSeconds: {
    type: 'number',
    default: 15,
    min: 1,
    max: 600,
    unit: 's',
    reason:
      'The head and the body of a request must be whole after so long, and an answer must be read; captures may ' +
      'take longer, as long as they keep coming.',
  },
  sessionHours: {
    type: 'number',
    default: 12,
    min: 0.1,
    max: 720,
    unit: 'h',
    reason: 'A browser that was not used for so long needs a new link; the default is a working day.',
  },
  maxSessions: {
    type: 'number',
    default: 16,
    min: 1,
    max: 1_000,
    integer: true,
    unit: 'sessions',
    reason: 'Browsers that are signed in at the same time; one more ends the session that was unused for longest.',
  },
  maxCaptureMegabytes: {
    type: 'number',
    default: 4_096,
    min: 1,
    max: 1_000_000,
    integer: true,
    unit: 'MB',
    reason: 'Largest capture that is taken over HTTP; the engine has a bound of its own beside it.',
  },
} as const satisfies SettingTable;

export type HttpSettings = SettingValues<typeof httpSettings>;
