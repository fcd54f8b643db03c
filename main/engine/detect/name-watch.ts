import type { bruteForceSettings } from './brute-force-settings.ts';
import type { DetectorContext } from './detector.ts';
import { type NamedLogin, strangeNames, type TriedNames } from './login-names.ts';
import { loginProtocolOf } from './login-protocols.ts';
import { describeNameGuessing } from './name-guessing.ts';

const REPORT_GROWTH = 2;
const REPORT_EVERY_US = 600e6;
const MAX_WATCHED = 128;
/** Behind a computer that many people use, those who get in are many; a sprayer is lucky now and then. */
const STRANGE_PER_ACCEPTED = 3;

interface Watched {
  readonly login: NamedLogin;
  readonly tried: TriedNames;
}

/** Who fails under many names, however slowly: told when nothing faster tells of it already. Holds 128. */
export class NameWatch {
  readonly #context: DetectorContext<typeof bruteForceSettings>;
  readonly #watched = new Map<TriedNames, Watched>();

  constructor(context: DetectorContext<typeof bruteForceSettings>) {
    this.#context = context;
  }

  /** @param isKnown the same sender is told for the pace of its tries */
  judge(login: NamedLogin, tried: TriedNames, isKnown: boolean, nowUs: number): void {
    if (isKnown) return;
    if (tried.reportedNames > 0) {
      if (tried.names.size >= tried.reportedNames * REPORT_GROWTH) this.#report(login, tried, nowUs);
      return;
    }
    if (tried.names.size < this.#context.settings.sprayedNames) return;
    const strange = strangeNames(tried);
    if (strange < this.#context.settings.sprayedNames || strange < STRANGE_PER_ACCEPTED * tried.accepted.size) return;
    if (this.#watched.size >= MAX_WATCHED) {
      const oldest = this.#watched.keys().next();
      if (!oldest.done) this.#watched.delete(oldest.value);
    }
    this.#watched.set(tried, { login, tried });
    this.#report(login, tried, nowUs);
  }

  tick(nowUs: number, isStopping: boolean): void {
    for (const { login, tried } of this.#watched.values()) {
      if (tried.lastUs <= tried.reportedUs) continue;
      if (isStopping || nowUs - tried.reportedUs >= REPORT_EVERY_US) this.#report(login, tried, nowUs);
    }
  }

  reset(nowUs: number): void {
    this.tick(nowUs, true);
    this.#watched.clear();
  }

  #report(login: NamedLogin, tried: TriedNames, nowUs: number): void {
    tried.reportedNames = tried.names.size;
    tried.reportedUs = nowUs;
    const protocol = loginProtocolOf(login.service, 0);
    if (protocol !== undefined) this.#context.report(describeNameGuessing(login.client, protocol, tried));
  }
}
