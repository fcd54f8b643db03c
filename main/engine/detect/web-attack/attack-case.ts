import type { AlertKind } from '../../../../contract/domain.ts';
import type { HttpRequestFact } from '../../../../contract/facts.ts';
import type { SettingValues } from '../../runtime/settings.ts';
import { ownText } from '../own-text.ts';
import type { AttackId } from './attack-kinds.ts';
import { type Certainty, certaintyRank } from './sighting.ts';
import type { Spotted } from './spotted.ts';
import type { webAttackSettings } from './web-attack-settings.ts';

/** Different pages and success signs that a case remembers. */
const MAX_PAGES = 8;
const MAX_PAGE_TEXT = 120;

/** How a server answered: what is left of its status. */
export interface AnswerCounts {
  /** 2xx and 3xx. */
  accepted: number;
  /** 4xx. */
  refused: number;
  /** 5xx. */
  failed: number;
}

/** One kind of attack within a case. */
export interface AttackTally {
  readonly attack: AttackId;
  requests: number;
  likely: number;
  surest: Certainty;
  /** The surest sign: the first of its certainty. */
  example: Spotted;
  /** "GET example.org/page". */
  request: string;
  /** What the answer showed; empty as long as nothing did. */
  success: string;
}

/** Who asks whom. */
export interface CaseEnds {
  readonly attacker: string;
  readonly victim: string;
  readonly port: number;
  readonly isTrusted: boolean;
  readonly isVictimInside: boolean;
}

export type CaseKind = Extract<AlertKind, 'web-attack' | 'exploit'>;

/** Everything that one client tried at one server, attacks on the application or on the computer. */
export class AttackCase {
  readonly kind: CaseKind;
  readonly attacker: string;
  readonly victim: string;
  readonly port: number;
  /** The client may not be named as attacker: a gateway, or who else the owner trusts. */
  readonly isTrusted: boolean;
  readonly isVictimOutside: boolean;
  readonly firstUs: number;
  lastUs: number;
  requests = 0;
  readonly answers: AnswerCounts = { accepted: 0, refused: 0, failed: 0 };
  readonly tallies = new Map<AttackId, AttackTally>();
  readonly pages = new Set<string>();
  userAgent: string;
  /** Of whom a proxy says that it asks. */
  forwardedFor: string;
  /** What was told last. */
  reportedUs = Number.NEGATIVE_INFINITY;
  reportedRequests = 0;
  reportedSeverity = '';
  isDirty = true;

  constructor(kind: CaseKind, ends: CaseEnds, request: HttpRequestFact) {
    this.kind = kind;
    this.attacker = ends.attacker;
    this.victim = ends.victim;
    this.port = ends.port;
    this.isTrusted = ends.isTrusted;
    this.isVictimOutside = !ends.isVictimInside;
    this.firstUs = request.timeUs;
    this.lastUs = request.timeUs;
    this.userAgent = request.userAgent;
    this.forwardedFor = request.headers.find(([name]) => name === 'x-forwarded-for')?.[1] ?? '';
  }

  /** Takes what one request showed of this case's kind. */
  add(spotted: readonly Spotted[], request: HttpRequestFact): void {
    this.requests++;
    this.lastUs = Math.max(this.lastUs, request.timeUs);
    this.isDirty = true;
    const page = pageOf(request);
    if (this.pages.size < MAX_PAGES) this.pages.add(page);
    for (const found of spotted) {
      const tally = this.tallies.get(found.attack);
      const isLikely = found.certainty !== 'weak';
      if (tally === undefined) {
        this.tallies.set(found.attack, {
          attack: found.attack,
          requests: 1,
          likely: isLikely ? 1 : 0,
          surest: found.certainty,
          example: found,
          request: `${request.method} ${page}`,
          success: '',
        });
        continue;
      }
      tally.requests++;
      if (isLikely) tally.likely++;
      if (certaintyRank(found.certainty) <= certaintyRank(tally.surest)) continue;
      tally.surest = found.certainty;
      tally.example = found;
      tally.request = `${request.method} ${page}`;
    }
  }

  answered(status: number): void {
    this.isDirty = true;
    if (status < 400) this.answers.accepted++;
    else if (status < 500) this.answers.refused++;
    else this.answers.failed++;
  }

  /** An attack worked. @param shows what the answer, or the victim, showed */
  succeeded(attack: AttackId, shows: string): void {
    const tally = this.tallies.get(attack);
    if (tally === undefined || tally.success !== '') return;
    tally.success = shows;
    this.isDirty = true;
  }

  /** The kinds of attack, those that worked first, then the surest, then the most frequent. */
  ranked(): readonly AttackTally[] {
    return [...this.tallies.values()].sort(
      (a, b) =>
        Number(b.success !== '') - Number(a.success !== '') ||
        certaintyRank(b.surest) - certaintyRank(a.surest) ||
        b.requests - a.requests,
    );
  }

  /** How bad it is; undefined as long as it is not worth an alert. */
  severity(settings: SettingValues<typeof webAttackSettings>): 'low' | 'medium' | 'high' | undefined {
    let likely = 0;
    let isSure = false;
    for (const tally of this.tallies.values()) {
      if (tally.success !== '') return 'high';
      likely += tally.likely;
      isSure ||= tally.surest === 'sure';
    }
    // Advertisements of the web carry scripts in their queries: to servers elsewhere that is no more than notable.
    if (this.isVictimOutside && this.tallies.size === 1 && this.tallies.has('cross-site-scripting') && likely > 0)
      return 'low';
    if (likely === 0) return this.requests >= settings.weakRequests ? 'low' : undefined;
    const { accepted, refused, failed } = this.answers;
    const isRefused = refused > 0 && accepted + failed === 0;
    if (isRefused && this.requests < settings.refusedRequests) return 'low';
    return isSure || likely >= settings.likelyRequests ? 'medium' : 'low';
  }
}

function pageOf({ host, uri }: HttpRequestFact): string {
  const query = uri.indexOf('?');
  const path = query < 0 ? uri : uri.slice(0, query);
  const page = path.startsWith('/') ? `${host}${path}` : path;
  return ownText(page.length > MAX_PAGE_TEXT ? `${page.slice(0, MAX_PAGE_TEXT)}…` : page);
}
