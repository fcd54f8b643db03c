/** Raw records from the kernel: live capture, and what this host knows about its network. */
export { type AccessCounts, AccessSensor, type AccessSensorOptions } from './access/index.ts';
export {
  FILE_MAGICS,
  type FileCounts,
  type FileMagic,
  FileSensor,
  type FileSensorOptions,
  type FileSystem,
  type FileSystemState,
  type FileVerdict,
  type FileVerdictRequest,
  type ProcessLookup,
  VerdictCache,
  type VerdictCacheOptions,
  type VerdictCounts,
  VerdictGate,
  type VerdictGateOptions,
  type WatchedOpenings,
} from './files/index.ts';
export { RecordFrames } from './frames.ts';
export { type CaptureAbility, canCapture, DEFAULT_HELPER_PATH, HELPER_EXIT } from './helper.ts';
export { HelperStream, type HelperStreamOptions } from './helper-stream.ts';
export { type HostNetwork, readHostNetwork } from './host-network.ts';
export { type InterfaceCounters, readInterfaceCounters, readOwnAddresses } from './interface-counters.ts';
export {
  canReadJournal,
  type FollowedFile,
  type JournalAbility,
  type JournalCursorStore,
  JournalReader,
  type JournalReaderOptions,
  type LogFile,
  type LogFormat,
  type LogPosition,
  type LogPositionStore,
  LogTail,
  type LogTailLimits,
  type LogTailOptions,
  USUAL_LOG_FILES,
} from './logs/index.ts';
export {
  isOfSystemPackage,
  type ProcessCounts,
  type ProcessMethod,
  ProcessSensor,
  type ProcessSensorOptions,
  UserNames,
} from './processes/index.ts';
export { type InterfaceState, type PumpControl, type PumpEnd, pumpCapture } from './reader.ts';
export { CaptureSensor, type CaptureSensorOptions, type CaptureStream } from './sensor.ts';
export { ALL_INTERFACES, AUTOMATIC_INTERFACES, sensorSettings } from './settings.ts';
export { type SocketCounts, type SocketMethod, SocketSensor, type SocketSensorOptions } from './sockets/index.ts';
export {
  FileSnapshotStore,
  type FirewallState,
  HostFiles,
  MemorySnapshotStore,
  type PersistenceEntry,
  packageOwners,
  persistenceList,
  persistencePaths,
  readFirewall,
  readProtection,
  readSituation,
  type SnapshotStore,
  type SystemProtection,
  SystemSensor,
  type SystemSensorOptions,
  type SystemSituation,
  type SystemSnapshot,
  snapshotForms,
  takeSnapshot,
} from './system/index.ts';
