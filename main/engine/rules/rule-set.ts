/** Sigma rules, compiled once, and asked about every event. */
import type { HostEvent } from '../../../contract/events.ts';
import { explain, type MatchedField, StatementCompiler } from './compile.ts';
import type { CorrelationHit } from './correlation.ts';
import { CorrelationSet } from './correlation-set.ts';
import { EventReader, type FieldTexts } from './event-reader.ts';
import type { ViewKind } from './event-view.ts';
import { viewsOf } from './field-map.ts';
import { Lane } from './lane.ts';
import type { Placeholders } from './modifiers.ts';
import { quoted, RuleError, type RuleProblem } from './problem.ts';
import { readRule, titleOf } from './read-rule.ts';
import type {
  CorrelationRule,
  DetectionRule,
  EventSource,
  FilterRule,
  LogSource,
  RuleFacts,
  Statement,
} from './types.ts';
import { readYaml } from './yaml.ts';

/** A rule file as it is read: one document or several. */
export interface RuleFile {
  /** Path, for messages. */
  readonly path: string;
  readonly text: string;
}

export interface RuleSetOptions {
  /** What `%name%` stands for in values with the modifier expand. */
  readonly placeholders?: Placeholders;
  /**
   * Also ask rules for auditd about what other sensors saw, as the audit system would have told it: arguments of
   * programs as EXECVE, paths of files as PATH, stopped services as SERVICE_STOP. Off unless told otherwise: those
   * rules count on audit rules that record little, and are many times as loud about everything.
   */
  readonly emulateAudit?: boolean;
  /** Rules that are left out, by id. */
  readonly disabled?: ReadonlySet<string>;
}

/** A rule that an event, or several, matched. */
export interface RuleHit {
  readonly rule: RuleFacts;
  readonly timeMs: number;
  /** Which searches of the rule matched, and what in the event they matched; empty of correlations. */
  readonly matched: readonly MatchedField[];
  /** Of correlations: what they counted. */
  readonly correlation?: Pick<CorrelationHit, 'firstMs' | 'count' | 'group'>;
}

/** Log sources of events that are kept compiled; there are some forty of this host's own. */
const MAX_LANES = 128;

export class SigmaRuleSet {
  readonly detections: readonly DetectionRule[];
  readonly filters: readonly FilterRule[];
  readonly problems: readonly RuleProblem[];
  readonly #correlations: CorrelationSet;
  readonly #compiler = new StatementCompiler();
  readonly #reader = new EventReader(this.#compiler.names);
  readonly #emulatesAudit: boolean;
  #lanes = new Map<EventSource, Lane>();

  private constructor(loaded: LoadedRules, options: RuleSetOptions) {
    const problems = [...loaded.problems];
    const { disabled } = options;
    const isEnabled = ({ id }: RuleFacts): boolean => disabled === undefined || !disabled.has(id);
    this.filters = loaded.filters;
    this.detections = withFilters(loaded.detections.filter(isEnabled), loaded, problems);
    this.#correlations = new CorrelationSet(loaded.correlations.filter(isEnabled), this.detections, problems);
    this.problems = problems;
    this.#emulatesAudit = options.emulateAudit ?? false;
  }

  /** Reads rules. A rule that cannot be used is told in `problems` and does not keep the others from counting. */
  static load(files: readonly RuleFile[], options: RuleSetOptions = {}): SigmaRuleSet {
    return new SigmaRuleSet(readFiles(files, options.placeholders ?? new Map()), options);
  }

  get correlations(): readonly CorrelationRule[] {
    return this.#correlations.rules;
  }

  /** Groups that correlations keep, and those that had to be forgotten. */
  get correlationLoad(): { readonly groups: number; readonly forgotten: number } {
    return this.#correlations.load;
  }

