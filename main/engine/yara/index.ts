/** Rules about content, in YARA: compiling them, and asking them about files and what is packed inside. */
export { type CompiledYara, compileYara, problemOf, type YaraProblem } from './compile.ts';
export {
  type ContentHit,
  type ContentVerdict,
  INSIDE,
  scanContent,
  type UnpackLimits,
  USUAL_UNPACK,
  unpackWithin,
} from './content.ts';
export { importedYaraRules, OWN_YARA_RULES, readYaraFiles } from './folder.ts';
export { descriptionOf, listRules, severityOf, techniquesOf, type YaraRuleFacts } from './rule-list.ts';
export { type FileNames, type ScanVerdict, YaraFailure, type YaraHit, YaraScanner } from './scanner.ts';
