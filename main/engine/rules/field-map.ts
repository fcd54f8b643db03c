/**
 * Which log sources of Sigma the events of this host belong to, and what their fields are called there: the names of
 * Sysmon for generic categories (Sigma taxonomy appendix), those of the audit system for auditd, those of W3C for web
 * servers, and those that a log's own parser found for everything else.
 */
import type { HostEvent, HostEventOf, HostEventType } from '../../../contract/events.ts';
import { type ViewKind, viewKind } from './event-view.ts';
import { LOG_VIEWS, logViews, ownText } from './log-views.ts';
import { booleanText, type Fields, hashList, imageOf, processFields } from './process-fields.ts';
import type { FieldValue } from './types.ts';

/** Every way in which the event can be seen. */
export function viewsOf(event: HostEvent): readonly ViewKind<HostEvent>[] {
  if (event.type === 'log-line') return logViews(event.service) as readonly ViewKind<HostEvent>[];
  // The table has for each type views of that type, which is more than the compiler can follow.
  return VIEWS[event.type] as unknown as readonly ViewKind<HostEvent>[];
}

type FileEvent = HostEventOf<
  | 'file-created'
  | 'file-written'
  | 'file-renamed'
  | 'file-deleted'
  | 'file-attributes'
  | 'file-executed'
  | 'file-opened'
>;

function octal(mode: number | undefined): string | undefined {
  return mode === undefined ? undefined : `0${mode.toString(8)}`;
}

const FILE_FIELDS: Fields<FileEvent> = {
  ...processFields<FileEvent>(({ process }) => process),
  TargetFilename: ({ path }) => path,
  FileSize: ({ file }) => file?.sizeBytes,
  FileMode: ({ file }) => octal(file?.mode),
  FileOwnerId: ({ file }) => file?.uid,
  FileKind: ({ file }) => file?.kind,
  FileHashes: ({ file }) => hashList(file?.hashes),
};

/** What tells one kind of file event from another beside its path. */
const FILE_DETAILS = {
  LinkTarget: (event: FileEvent): FieldValue => (event.type === 'file-created' ? event.linkTarget : undefined),
  SourceFilename: (event: FileEvent): FieldValue => (event.type === 'file-renamed' ? event.previousPath : undefined),
  Changed: (event: FileEvent): FieldValue => (event.type === 'file-attributes' ? event.changed : undefined),
  PreviousFileMode: (event: FileEvent): FieldValue =>
    event.type === 'file-attributes' ? octal(event.before?.mode) : undefined,
};

function fileView(eventId: number, categories: readonly string[]): ViewKind<FileEvent> {
  const fields = { ...FILE_FIELDS, ...FILE_DETAILS, EventID: () => eventId };
  return viewKind({ categories, services: ['sysmon'], fields });
}

/** A PATH record of the audit system. */
function auditPath(nameType: string): ViewKind<FileEvent> {
  return viewKind({
    services: ['auditd'],
    isEmulated: true,
    fields: {
      type: () => 'PATH',
      name: ({ path }) => path,
      nametype: () => nameType,
      mode: ({ file }) => octal(file?.mode),
      ouid: ({ file }) => file?.uid,
      ogid: ({ file }) => file?.gid,
      inode: ({ file }) => file?.inode,
      exe: ({ process }) => imageOf(process),
      comm: ({ process }) => process?.name,
    },
  });
}

const SYSMON = { start: 1, connection: 3, exit: 5, module: 6, access: 10, create: 11, dns: 22, remove: 23 } as const;

const CREATED = fileView(SYSMON.create, ['file_event', 'file_create']);
const CHANGED = fileView(SYSMON.create, ['file_event', 'file_change']);

const ARGUMENT = /^a(\d{1,4})$/;

function argumentOf({ process }: HostEventOf<'process-start'>, name: string): FieldValue {
  const found = ARGUMENT.exec(name);
  return found === null ? undefined : process.arguments?.[Number(found[1])];
}