  /** Every rule that this event matches or completes. Events are to come in the order of their time, roughly. */
  match(event: HostEvent): readonly RuleHit[] {
    const hits: RuleHit[] = [];
    this.#pass(event.timeMs, hits);
    for (const view of viewsOf(event)) {
      if (!view.isEmulated || this.#emulatesAudit) this.#ask(view, event, event.timeMs, hits);
    }
    return hits;
  }

  /** The same for an event that is seen in a way of its own, such as a line of somebody else's log. */
  matchView<E>(view: ViewKind<E>, event: E, timeMs: number): readonly RuleHit[] {
    const hits: RuleHit[] = [];
    this.#pass(timeMs, hits);
    this.#ask(view, event, timeMs, hits);
    return hits;
  }

  /** What correlations find because time passes: for a clock, or at the end of the events. */
  advance(nowMs: number): readonly RuleHit[] {
    const hits: RuleHit[] = [];
    this.#pass(nowMs, hits);
    return hits;
  }

  #pass(timeMs: number, hits: RuleHit[]): void {
    for (const hit of this.#correlations.advance(timeMs)) this.#tell(hit, hits);
  }

  #ask<E>(view: ViewKind<E>, event: E, timeMs: number, hits: RuleHit[]): void {
    const lane = this.#laneOf(view.source);
    if (lane.rules.length === 0) return;
    const reader = this.#reader;
    reader.read(view, event);
    lane.match(reader, (rule) => {
      const isSilenced = this.#correlations.isSilenced(rule);
      if (!isSilenced) hits.push({ rule, timeMs, matched: explain(rule.statement, this.#compiler, reader) });
      const field = (name: string): string | undefined => firstText(reader.texts(this.#compiler.names.numberOf(name)));
      for (const hit of this.#correlations.add(rule, { timeMs, field })) this.#tell(hit, hits);
    });
  }

  #tell({ rule, timeMs, firstMs, count, group }: CorrelationHit, hits: RuleHit[]): void {
    if (this.#correlations.isSilenced(rule)) return;
    hits.push({ rule, timeMs, matched: [], correlation: { firstMs, count, group } });
  }

  #laneOf(source: EventSource): Lane {
    let lane = this.#lanes.get(source);
    if (lane === undefined) {
      if (this.#lanes.size >= MAX_LANES) this.#lanes = new Map();
      const rules = this.detections.filter((rule) => isAbout(rule.source, source));
      lane = new Lane(rules, this.#compiler);
      this.#lanes.set(source, lane);
    }
    return lane;
  }
}

function firstText(texts: FieldTexts): string | undefined {
  return typeof texts === 'string' ? texts : texts?.[0];
}

/** Rules that name a product only are about its logs, not about everything that happens there. */
function isAbout({ product, category, service }: LogSource, source: EventSource): boolean {
  if (source.isAny === true) return true;
  if (product !== '' && !source.products.includes(product)) return false;
  if (category !== '' && !source.categories.includes(category)) return false;
  if (service !== '' && !source.services.includes(service)) return false;
  return category !== '' || service !== '' || source.isLog;
}

interface LoadedRules {
  readonly detections: readonly DetectionRule[];
  readonly correlations: readonly CorrelationRule[];
  readonly filters: readonly FilterRule[];
  readonly problems: readonly RuleProblem[];
}

function readFiles(files: readonly RuleFile[], placeholders: Placeholders): LoadedRules {
  const detections: DetectionRule[] = [];
  const correlations: CorrelationRule[] = [];
  const filters: FilterRule[] = [];
  const problems: RuleProblem[] = [];
  const ids = new Map<string, RuleFacts>();
  for (const { path, text } of files) {
    const documents = readYaml(text);
    if (documents.length === 0) problems.push({ file: path, line: 1, rule: '', reason: 'The file has no rule.' });
    for (const document of documents) {
      if ('problem' in document) {
        problems.push({ file: path, line: document.problem.line, rule: '', reason: document.problem.message });
        continue;
      }
      try {
        const rule = readRule(document.root, path, placeholders);
        if (rule.kind === 'filter') {
          filters.push(rule);
          continue;
        }
        const other = ids.get(rule.id);
        if (other !== undefined) {
          const reason = `The id ${quoted(rule.id)} is that of ${quoted(other.title)} (${other.file}:${other.line}).`;
          throw new RuleError(rule.line, reason);
        }
        ids.set(rule.id, rule);
        if (rule.kind === 'detection') detections.push(rule);
        else correlations.push(rule);
      } catch (error) {
        if (!(error instanceof RuleError)) throw error;
        problems.push({ file: path, line: error.line, rule: titleOf(document.root), reason: error.message });
      }
    }
  }
  return { detections, correlations, filters, problems };
}

/** The rules with what the filters join to them. */
function withFilters(
  rules: readonly DetectionRule[],
  { filters, correlations }: LoadedRules,
  problems: RuleProblem[],
): readonly DetectionRule[] {
  if (filters.length === 0) return rules;
  const added = new Map<DetectionRule, Statement[]>();
  const join = (rule: DetectionRule, { statement }: FilterRule): void => {
    added.set(rule, [...(added.get(rule) ?? []), statement]);
  };
  for (const filter of filters) {
    const { rules: named } = filter;
    if (named === 'any') {
      for (const rule of rules) if (concerns(filter.source, rule.source)) join(rule, filter);
      continue;
    }
    for (const reference of named) {
      const rule = rules.find(({ id, name }) => id === reference || name === reference);
      if (rule !== undefined && concerns(filter.source, rule.source)) join(rule, filter);
      else if (rule !== undefined || !correlations.some(({ id }) => id === reference)) {
        const why = rule === undefined ? 'which is not there' : 'which is about another log source';
        const reason = `The filter names the rule ${quoted(reference)}, ${why}.`;
        problems.push({ file: filter.file, line: filter.line, rule: filter.title, reason });
      }
    }
  }
  return rules.map((rule) => {
    const statements = added.get(rule);
    return statements === undefined
      ? rule
      : { ...rule, statement: { kind: 'all', of: [rule.statement, ...statements] } };
  });
}

/** A filter concerns rules whose log source is, or is part of, its own. */
function concerns(filter: LogSource, rule: LogSource): boolean {
  return (['product', 'category', 'service'] as const).every((key) => filter[key] === '' || filter[key] === rule[key]);
}
