/** The text of the unit for a program that lies elsewhere than where packages put it. */
import { readFileSync } from 'node:fs';
import { wrongInput } from '../failure.ts';

const UNIT_FILE = new URL('../../../assets/linux/holdfast.service', import.meta.url);

/** What the unit starts; its other lines do not name the program. */
const PACKAGED_LAUNCHER = '/usr/lib/holdfast/holdfast';

/** Says that the file is ours to change and to remove. */
const MARK = '# Written by "holdfast service install"; "holdfast service uninstall" removes it.';

/** systemd splits at blanks, expands % and $, and unquotes (systemd.service(5), "Command lines"); these need none of it. */
const PLAIN_PATH = /^\/[\w./+@-]+$/;

/** What ProtectHome= and PrivateTmp= of the unit hide from the service, and so a program in there. */
const HIDDEN = /^\/(home|root|run\/user|tmp|var\/tmp)\//;

/**
 * @param launcher absolute
 * @throws CommandError `awkward-path` for a path that a unit cannot name as it is, or that the service would not see
 */
export function unitText(launcher: string, template: string = readFileSync(UNIT_FILE, 'utf8')): string {
  if (!PLAIN_PATH.test(launcher)) {
    const hint =
      'Move Holdfast to a folder whose path has only letters, digits and . _ + @ - in it, such as /opt/holdfast.';
    throw wrongInput('awkward-path', `A service cannot be started from ${launcher}.`, hint);
  }
  if (HIDDEN.test(launcher)) {
    const hint = 'Move Holdfast to a folder of the system, such as /opt/holdfast, or install a package of it.';
    throw wrongInput('awkward-path', `The service sees no home and no temporary folder, and so not ${launcher}.`, hint);
  }
  return `${MARK}\n${template.replaceAll(PACKAGED_LAUNCHER, launcher)}`;
}

export function isOurUnit(text: string): boolean {
  return text.startsWith(MARK);
}
