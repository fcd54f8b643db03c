import type { Alert, Finding } from '../../../contract/domain.ts';
import { defaultsOf } from '../runtime/settings.ts';
import { areStepsOfOne } from './chain.ts';
import { AlertEntry, alertId } from './entry.ts';
import { ForgetOrder } from './forget-order.ts';
import { HostIndex } from './host-index.ts';
import {
  areSameParties,
  type Case,
  explanation,
  gapMs,
  isRelated,
  isSameAttack,
  isSameTree,
  severityRank,
} from './rules.ts';
import { type AlertSettings, alertSettings } from './settings.ts';
import { type Statement, statementOf } from './statement.ts';

/**
 * What happened to an alert. `withdrawn`: it turned out to be the same attack as another alert, or only
 * the shadow of one; that alert's id is the first of its `related`. It may be `opened` again, when the
 * other no longer explains it.
 */
export type AlertChange = 'opened' | 'changed' | 'withdrawn';

const MS_PER_SECOND = 1000;

/**
 * Joins findings into alerts, one per cause. Pure: its time is that of the traffic, so the same findings in
 * the same order give the same alerts with the same ids, live and over a capture. Findings of the same time
 * give the same alerts in any order, ids aside, as long as no detector speaks twice about one cause.
 *
 * In this order, a finding
 * 1. joins the alert with its cause, when no more than `joinGapSeconds` of silence are between them;
 * 2. joins the alert of the same kind that names the same hosts (JOIN_BY), or of whatever kind about the same tree of
 *    processes; alerts that it bridges become one;
 * 3. joins the alert of another step of the same intrusion (chain.ts), at most `chainGapSeconds` away;
 * 4. opens an alert.
 * Then alerts that are only the shadow of another are taken off the list (EXPLAINED_BY), and alerts of
 * different kinds with a host in common are tied as related.
 *
 * Holds at most `maxAlerts` alerts, shadows included, each with a bounded number of bounded statements.
 */
export class AlertBook {
  /** Called for every change, after the book is consistent again. */
  onChange: ((alert: Alert, change: AlertChange) => void) | undefined;

  private settings: AlertSettings = defaultsOf(alertSettings);
  private joinGapMs = 0;
  private chainGapMs = 0;
  private slackMs = 0;
  private readonly entries = new Map<string, AlertEntry>();
  private readonly byCause = new Map<string, Set<AlertEntry>>();
  private readonly byHost = new HostIndex();
  private readonly forgetOrder = new ForgetOrder();
  private opened = 0;
  private forgotten = 0;
  /** Entries to announce at the end of a call. */
  private touched = new Set<AlertEntry>();

  constructor(settings?: AlertSettings) {
    this.configure(settings ?? this.settings);
  }

  /** From the next finding on; alerts that are told already stay as they are. */
  configure(settings: AlertSettings): void {
    this.settings = settings;
    this.joinGapMs = settings.joinGapSeconds * MS_PER_SECOND;
    this.chainGapMs = settings.chainGapSeconds * MS_PER_SECOND;
    this.slackMs = settings.shadowSlackSeconds * MS_PER_SECOND;
  }

  /** Alerts that had to be forgotten because there were more than `maxAlerts`. */
  get forgottenAlerts(): number {
    return this.forgotten;
  }

  /** Takes a finding in; gives the alert that now speaks of it. */
  add(finding: Finding): Alert {
    const statement = statementOf(finding);
    let entry = this.homeOf(statement) ?? this.open(statement);
    entry.say(statement);
    this.index(entry);
    this.touched.add(entry);
    entry = this.settle(entry);
    const neighbours = this.neighbours(entry);
    this.explain(entry, neighbours);
    if (entry.explainedBy === undefined) this.relate(entry, neighbours);
    this.announce();
    const alert = this.alertOf(entry.explainedBy ?? entry);
    this.makeRoom();
    return alert;
  }

  /** The most severe first, then the latest. */
  list(): Alert[] {
    const visible = [...this.entries.values()].filter((entry) => entry.explainedBy === undefined);
    visible.sort(
      (first, second) =>
        severityRank(second.severity) - severityRank(first.severity) ||
        second.lastSeenMs - first.lastSeenMs ||
        first.sequence - second.sequence,
    );
    return visible.map((entry) => this.alertOf(entry));
  }

  get(id: string): Alert | undefined {
    const entry = this.entries.get(id);
    return entry === undefined || entry.explainedBy !== undefined ? undefined : this.alertOf(entry);
  }

