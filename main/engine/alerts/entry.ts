import { createHash } from 'node:crypto';
import {
  type Alert,
  type AlertKind,
  type AlertStage,
  type Evidence,
  type FileRecord,
  MAX_LISTED_FILES,
  type ProcessRecord,
  type Severity,
} from '../../../contract/domain.ts';
import { chainExplanation, chainSeverity, chainTitle, isChain, stagesOf, treeTitle } from './chain.ts';
import { type HostList, mergeHosts, NO_HOSTS } from './hosts.ts';
import { type Case, severityRank } from './rules.ts';
import { byStrength, combinedConfidence, type Statement, supportedConfidence } from './statement.ts';
import { mergeNamed } from './trees.ts';

/**
 * Statements that one alert keeps. More detectors than this do not speak about one cause; what is beyond
 * (earlier rounds of a cause that comes back all day) leaves its hosts, techniques and count.
 */
const MAX_STATEMENTS = 8;

/** Causes by which an alert is found again. Beyond it, findings join by their hosts alone. */
const MAX_CAUSES = 256;

/** Processes that one alert names: the lineages of several programs, and still a picture that somebody can take in. */
const MAX_PROCESSES = 64;
/** Processes by which an alert is found again. */
const MAX_TREE = 256;

/** Shadows that are named one by one in the evidence: the strongest of the first few. */
const MAX_SHADOWS_NAMED = 3;
const MAX_SHADOWS_COMPARED = 64;

/** An alert in the making: its statements, and its ties to others. The book owns the ties. */
export class AlertEntry implements Case {
  readonly id: string;
  /** Counts up in the order of opening. */
  readonly sequence: number;

  kind: AlertKind;
  kinds: readonly AlertKind[] = [];
  hasFoothold = false;
  /** Never falls: the worst that was said. */
  severity: Severity;
  confidence = 0;
  firstSeenMs: number;
  lastSeenMs: number;
  attackers: HostList = NO_HOSTS;
  victims: HostList = NO_HOSTS;
  readonly causes = new Set<string>();
  isOnHost = false;
  readonly tree = new Set<string>();

  /** The alert of which this one is only the shadow. */
  explainedBy: AlertEntry | undefined;
  /** Why: the sentence of the rule. */
  explainedMeaning = '';
  /** Those that this one explains. */
  readonly shadows = new Set<AlertEntry>();
  readonly related = new Set<AlertEntry>();
  /** Watchers know of it as an open alert. */
  announced = false;
  /** Hosts and processes under which the book's index has it. */
  indexed = new Set<string>();

  /** The strongest first. */
  private statements: Statement[] = [];
  private findings = 0;
  private readonly detectors = new Set<string>();
  /** What statements that are no longer kept left behind. */
  private pastAttackers: HostList = NO_HOSTS;
  private pastVictims: HostList = NO_HOSTS;
  private readonly pastTechniques = new Set<string>();
  private pastProcesses: readonly ProcessRecord[] = [];
  private pastFiles: readonly FileRecord[] = [];
  /** The steps of an attack of several kinds; empty for one of one kind. */
  private stages: readonly AlertStage[] = [];
  private composed: Alert | undefined;
  /** Shadows that the book had to forget. */
  private forgottenShadows = 0;
  private hasForgottenAnomaly = false;

  constructor(id: string, sequence: number, statement: Statement) {
    this.id = id;
    this.sequence = sequence;
    this.kind = statement.kind;
    this.severity = statement.severity;
    this.firstSeenMs = statement.firstSeenMs;
    this.lastSeenMs = statement.lastSeenMs;
  }

  /** Joins a finding. The same detector on the same cause corrects itself, unless it tells of a new round. */
  say(statement: Statement): void {
    this.findings += 1;
    const earlier = this.statements.findIndex(
      (other) =>
        other.detector === statement.detector &&
        other.cause === statement.cause &&
        statement.firstSeenMs <= other.lastSeenMs,
    );
    if (earlier >= 0) this.statements.splice(earlier, 1);
    this.take(statement);
    this.refresh();
  }

  /** Takes over everything that another alert, found to be the same attack, has gathered. */
  absorb(other: AlertEntry): void {
    this.findings += other.findings;
    for (const statement of other.statements) this.take(statement);
    for (const cause of other.causes) this.addCause(cause);
    for (const detector of other.detectors) this.detectors.add(detector);
    for (const technique of other.pastTechniques) this.pastTechniques.add(technique);
    this.pastAttackers = mergeHosts(this.pastAttackers, other.pastAttackers);
    this.pastVictims = mergeHosts(this.pastVictims, other.pastVictims);
    this.pastProcesses = mergeProcesses(this.pastProcesses, other.pastProcesses);
    this.pastFiles = mergeFiles(this.pastFiles, other.pastFiles);
    this.forgottenShadows += other.forgottenShadows;
    this.hasForgottenAnomaly ||= other.hasForgottenAnomaly;
    this.widen(other);
    this.refresh();
  }

