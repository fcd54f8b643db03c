/** What the owner knows to be bad: lists of addresses, names, hashes and fingerprints, and who asks them. */
export {
  indicatorsDirectory,
  listFiles,
  MAX_LISTS,
  ownListName,
  readListFile,
  removeOwnList,
  writeOwnList,
} from './files.ts';
export {
  BUILT_IN_TABLE,
  checkValue,
  type IndicatorList,
  type LoadedIndicators,
  loadIndicators,
  tryList,
} from './load.ts';
export { type IndicatorSettings, indicatorSettings } from './settings.ts';
export { type CompiledIndicators, IndicatorTable } from './table.ts';
