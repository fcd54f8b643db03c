/** Rules in Sigma: reading, compiling, and matching them with what happens on the host. Pure but for folder.ts. */
export type { MatchedField } from './compile.ts';
export { type EventFile, type FileEvent, matchFileEvent, readEvents } from './event-file.ts';
export { type ViewKind, viewKind } from './event-view.ts';
export { fieldMap, viewsOf } from './field-map.ts';
export { importedRules, OWN_RULES, type ReadRules, readRuleFiles } from './folder.ts';
export { MODIFIER_NAMES, type Placeholders } from './modifiers.ts';
export type { RuleProblem } from './problem.ts';
export { type RuleFile, type RuleHit, type RuleSetOptions, SigmaRuleSet } from './rule-set.ts';
export type {
  CorrelationRule,
  DetectionRule,
  EventSource,
  FieldValue,
  LogSource,
  RuleFacts,
  RuleLevel,
} from './types.ts';