  /** A shadow is no longer in the book; that there was one still counts. */
  forgetShadow(shadow: AlertEntry): void {
    if (!this.shadows.delete(shadow)) return;
    this.forgottenShadows += 1;
    this.hasForgottenAnomaly ||= shadow.kind === 'anomaly';
    this.invalidate();
  }

  /** The ties changed: compose again when asked. */
  invalidate(): void {
    this.composed = undefined;
  }

  /** By its strongest statement. */
  isStrongerThan(other: AlertEntry): boolean {
    return byStrength(this.lead, other.lead) < 0;
  }

  /** The alert as it stands. */
  alert(maxEvidence: number): Alert {
    this.composed ??= this.compose(maxEvidence);
    return this.composed;
  }

  private take(statement: Statement): void {
    this.statements.push(statement);
    this.detectors.add(statement.detector);
    this.addCause(statement.cause);
    this.widen(statement);
  }

  private addCause(cause: string): void {
    if (this.causes.size < MAX_CAUSES) this.causes.add(cause);
  }

  private widen(other: Case): void {
    this.firstSeenMs = Math.min(this.firstSeenMs, other.firstSeenMs);
    this.lastSeenMs = Math.max(this.lastSeenMs, other.lastSeenMs);
    this.hasFoothold ||= other.hasFoothold;
    this.isOnHost ||= other.isOnHost;
    for (const name of other.tree) if (this.tree.size < MAX_TREE) this.tree.add(name);
    if (severityRank(other.severity) > severityRank(this.severity)) this.severity = other.severity;
  }

  /** Works out what follows from the statements. */
  private refresh(): void {
    this.statements.sort(byStrength);
    this.stages = stagesOf(this.statements, this.stages);
    for (const statement of this.surplus()) {
      this.pastAttackers = mergeHosts(this.pastAttackers, statement.attackers);
      this.pastVictims = mergeHosts(this.pastVictims, statement.victims);
      for (const technique of statement.techniques) this.pastTechniques.add(technique);
      this.pastProcesses = mergeProcesses(this.pastProcesses, statement.processes);
      this.pastFiles = mergeFiles(this.pastFiles, statement.files);
    }
    this.kind = this.lead.kind;
    this.kinds = [...new Set(this.statements.map(({ kind }) => kind))];
    this.confidence = combinedConfidence(this.statements);
    this.attackers = this.statements.map(({ attackers }) => attackers).reduce(mergeHosts);
    this.attackers = mergeHosts(this.attackers, this.pastAttackers);
    this.victims = this.statements.map(({ victims }) => victims).reduce(mergeHosts);
    this.victims = mergeHosts(this.victims, this.pastVictims);
    const together = chainSeverity(this.stages);
    if (severityRank(together) > severityRank(this.severity)) this.severity = together;
    this.invalidate();
  }

  /** Takes out and gives the weakest statements beyond the limit; the strongest of each kind stays, for the story. */
  private surplus(): Statement[] {
    const kept: Statement[] = [];
    const dropped: Statement[] = [];
    for (const statement of this.statements) {
      const isFirstOfKind = !kept.some(({ kind }) => kind === statement.kind);
      (isFirstOfKind || kept.length < MAX_STATEMENTS ? kept : dropped).push(statement);
    }
    this.statements = kept;
    return dropped;
  }

  private get lead(): Statement {
    return this.statements[0]!;
  }

  private compose(maxEvidence: number): Alert {
    const techniques = new Set([
      ...this.statements.flatMap((statement) => statement.techniques),
      ...this.pastTechniques,
    ]);
    const isIntrusion = isChain(this.stages);
    const processes = [...this.statements.map((each) => each.processes), this.pastProcesses].reduce(mergeProcesses);
    const files = [...this.statements.map((each) => each.files), this.pastFiles].reduce(mergeFiles);
    return {
      id: this.id,
      kind: this.kind,
      title: isIntrusion ? this.chainTitle() : this.lead.title,
      severity: this.severity,
      confidence: this.isUnusual() ? supportedConfidence(this.confidence) : this.confidence,
      techniques: [...techniques],
      attackers: this.attackers.listed,
      victims: this.victims.listed,
      attackerCount: this.attackers.count,
      victimCount: this.victims.count,
      firstSeenMs: this.firstSeenMs,
      lastSeenMs: this.lastSeenMs,
      findings: this.findings,
      explanation: isIntrusion ? chainExplanation(this.stages, this.lead.explanation) : this.lead.explanation,
      evidence: this.composeEvidence(maxEvidence),
      detectors: [...this.detectors].sort(),
      related: this.composeRelated(),
      ...(isIntrusion ? { stages: this.stages } : {}),
      ...(processes.length > 0 ? { processes } : {}),
      ...(files.length > 0 ? { files } : {}),
    };
  }