  private alertOf(entry: AlertEntry): Alert {
    return entry.alert(this.settings.maxEvidence);
  }

  /** The alert that a statement belongs to. Where it shows that several are one attack, they become the earliest opened. */
  private homeOf(statement: Statement): AlertEntry | undefined {
    const homes = new Set<AlertEntry>();
    for (const entry of this.byCause.get(statement.cause) ?? []) {
      if (gapMs(entry, statement) <= this.joinGapMs) homes.add(entry);
    }
    for (const entry of this.farNeighbours(statement)) if (this.areOne(entry, statement)) homes.add(entry);
    const [home, ...others] = [...homes].sort((first, second) => first.sequence - second.sequence);
    for (const other of others) this.merge(home!, other);
    return home;
  }

  private areOne(first: Case, second: Case): boolean {
    const gap = gapMs(first, second);
    if (gap <= this.joinGapMs && (isSameAttack(first, second) || isSameTree(first, second))) return true;
    return gap <= this.chainGapMs && areStepsOfOne(first, second) && areSameParties(first, second);
  }

  /** An alert that has grown may now be one with others that the new statement alone was not. */
  private settle(entry: AlertEntry): AlertEntry {
    let settled = entry;
    for (;;) {
      const other = this.farNeighbours(settled).find((each) => this.areOne(settled, each));
      if (other === undefined) return settled;
      const [home, part] = settled.sequence < other.sequence ? [settled, other] : [other, settled];
      this.merge(home, part);
      this.index(home);
      this.touched.add(home);
      settled = home;
    }
  }

  private open(statement: Statement): AlertEntry {
    let attempt = 0;
    let id = alertId(statement.cause, statement.firstSeenMs, attempt);
    while (this.entries.has(id)) {
      attempt += 1;
      id = alertId(statement.cause, statement.firstSeenMs, attempt);
    }
    this.opened += 1;
    const entry = new AlertEntry(id, this.opened, statement);
    this.entries.set(id, entry);
    return entry;
  }

  private merge(home: AlertEntry, other: AlertEntry): void {
    home.absorb(other);
    this.forgetOrder.changed(home);
    this.remove(other);
    // What explained it is a part of it now.
    if (home.explainedBy === other) this.setExplainer(home, undefined, '');
    for (const shadow of other.shadows) this.setExplainer(shadow, home, shadow.explainedMeaning);
    for (const neighbour of other.related) this.tie(home, neighbour);
    this.setExplainer(other, home, '');
    home.shadows.delete(other);
    this.touched.add(other);
  }

  /** Alerts that share a host or a process with this case at about the same time. */
  private neighbours(subject: Case, withinMs = this.joinGapMs): AlertEntry[] {
    const found = this.byHost.sharing([...subject.attackers.listed, ...subject.victims.listed, ...subject.tree]);
    return [...found].filter((entry) => entry !== subject && gapMs(entry, subject) <= withinMs);
  }

  /** Also those that may be another step of the same intrusion. */
  private farNeighbours(subject: Case): AlertEntry[] {
    return this.neighbours(subject, Math.max(this.joinGapMs, this.chainGapMs));
  }

  private relate(entry: AlertEntry, neighbours: readonly AlertEntry[]): void {
    for (const other of neighbours) {
      if (entry.related.size >= this.settings.maxRelated) return;
      const hasRoom = other.explainedBy === undefined && other.related.size < this.settings.maxRelated;
      if (hasRoom && isRelated(entry, other)) this.tie(entry, other);
    }
  }

  private tie(first: AlertEntry, second: AlertEntry): void {
    const { maxRelated } = this.settings;
    if (first === second || first.related.has(second)) return;
    if (first.related.size >= maxRelated || second.related.size >= maxRelated) return;
    first.related.add(second);
    second.related.add(first);
    this.touched.add(first).add(second);
  }

  /** Finds out whether a changed alert is a shadow, and whose; else which others are its shadows. */
  private explain(entry: AlertEntry, neighbours: readonly AlertEntry[]): void {
    this.findExplainer(entry, neighbours);
    if (entry.explainedBy !== undefined) return;
    for (const other of neighbours) {
      if (other.kind === 'anomaly') this.offer(entry, other);
      if (other.kind === 'anomaly' || (other.explainedBy !== undefined && other.explainedBy !== entry)) continue;
      const rule = explanation(other, entry, this.slackMs);
      this.setExplainer(other, rule === undefined ? undefined : entry, rule?.meaning ?? '');
    }
  }