const NETWORK_FIELDS: Fields<HostEventOf<'network-connection'>> = {
  ...processFields<HostEventOf<'network-connection'>>(({ process }) => process),
  EventID: () => SYSMON.connection,
  Initiated: ({ direction }) => String(direction === 'outbound'),
  Protocol: ({ protocol }) => protocol,
  SourceIp: (event) => (event.direction === 'outbound' ? event.localAddress : event.remoteAddress),
  SourcePort: (event) => (event.direction === 'outbound' ? event.localPort : event.remotePort),
  SourceHostname: (event) => (event.direction === 'outbound' ? undefined : event.remoteName),
  DestinationIp: (event) => (event.direction === 'outbound' ? event.remoteAddress : event.localAddress),
  DestinationPort: (event) => (event.direction === 'outbound' ? event.remotePort : event.localPort),
  DestinationHostname: (event) => (event.direction === 'outbound' ? event.remoteName : undefined),
};

/** The same under the names of firewalls. */
const FIREWALL_FIELDS: Fields<HostEventOf<'network-connection'>> = {
  src_ip: NETWORK_FIELDS.SourceIp,
  src_port: NETWORK_FIELDS.SourcePort,
  dst_ip: NETWORK_FIELDS.DestinationIp,
  dst_port: NETWORK_FIELDS.DestinationPort,
};

type ListenerEvent = HostEventOf<'listener-opened' | 'listener-closed'>;

function listenerView(category: string): ViewKind<ListenerEvent> {
  return viewKind<ListenerEvent>({
    categories: [category],
    fields: {
      ...processFields<ListenerEvent>(({ process }) => process),
      Protocol: ({ protocol }) => protocol,
      LocalIp: ({ address }) => address,
      LocalPort: ({ port }) => port,
    },
  });
}

/** Types of audit records about users and groups, by subject and action. */
const ACCOUNT_RECORDS: Readonly<Record<string, string>> = {
  'user/added': 'ADD_USER',
  'user/removed': 'DEL_USER',
  'user/changed': 'USER_MGMT',
  'user/password-changed': 'USER_CHAUTHTOK',
  'group/added': 'ADD_GROUP',
  'group/removed': 'DEL_GROUP',
};
const OTHER_ACCOUNT_RECORD = 'GRP_MGMT';

/** The audit system names units without the ending of services. */
function unitName(unit: string): string {
  return unit.replace(/\.service$/, '');
}

const UNIT_RECORDS: Readonly<Record<string, string>> = { started: 'SERVICE_START', stopped: 'SERVICE_STOP' };

