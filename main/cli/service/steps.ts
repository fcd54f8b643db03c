/** What installing and uninstalling do, as steps that can be said before they are done. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { mustRun, type System } from './system.ts';

export const UNIT = 'holdfast.service';

/** Units of the administrator's; they win over a package's. */
const ADMIN_UNIT = `/etc/systemd/system/${UNIT}`;
/** What `systemctl enable` makes of WantedBy=multi-user.target. */
const WANTED = `/etc/systemd/system/multi-user.target.wants/${UNIT}`;

const UNIT_MODE = 0o644;
const FOLDER_MODE = 0o755;

export interface Step {
  /** "start the service", for people. */
  readonly what: string;
  perform(): void;
}

/** Below another root nothing runs, and nothing is told to systemd. */
export interface Target {
  readonly system: System;
  /** systemctl's path; undefined below another root. */
  readonly systemctl: string | undefined;
  /** Empty for this machine. */
  readonly root: string;
}

export function adminUnitFile(target: Target): string {
  return `${target.root}${ADMIN_UNIT}`;
}

/** The unit that the administrator has, or undefined. A link there (a masked unit) reads as its target's text. */
export function adminUnit(target: Target): string | undefined {
  const file = adminUnitFile(target);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/** @param text of the unit to write; undefined where the package's is used */
export function installSteps(target: Target, text: string | undefined): readonly Step[] {
  const steps: Step[] = [];
  const changesUnit = text !== undefined && adminUnit(target) !== text;
  if (changesUnit) {
    const file = adminUnitFile(target);
    steps.push({ what: `write ${file}`, perform: () => writeWhole(file, text) });
  }
  const { systemctl } = target;
  if (systemctl === undefined) {
    const link = `${target.root}${WANTED}`;
    if (!isLink(link)) steps.push({ what: `link ${link}`, perform: () => linkTo(link, text === undefined) });
    return steps;
  }
  const now = serviceState(target);
  const control = (...args: string[]) => void mustRun(target.system, systemctl, args, JOURNAL_HINT);
  if (changesUnit) steps.push({ what: 'let systemd read its units again', perform: () => control('daemon-reload') });
  if (now.enabled !== 'enabled') {
    steps.push({ what: 'start Holdfast with the system', perform: () => control('enable', '--quiet', UNIT) });
  }
  if (changesUnit && now.active === 'active') {
    steps.push({ what: 'start the service anew', perform: () => control('restart', UNIT) });
  } else if (now.active !== 'active') {
    steps.push({ what: 'start the service', perform: () => control('start', UNIT) });
  }
  return steps;
}

/** @param removesUnit whether the administrator's unit is one that Holdfast wrote */
export function uninstallSteps(target: Target, removesUnit: boolean): readonly Step[] {
  const steps: Step[] = [];
  const { systemctl } = target;
  const control = (...args: string[]) => void mustRun(target.system, systemctl ?? '', args, JOURNAL_HINT);
  const now = systemctl === undefined ? undefined : serviceState(target);
  if (now !== undefined && now.load !== 'not-found') {
    if (now.active !== 'inactive') steps.push({ what: 'stop the service', perform: () => control('stop', UNIT) });
    if (now.enabled === 'enabled') {
      steps.push({
        what: 'no longer start Holdfast with the system',
        perform: () => control('disable', '--quiet', UNIT),
      });
    }
  }
  const link = `${target.root}${WANTED}`;
  if (systemctl === undefined && isLink(link)) {
    steps.push({ what: `remove ${link}`, perform: () => rmSync(link, { force: true }) });
  }
  if (removesUnit) {
    const file = adminUnitFile(target);
    steps.push({ what: `remove ${file}`, perform: () => rmSync(file, { force: true }) });
    if (systemctl !== undefined) {
      steps.push({ what: 'let systemd read its units again', perform: () => control('daemon-reload') });
    }
  }
  return steps;
}

const JOURNAL_HINT = `"systemctl status ${UNIT}" and "journalctl -u ${UNIT}" say more.`;

/** In systemd's words (systemctl(1), "show"). */
export interface ServiceState {
  readonly load: string;
  readonly enabled: string;
  readonly active: string;
  readonly result: string;
  readonly unitFile: string;
  /** 0 when none runs. */
  readonly mainPid: number;
}

const PROPERTIES = 'LoadState,UnitFileState,ActiveState,Result,FragmentPath,MainPID';

export function serviceState({ system, systemctl }: Target): ServiceState {
  const args = ['show', UNIT, `--property=${PROPERTIES}`];
  const text = mustRun(system, systemctl ?? '', args, 'Is systemd running? "systemctl is-system-running" says.');
  const value = new Map(text.split('\n').map((line) => [line.split('=', 1)[0], line.slice(line.indexOf('=') + 1)]));
  const of = (name: string): string => value.get(name) ?? '';
  return {
    load: of('LoadState'),
    enabled: of('UnitFileState'),
    active: of('ActiveState'),
    result: of('Result'),
    unitFile: of('FragmentPath'),
    mainPid: Number(of('MainPID')) || 0,
  };
}

/** Never half a unit: systemd may read it at any moment. */
function writeWhole(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: FOLDER_MODE });
  const newborn = join(dirname(file), `.${UNIT}.new`);
  rmSync(newborn, { force: true });
  writeFileSync(newborn, text, { mode: UNIT_MODE, flag: 'wx' });
  renameSync(newborn, file);
}

function linkTo(link: string, packaged: boolean): void {
  mkdirSync(dirname(link), { recursive: true, mode: FOLDER_MODE });
  rmSync(link, { force: true });
  symlinkSync(packaged ? `/usr/lib/systemd/system/${UNIT}` : ADMIN_UNIT, link);
}

function isLink(path: string): boolean {
  const entry = lstatSync(path, { throwIfNoEntry: false });
  return entry?.isSymbolicLink() === true && readlinkSync(path) !== '/dev/null';
}