  /** An anomaly about the same traffic stands behind it. */
  private isUnusual(): boolean {
    for (const shadow of this.shadows) if (shadow.kind === 'anomaly') return true;
    return this.hasForgottenAnomaly;
  }

  private chainTitle(): string {
    if (this.attackers.count === 0 && this.victims.count === 0) return treeTitle(this.stages, this.rootName());
    return chainTitle(this.stages, hostsText(this.attackers), hostsText(this.victims));
  }

  /** The nearest program under which all of it happened. */
  private rootName(): string {
    const { processes, tree } = this.lead;
    const names = [...tree];
    const others = this.statements.filter((each) => each.tree.size > 0);
    const common = names.findIndex((name) => others.every((each) => each.tree.has(name)));
    const image = processes[common < 0 ? 0 : common]?.image ?? '';
    return image.slice(image.lastIndexOf('/') + 1);
  }

  private composeEvidence(maxEvidence: number): Evidence[] {
    const rows: Evidence[] = [...this.lead.evidence];
    const titles = new Set([this.lead.title]);
    for (const statement of this.statements.slice(1)) {
      // The steps of an intrusion have a list of their own.
      const isStep = this.stages.some(({ title }) => title === statement.title) && isChain(this.stages);
      if (!titles.has(statement.title) && !isStep) {
        titles.add(statement.title);
        rows.push({ name: 'also seen', value: statement.title, meaning: 'Another sign of the same attack.' });
      }
      rows.push(...statement.evidence.filter((row) => !rows.some((other) => isSameFact(row, other))));
    }
    const shadows = this.shadowEvidence();
    return [...rows.slice(0, maxEvidence - shadows.length), ...shadows];
  }

  private shadowEvidence(): Evidence[] {
    const shadows: AlertEntry[] = [];
    for (const shadow of this.shadows) {
      shadows.push(shadow);
      if (shadows.length === MAX_SHADOWS_COMPARED) break;
    }
    shadows.sort((first, second) => byStrength(first.lead, second.lead));
    const rows: Evidence[] = shadows.slice(0, MAX_SHADOWS_NAMED).map((shadow) => ({
      name: shadow.kind === 'anomaly' ? 'also unusual' : 'also looks like',
      value: shadow.lead.title,
      meaning: shadow.explainedMeaning,
    }));
    const unnamed = this.shadows.size - rows.length + this.forgottenShadows;
    if (unnamed > 0) {
      rows.push({
        name: 'also looks like',
        value: unnamed,
        unit: unnamed === 1 ? 'other finding' : 'other findings',
        meaning: 'They are the same traffic as well.',
      });
    }
    return rows;
  }

  /** What explains this alert comes first, when there is such a thing. */
  private composeRelated(): string[] {
    const visible = [...this.related].filter((other) => other.explainedBy === undefined && other !== this.explainedBy);
    const ids = visible.sort((first, second) => first.sequence - second.sequence).map(({ id }) => id);
    return this.explainedBy === undefined ? ids : [this.explainedBy.id, ...ids];
  }
}

function mergeProcesses(first: readonly ProcessRecord[], second: readonly ProcessRecord[]): readonly ProcessRecord[] {
  return mergeNamed(first, second, ({ pid, startedMs }) => `${pid} ${startedMs ?? ''}`, MAX_PROCESSES);
}

function mergeFiles(first: readonly FileRecord[], second: readonly FileRecord[]): readonly FileRecord[] {
  return mergeNamed(first, second, ({ path }) => path, MAX_LISTED_FILES);
}

/** "10.0.0.5", "10.0.0.5 and 2 more". */
function hostsText({ listed, count }: HostList): string {
  if (listed.length === 0) return 'somebody';
  return count > 1 ? `${listed[0]} and ${(count - 1).toLocaleString('en-US')} more` : listed[0]!;
}

function isSameFact(first: Evidence, second: Evidence): boolean {
  return first.name === second.name && first.value === second.value && first.unit === second.unit;
}

/** Hexadecimal digits of an id: 48 bits, so that ten thousand alerts collide once in five million runs. */
const ID_DIGITS = 12;

/** The same cause at the same first moment gives the same id in every run. `attempt` tells collisions apart. */
export function alertId(cause: string, firstSeenMs: number, attempt: number): string {
  const hash = createHash('sha256').update(JSON.stringify([cause, firstSeenMs, attempt]));
  return `a-${hash.digest('hex').slice(0, ID_DIGITS)}`;
}