  /** The best of its neighbours that explains it, if there is one. */
  private findExplainer(entry: AlertEntry, neighbours: readonly AlertEntry[]): void {
    let explainer: AlertEntry | undefined;
    let meaning = '';
    for (const other of neighbours) {
      if (other.explainedBy !== undefined) continue;
      const rule = explanation(entry, other, this.slackMs);
      if (rule === undefined || (explainer !== undefined && !explainsBetter(entry, other, explainer))) continue;
      explainer = other;
      meaning = rule.meaning;
    }
    this.setExplainer(entry, explainer, meaning);
  }

  /** Any alert about the same traffic explains an anomaly; a changed one may do so now, better, or no longer. */
  private offer(entry: AlertEntry, anomaly: AlertEntry): void {
    const current = anomaly.explainedBy;
    const rule = explanation(anomaly, entry, this.slackMs);
    if (current === entry && rule === undefined) this.findExplainer(anomaly, this.neighbours(anomaly));
    else if (rule !== undefined && (current === undefined || explainsBetter(anomaly, entry, current))) {
      this.setExplainer(anomaly, entry, rule.meaning);
    }
  }

  /** A shadow has no shadows: they pass to what explains it; anomalies to what explains them best now. */
  private setExplainer(entry: AlertEntry, explainer: AlertEntry | undefined, meaning: string): void {
    const before = entry.explainedBy;
    if (before !== explainer) {
      before?.shadows.delete(entry);
      explainer?.shadows.add(entry);
      entry.explainedBy = explainer;
      this.forgetOrder.changed(entry);
      this.touched.add(entry);
      for (const other of entry.related) this.touched.add(other);
      if (before !== undefined) this.touched.add(before);
    }
    entry.explainedMeaning = meaning;
    if (explainer === undefined) return;
    this.touched.add(explainer);
    // Its many shadows must not push it out of the index.
    this.byHost.put(explainer);
    for (const shadow of [...entry.shadows]) {
      if (shadow.kind === 'anomaly') this.findExplainer(shadow, this.neighbours(shadow));
      else this.setExplainer(shadow, explainer, meaning);
    }
  }

  private announce(): void {
    const touched = [...this.touched].sort((first, second) => first.sequence - second.sequence);
    this.touched = new Set();
    for (const entry of touched) entry.invalidate();
    const changes: [Alert, AlertChange][] = [];
    for (const entry of touched) {
      const visible = entry.explainedBy === undefined;
      const wasForgotten = visible && this.entries.get(entry.id) !== entry;
      if (wasForgotten) continue;
      if (visible) changes.push([this.alertOf(entry), entry.announced ? 'changed' : 'opened']);
      else if (entry.announced) changes.push([this.alertOf(entry), 'withdrawn']);
      entry.announced = visible;
    }
    for (const [alert, change] of changes) this.onChange?.(alert, change);
  }

  private index(entry: AlertEntry): void {
    for (const cause of entry.causes) {
      const entries = this.byCause.get(cause) ?? new Set();
      this.byCause.set(cause, entries.add(entry));
    }
    this.byHost.put(entry);
    this.forgetOrder.put(entry);
  }

  /** Takes an alert out of the book and its ties out of the others. */
  private remove(entry: AlertEntry): void {
    this.entries.delete(entry.id);
    for (const cause of entry.causes) {
      const entries = this.byCause.get(cause);
      entries?.delete(entry);
      if (entries?.size === 0) this.byCause.delete(cause);
    }
    this.byHost.remove(entry);
    this.forgetOrder.remove(entry);
    for (const other of entry.related) {
      other.related.delete(entry);
      other.invalidate();
    }
  }

  /** Forgets shadows first, then the least severe, then the oldest. */
  private makeRoom(): void {
    while (this.entries.size > this.settings.maxAlerts) {
      const least = this.forgetOrder.least();
      if (least === undefined) break;
      this.remove(least);
      this.forgotten += 1;
      for (const shadow of [...least.shadows]) this.setExplainer(shadow, undefined, '');
      least.explainedBy?.forgetShadow(least);
    }
    this.announce();
  }
}

/**
 * Of two that explain an alert: the more severe, then the longer open. Of those that explain an anomaly the stronger
 * one, as there are often several, and who spoke first is chance.
 */
function explainsBetter(entry: AlertEntry, first: AlertEntry, second: AlertEntry): boolean {
  const bySeverity = severityRank(first.severity) - severityRank(second.severity);
  if (bySeverity !== 0) return bySeverity > 0;
  return entry.kind === 'anomaly' ? first.isStrongerThan(second) : first.sequence < second.sequence;
}