const VIEWS: { readonly [T in HostEventType]: readonly ViewKind<HostEventOf<T>>[] } = {
  'process-start': [
    viewKind({
      categories: ['process_creation'],
      services: ['sysmon'],
      fields: {
        ...processFields(({ process }) => process),
        EventID: () => SYSMON.start,
        Environment: ({ environment }) =>
          environment === undefined
            ? undefined
            : Object.entries(environment).map(([name, value]) => `${name}=${value}`),
      },
    }),
    viewKind({
      services: ['auditd'],
      isEmulated: true,
      fields: { type: () => 'EXECVE', argc: ({ process }) => process.arguments?.length },
      otherField: argumentOf,
      texts: ({ process }) => [['type=EXECVE', ...(process.arguments ?? [])].join(' ')],
    }),
  ],
  'process-exit': [
    viewKind({
      categories: ['process_termination'],
      services: ['sysmon'],
      fields: {
        ...processFields(({ process }) => process),
        EventID: () => SYSMON.exit,
        ExitCode: ({ exitCode }) => exitCode,
        Signal: ({ signal }) => signal,
      },
    }),
  ],
  'process-credentials': [
    viewKind({
      categories: ['process_credentials'],
      fields: {
        ...processFields(({ process }) => process),
        PreviousUserId: ({ before }) => before.uid,
        PreviousEffectiveUserId: ({ before }) => before.euid,
        NewUserId: ({ after }) => after.uid,
        NewEffectiveUserId: ({ after }) => after.euid,
        Capabilities: ({ after }) => after.capabilities,
      },
    }),
  ],
  'process-access': [
    viewKind({
      categories: ['process_access'],
      services: ['sysmon'],
      fields: {
        ...processFields(({ process }) => process),
        EventID: () => SYSMON.access,
        SourceImage: ({ process }) => imageOf(process),
        SourceProcessId: ({ process }) => process.pid,
        TargetImage: ({ target }) => imageOf(target),
        TargetProcessId: ({ target }) => target.pid,
        TargetUser: ({ target }) => target.user,
        Access: ({ access }) => access,
      },
    }),
  ],
  'process-signal': [
    viewKind({
      categories: ['process_signal'],
      fields: {
        ...processFields(({ process }) => process),
        SourceImage: ({ process }) => imageOf(process),
        SourceProcessId: ({ process }) => process.pid,
        TargetImage: ({ target }) => imageOf(target),
        TargetProcessId: ({ target }) => target.pid,
        Signal: ({ signal }) => signal,
      },
    }),
  ],
  'file-created': [CREATED, auditPath('CREATE')],
  'file-written': [CHANGED, auditPath('NORMAL')],
  'file-renamed': [fileView(SYSMON.create, ['file_event', 'file_rename']), auditPath('CREATE')],
  'file-deleted': [fileView(SYSMON.remove, ['file_delete']), auditPath('DELETE')],
  'file-attributes': [fileView(SYSMON.create, ['file_change', 'file_attributes']), auditPath('NORMAL')],
  'file-executed': [fileView(SYSMON.create, ['file_execute', 'file_executable_detected'])],
  'file-opened': [fileView(SYSMON.create, ['file_access']), auditPath('NORMAL')],
  'network-connection': [
    viewKind({ categories: ['network_connection'], services: ['sysmon', 'connection'], fields: NETWORK_FIELDS }),
    viewKind({ categories: ['firewall', 'network'], services: ['connection'], fields: FIREWALL_FIELDS }),
  ],
  'dns-query': [
    viewKind({
      categories: ['dns_query', 'dns', 'network'],
      services: ['sysmon', 'dns'],
      fields: {
        ...processFields(({ process }) => process),
        EventID: () => SYSMON.dns,
        QueryName: ({ name }) => name,
        query: ({ name }) => name,
        record_type: ({ recordType }) => recordType,
        QueryStatus: ({ responseCode }) => responseCode,
        QueryResults: ({ answers }) => answers,
        answer: ({ answers }) => answers,
      },
    }),
  ],
  'listener-opened': [listenerView('listener_opened')],
  'listener-closed': [listenerView('listener_closed')],
  login: [
    viewKind({
      categories: ['authentication'],
      fields: {
        ...processFields(({ process }) => process),
        User: ({ user }) => user,
        TargetUser: ({ targetUser }) => targetUser,
        Service: ({ service }) => service,
        Method: ({ method }) => method,
        Success: ({ isSuccess }) => String(isSuccess),
        SourceIp: ({ remoteAddress }) => remoteAddress,
        SourcePort: ({ remotePort }) => remotePort,
        Terminal: ({ terminal }) => terminal,
      },
    }),
    viewKind({
      services: ['auditd'],
      isEmulated: true,
      fields: {
        type: () => 'USER_LOGIN',
        acct: ({ user }) => user,
        res: ({ isSuccess }) => (isSuccess ? 'success' : 'failed'),
        addr: ({ remoteAddress }) => remoteAddress,
        terminal: ({ terminal }) => terminal,
        exe: ({ process }) => imageOf(process),
      },
    }),
  ],
  logout: [
    viewKind({ categories: ['logout'], fields: { User: ({ user }) => user, Service: ({ service }) => service } }),
  ],
  'log-line': [],
  'audit-record': [
    viewKind({
      services: ['auditd'],
      isLog: true,
      fields: { type: ({ recordType }) => recordType },
      otherField: ({ fields }, name) => ownText(fields, name),
      texts: ({ recordType, fields }) => [
        [`type=${recordType}`, ...Object.entries(fields).map(([name, value]) => `${name}=${value}`)].join(' '),
      ],
    }),
  ],
  'module-load': [
    viewKind({
      categories: ['driver_load'],
      services: ['sysmon'],
      fields: {
        ...processFields(({ process }) => process),
        EventID: () => SYSMON.module,
        ModuleName: ({ name }) => name,
        ImageLoaded: ({ path }) => path,
        Tainting: ({ isTainting }) => booleanText(isTainting),
      },
    }),
    viewKind({
      services: ['auditd'],
      isEmulated: true,
      fields: { type: () => 'KERN_MODULE', name: ({ name }) => name },
    }),
  ],
  'module-unload': [
    viewKind({
      categories: ['driver_unload'],
      fields: { ...processFields(({ process }) => process), ModuleName: ({ name }) => name },
    }),
  ],
  'account-change': [
    viewKind({
      categories: ['account_change'],
      fields: {
        ...processFields(({ process }) => process),
        Subject: ({ subject }) => subject,
        Action: ({ action }) => action,
        TargetName: ({ name }) => name,
        TargetId: ({ id }) => id,
        Member: ({ member }) => member,
        Home: ({ home }) => home,
        Shell: ({ shell }) => shell,
      },
    }),
    viewKind({
      services: ['auditd'],
      isEmulated: true,
      fields: {
        type: ({ subject, action }) => ACCOUNT_RECORDS[`${subject}/${action}`] ?? OTHER_ACCOUNT_RECORD,
        acct: ({ name }) => name,
        id: ({ id }) => id,
        exe: ({ process }) => imageOf(process),
      },
    }),
  ],
  'service-change': [
    viewKind({
      categories: ['service_change'],
      fields: {
        ...processFields(({ process }) => process),
        ServiceName: ({ unit }) => unit,
        Action: ({ action }) => action,
      },
    }),
    viewKind({
      services: ['auditd'],
      isEmulated: true,
      fields: { type: ({ action }) => UNIT_RECORDS[action], unit: ({ unit }) => unitName(unit) },
    }),
  ],
  'autostart-change': [
    viewKind({
      categories: ['autostart_change'],
      fields: {
        ...processFields(({ process }) => process),
        Place: ({ place }) => place,
        Action: ({ action }) => action,
        TargetFilename: ({ path }) => path,
        Content: ({ content }) => content,
        User: ({ user, process }) => user ?? process?.user,
      },
    }),
  ],
  'mount-change': [
    viewKind({
      categories: ['mount_change'],
      fields: {
        ...processFields(({ process }) => process),
        Action: ({ action }) => action,
        Source: ({ source }) => source,
        MountPoint: ({ path }) => path,
        FileSystem: ({ fileSystem }) => fileSystem,
      },
    }),
  ],
  'firewall-change': [
    viewKind({
      categories: ['firewall_change'],
      fields: {
        ...processFields(({ process }) => process),
        Action: ({ action }) => action,
        Tool: ({ tool }) => tool,
        Table: ({ table }) => table,
        Chain: ({ chain }) => chain,
        Hook: ({ hook }) => hook,
        RulesBefore: ({ rulesBefore }) => rulesBefore,
        RulesAfter: ({ rulesAfter }) => rulesAfter,
      },
    }),
  ],
  'device-change': [
    viewKind({
      categories: ['device_change'],
      fields: {
        Action: ({ action }) => action,
        Subsystem: ({ subsystem }) => subsystem,
        DevicePath: ({ path }) => path,
        VendorId: ({ vendorId }) => vendorId,
        ProductId: ({ productId }) => productId,
        DeviceName: ({ name }) => name,
        SerialNumber: ({ serial }) => serial,
      },
    }),
  ],
};

/** Of each type of event the log sources and field names, for documentation. */
export function fieldMap(): readonly { readonly type: string; readonly view: ViewKind<never> }[] {
  const entries: readonly (readonly [string, readonly ViewKind<never>[]])[] = Object.entries(VIEWS);
  const logs = [...LOG_VIEWS].map(([service, views]) => [`log-line (${service})`, views] as const);
  return [...entries, ...logs].flatMap(([type, views]) => views.map((view) => ({ type, view })));
}
