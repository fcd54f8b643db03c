/** The computer as somebody may change it to stay, to get rights or to hide; and what it is. */
export { createCollectors, snapshotForms } from './collectors/table.ts';
export { type FirewallState, readFirewall } from './firewall.ts';
export { HostFiles } from './host-files.ts';
export { packageOwners } from './package-owners.ts';
export { type PersistenceEntry, persistenceList, persistencePaths } from './persistence.ts';
export { readProtection, type SystemProtection } from './protection.ts';
export { SystemSensor, type SystemSensorOptions } from './sensor.ts';
export { readSituation, type SystemSituation } from './situation.ts';
export { FileSnapshotStore, MemorySnapshotStore, type SnapshotStore, type SystemSnapshot } from './snapshot.ts';
export { takeSnapshot } from './take-snapshot.ts';
