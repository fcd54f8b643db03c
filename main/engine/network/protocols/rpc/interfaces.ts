/** An interface of remote procedure calls of Windows: name, and the procedures that attackers and admins call. */
export interface RpcInterface {
  readonly name: string;
  readonly operations: Readonly<Record<number, string>>;
}

/** Interfaces by their identifier (Microsoft's open specifications, section 1.9 of each). */
export const RPC_INTERFACES: ReadonlyMap<string, RpcInterface> = new Map<string, RpcInterface>([
  [
    '367abb81-9844-35f1-ad32-98f038001003',
    {
      name: 'svcctl',
      operations: {
        0: 'CloseServiceHandle',
        1: 'ControlService',
        2: 'DeleteService',
        6: 'QueryServiceStatus',
        11: 'ChangeServiceConfigW',
        12: 'CreateServiceW',
        15: 'OpenSCManagerW',
        16: 'OpenServiceW',
        19: 'StartServiceW',
        24: 'CreateServiceA',
        27: 'OpenSCManagerA',
        28: 'OpenServiceA',
        31: 'StartServiceA',
        44: 'CreateServiceWOW64A',
        45: 'CreateServiceWOW64W',
        60: 'CreateWowService',
      },
    },
  ],
  [
    '1ff70682-0a51-30e8-076d-740be8cee98b',
    { name: 'atsvc', operations: { 0: 'NetrJobAdd', 1: 'NetrJobDel', 2: 'NetrJobEnum' } },
  ],
  [
    '86d35949-83c9-4044-b424-db363231fd0c',
    { name: 'schedule', operations: { 1: 'SchRpcRegisterTask', 12: 'SchRpcRun', 13: 'SchRpcDelete' } },
  ],
  [
    '12345778-1234-abcd-ef00-0123456789ac',
    {
      name: 'samr',
      operations: {
        13: 'SamrEnumerateUsersInDomain',
        50: 'SamrCreateUser2InDomain',
        58: 'SamrSetInformationUser2',
        64: 'SamrConnect5',
      },
    },
  ],
  [
    '12345778-1234-abcd-ef00-0123456789ab',
    { name: 'lsarpc', operations: { 6: 'LsarOpenPolicy', 44: 'LsarOpenPolicy2' } },
  ],
  [
    '12345678-1234-abcd-ef00-01234567cffb',
    {
      name: 'netlogon',
      operations: {
        4: 'NetrServerReqChallenge',
        5: 'NetrServerAuthenticate',
        6: 'NetrServerPasswordSet',
        15: 'NetrServerAuthenticate2',
        26: 'NetrServerAuthenticate3',
        30: 'NetrServerPasswordSet2',
      },
    },
  ],
  ['e3514235-4b06-11d1-ab04-00c04fc2dcd2', { name: 'drsuapi', operations: { 0: 'DRSBind', 3: 'DRSGetNCChanges' } }],
  [
    '4b324fc8-1670-01d3-1278-5a47bf6ee188',
    {
      name: 'srvsvc',
      operations: { 12: 'NetrSessionEnum', 15: 'NetrShareEnum', 31: 'NetprPathCanonicalize', 32: 'NetprPathCompare' },
    },
  ],
  ['6bffd098-a112-3610-9833-46c3f87e345a', { name: 'wkssvc', operations: { 2: 'NetrWkstaUserEnum' } }],
  [
    '338cd001-2244-31f1-aaaa-900038001003',
    { name: 'winreg', operations: { 6: 'BaseRegCreateKey', 22: 'BaseRegSetValue' } },
  ],
  [
    '12345678-1234-abcd-ef00-0123456789ab',
    {
      name: 'spoolss',
      operations: { 65: 'RpcRemoteFindFirstPrinterChangeNotificationEx', 89: 'RpcAddPrinterDriverEx' },
    },
  ],
  ['76f03f96-cdfd-44fc-a22c-64950a001209', { name: 'winspool-async', operations: { 39: 'RpcAsyncAddPrinterDriver' } }],
  ['e1af8308-5d1f-11c9-91a4-08002b14a0fa', { name: 'epmapper', operations: { 3: 'ept_map' } }],
  ['000001a0-0000-0000-c000-000000000046', { name: 'remote-activation', operations: { 4: 'RemoteCreateInstance' } }],
  ['99fcfec4-5260-101b-bbcb-00aa0021347a', { name: 'object-exporter', operations: { 5: 'ServerAlive2' } }],
  ['00000131-0000-0000-c000-000000000046', { name: 'remote-unknown', operations: {} }],
  ['f309ad18-d86a-11d0-a075-00c04fb68820', { name: 'wmi-login', operations: { 6: 'NTLMLogin' } }],
  ['9556dc99-828c-11cf-a37e-00aa003240c7', { name: 'wmi-services', operations: { 20: 'ExecQuery', 24: 'ExecMethod' } }],
  [
    'c681d488-d850-11d0-8c52-00c04fd90f7e',
    { name: 'efsrpc', operations: { 0: 'EfsRpcOpenFileRaw', 4: 'EfsRpcEncryptFileSrv' } },
  ],
  [
    'df1941c5-fe89-4e79-bf10-463657acf44d',
    { name: 'efsrpc', operations: { 0: 'EfsRpcOpenFileRaw', 4: 'EfsRpcEncryptFileSrv' } },
  ],
  [
    '4fc742e0-4a10-11cf-8273-00aa004ae673',
    { name: 'netdfs', operations: { 12: 'NetrDfsAddStdRoot', 13: 'NetrDfsRemoveStdRoot' } },
  ],
  ['3dde7c30-165d-11d1-ab8f-00805f14db40', { name: 'backupkey', operations: { 0: 'BackuprKey' } }],
  ['82273fdc-e32a-18c3-3f78-827929dc23ea', { name: 'eventlog', operations: { 0: 'ElfrClearELFW' } }],
  ['afa8bd80-7d8a-11c9-bef4-08002b102989', { name: 'mgmt', operations: {} }],
  ['dea00001-6c97-11d1-8271-00a02442df7d', { name: 'profinet-device', operations: {} }],
  ['dea00002-6c97-11d1-8271-00a02442df7d', { name: 'profinet-controller', operations: {} }],
]);
