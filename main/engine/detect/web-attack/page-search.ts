import { BoundedMap } from '../bounded-map.ts';
import { ownText } from '../own-text.ts';

/** Pages and folders that scanners look for: configurations, backups, consoles, known weak programs. Lower case. */
const SENSITIVE = [
  ...[
    '/.git',
    '/.svn',
    '/.hg',
    '/.env',
    '/.ht',
    '/.ssh',
    '/.aws',
    '/.ds_store',
    '/.well-known/../',
    '/.vscode',
    '/.idea',
  ],
  ...[
    'phpmyadmin',
    '/pma',
    'adminer',
    '/admin',
    '/administrator',
    '/manager',
    '/console',
    '/cgi-bin',
    '/backup',
    '/bak',
    '/dump',
  ],
  ...[
    'wp-login',
    'wp-admin',
    'wp-config',
    'wp-content/plugins',
    'xmlrpc.php',
    'server-status',
    'server-info',
    'phpinfo',
    '/info.php',
  ],
  ...[
    '/test.php',
    '/shell',
    '/cmd',
    '/config',
    '/web.config',
    '/actuator',
    '/jmx',
    '/jolokia',
    '/solr',
    '/hnap1',
    '/boaform',
    '/setup',
  ],
  ...[
    '/install',
    '/upload',
    '/sql',
    '/db',
    '/database',
    '_vti_',
    '/jenkins',
    '/struts',
    '/users',
    '/login',
    '/private',
    '/secret',
    '/old',
  ],
  ...[
    '/invoker',
    '/webdav',
    '/owa/',
    '/ecp/',
    '/remote/',
    '/vendor/phpunit',
    '/telescope',
    '/debug',
    '/trace.axd',
    '/elmah.axd',
    '/api/v1/users',
  ],
];
const SENSITIVE_ENDINGS = [
  '.bak',
  '.old',
  '.sql',
  '.orig',
  '.save',
  '.swp',
  '~',
  '.inc',
  '.tar.gz',
  '.zip',
  '.rar',
  '.log',
  '.conf',
  '.ini',
  '.key',
  '.pem',
];
/** Names that scanners give themselves. */
const TOOLS = [
  ...[
    'sqlmap',
    'nikto',
    'wpscan',
    'dirbuster',
    'gobuster',
    'feroxbuster',
    'fuzz faster u fool',
    'ffuf',
    'nuclei',
    'nmap scripting engine',
  ],
  ...[
    'masscan',
    'zgrab',
    'w3af',
    'acunetix',
    'nessus',
    'openvas',
    'arachni',
    'whatweb',
    'havij',
    'dirsearch',
    'wfuzz',
    'skipfish',
    'commix',
  ],
  ...[
    'jaeles',
    'netsparker',
    'qualys',
    'burp',
    'owasp',
    'zaproxy',
    'joomscan',
    'droopescan',
    'xsser',
    'jorgee',
    'morfeus',
    'zmeu',
    'dirb',
  ],
];
/** A scanner that says its name needs fewer misses. */
const TOOL_SHARE = 0.25;
const MAX_SEARCHES = 1_024;
const MAX_PAGES = 64;
const MAX_TOPS = 256;
const MAX_TEXT = 120;
const MAX_TOP = 32;

/** Statuses that say that a page is not there, or not for whoever asks. */
export function isMissing(status: number): boolean {
  return status === 404 || status === 403 || status === 400 || status === 410 || status === 405 || status === 501;
}

/** The name of the scanner that a client says it is; empty for others. */
export function toolName(userAgent: string): string {
  const text = userAgent.toLowerCase();
  return TOOLS.find((tool) => text.includes(tool)) ?? '';
}

/** What one client asked one server for that was not there. */
export interface PageSearch {
  readonly client: string;
  readonly server: string;
  readonly port: number;
  readonly isTrusted: boolean;
  readonly sensitive: Set<string>;
  /** Different first parts of paths: lists of words go through those. */
  readonly tops: Set<string>;
  tool: string;
  misses: number;
  firstUs: number;
  lastUs: number;
  reportedMisses: number;
  reportedUs: number;
}

export interface SearchLimits {
  readonly sensitivePages: number;
  readonly missingPages: number;
  readonly windowUs: number;
}

/** Counts pages that were not there, by client and server. */
export class PageSearches {
  readonly #limits: SearchLimits;
  readonly #searches = new BoundedMap<string, PageSearch>(MAX_SEARCHES);
  /** Those that are searches, and have news. */
  readonly fresh = new Set<PageSearch>();

  constructor(limits: SearchLimits) {
    this.#limits = limits;
  }

  /** A page was not there. @param ends read only when the pair is new */
  miss(
    key: string,
    uri: string,
    userAgent: string,
    nowUs: number,
    ends: () => Pick<PageSearch, 'client' | 'server' | 'port' | 'isTrusted'>,
  ): void {
    const known = this.#searches.get(key);
    const isOld = known !== undefined && nowUs - known.lastUs > this.#limits.windowUs;
    const isSlow = known !== undefined && known.reportedMisses === 0 && nowUs - known.firstUs > this.#limits.windowUs;
    let search = known;
    if (search === undefined || isOld || isSlow) {
      search = {
        ...ends(),
        sensitive: new Set(),
        tops: new Set(),
        tool: '',
        misses: 0,
        firstUs: nowUs,
        lastUs: nowUs,
        reportedMisses: 0,
        reportedUs: 0,
      };
      this.#searches.set(key, search);
    }
    search.misses++;
    search.lastUs = nowUs;
    if (search.tool === '') search.tool = toolName(userAgent);
    note(search, uri);
    if (this.isSearch(search)) this.fresh.add(search);
  }

  isSearch({ sensitive, tops, tool }: PageSearch): boolean {
    const { sensitivePages, missingPages } = this.#limits;
    const share = tool === '' ? 1 : TOOL_SHARE;
    return sensitive.size >= sensitivePages * share || tops.size >= missingPages * share;
  }

  clear(): void {
    this.#searches.clear();
    this.fresh.clear();
  }
}

function note(search: PageSearch, uri: string): void {
  const query = uri.indexOf('?');
  const path = (query < 0 ? uri : uri.slice(0, query)).slice(0, MAX_TEXT).toLowerCase();
  const isSensitive =
    SENSITIVE.some((word) => path.includes(word)) || SENSITIVE_ENDINGS.some((ending) => path.endsWith(ending));
  if (isSensitive && search.sensitive.size < MAX_PAGES) search.sensitive.add(ownText(path));
  const next = path.indexOf('/', 1);
  // What lies deeper is a broken link, a package, or a part of a map.
  const isTop = next < 0 || next === path.length - 1;
  if (isTop && search.tops.size < MAX_TOPS) search.tops.add(ownText(path.slice(0, MAX_TOP)));
}
