/** `holdfast service …`: the engine as a service of the system, and the way back. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { plainText } from '../../../contract/text.ts';
import { type CommandContext, writeJson, writeLines } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { CommandError } from '../failure.ts';
import { restoreNetwork as takeBack } from '../service/network.ts';
import { PACKAGED_UNIT, type Program, thisProgram, whyUntrusted } from '../service/place.ts';
import {
  adminUnit,
  adminUnitFile,
  installSteps,
  type ServiceState,
  type Step,
  serviceState,
  type Target,
  uninstallSteps,
} from '../service/steps.ts';
import { type System, thisSystem } from '../service/system.ts';
import { isOurUnit, unitText } from '../service/unit.ts';

export interface ServiceOptions {
  readonly json?: boolean;
  /** Another root: files are written below it, and nothing is run. */
  readonly root?: string;
}

/** What a command does its work on; tests give doubles. */
export interface ServiceWorld {
  readonly system: System;
  readonly program: Program;
  /** See whyUntrusted. */
  whyUntrusted(root: string): string | undefined;
}

const REAL_WORLD = (): ServiceWorld => ({ system: thisSystem(), program: thisProgram(), whyUntrusted });

/** Longest path that Linux knows (PATH_MAX). */
const MAX_LINE = 4_096;

/** Installs, enables and starts the service. Does only what is not done yet. */
export async function installService(
  options: ServiceOptions,
  context: CommandContext,
  world: ServiceWorld = REAL_WORLD(),
): Promise<ExitCode> {
  const target = targetOf(options, world.system);
  const { program } = world;
  const usesPackage = program.isPackaged && existsSync(`${target.root}${PACKAGED_UNIT}`);
  if (!usesPackage) {
    const why = world.whyUntrusted(program.root);
    if (why !== undefined) {
      throw failed(
        'unsafe-program',
        `The service would run as root what others can change: ${why}.`,
        'Install a package of Holdfast, or put it where only root can write, such as /opt/holdfast.',
      );
    }
  }
  const theirs = adminUnit(target);
  if (theirs !== undefined && !isOurUnit(theirs)) {
    throw failed(
      'foreign-unit',
      `${adminUnitFile(target)} is not Holdfast’s.`,
      'Remove it if you do not need it, or start the service that it describes.',
    );
  }
  perform(installSteps(target, usesPackage ? undefined : unitText(program.launcher)), options, context, {
    done: 'Holdfast is installed as a service.',
    nothing: `Holdfast is already installed as a service${target.root === '' ? ', and it is running' : ''}.`,
  });
  return EXIT.fine;
}

/** Stops the service and takes it away; settings and data stay. */
export async function uninstallService(
  options: ServiceOptions,
  context: CommandContext,
  world: ServiceWorld = REAL_WORLD(),
): Promise<ExitCode> {
  const target = targetOf(options, world.system);
  const unit = adminUnit(target);
  perform(uninstallSteps(target, unit !== undefined && isOurUnit(unit)), options, context, {
    done: 'Holdfast is no longer a service. Its settings and data are still there.',
    nothing: 'Holdfast is not installed as a service.',
  });
  return EXIT.fine;
}

/** Says whether the service is installed and running; status 3 when it is not running. */
export async function serviceStatus(
  options: ServiceOptions,
  context: CommandContext,
  world: ServiceWorld = REAL_WORLD(),
): Promise<ExitCode> {
  const state = serviceState({ ...systemd(world.system), root: '' });
  const isRunning = state.active === 'active';
  if (options.json) writeJson(context.out, { isInstalled: state.load !== 'not-found', isRunning, ...state });
  else writeLines(context.out, stateText(state));
  return isRunning ? EXIT.fine : EXIT.failed;
}

function stateText({ load, enabled, active, result, unitFile, mainPid }: ServiceState): readonly string[] {
  if (load === 'not-found') {
    return ['Holdfast is not installed as a service.', '  To install it, as root: holdfast service install'];
  }
  if (load === 'masked') {
    return ['The service is masked: the administrator keeps it from starting.', '  systemctl unmask holdfast'];
  }
  const running =
    active === 'active'
      ? `The service is running (process ${mainPid}).`
      : `The service is not running${result === 'success' || result === '' ? '' : ` (${plainText(result)})`}.`;
  const begins = enabled === 'enabled' ? 'It starts with the system.' : 'It does not start with the system.';
  return [running, begins, `  ${plainText(unitFile, MAX_LINE)}`];
}

/** Takes back what Holdfast changed in the network; the service's stop hook. */
export async function restoreNetwork(
  options: ServiceOptions,
  context: CommandContext,
  world: ServiceWorld = REAL_WORLD(),
): Promise<ExitCode> {
  const simulate = context.globals.simulate ?? false;
  const outcome = takeBack(world.system, simulate);
  if (options.json) writeJson(context.out, { simulate, ...outcome });
  else if (outcome.removed.length === 0) {
    const why = outcome.note === '' ? '' : `: ${outcome.note}`;
    context.out.write(`Nothing of Holdfast’s is in the network${why}.\n`);
  } else {
    const verb = simulate ? 'Would have removed' : 'Removed';
    context.out.write(`${verb} the packet filter tables ${outcome.removed.join(', ')}.\n`);
  }
  return EXIT.fine;
}

interface Words {
  readonly done: string;
  readonly nothing: string;
}

function perform(steps: readonly Step[], options: ServiceOptions, context: CommandContext, words: Words): void {
  const simulate = context.globals.simulate ?? false;
  const lines = steps.map(({ what, perform: act }) => {
    if (!simulate) act();
    return what;
  });
  if (options.json) {
    writeJson(context.out, { simulate, steps: lines });
  } else if (lines.length === 0) {
    writeLines(context.out, [words.nothing]);
  } else if (simulate) {
    writeLines(context.out, ['Nothing was done. It would:', ...lines.map((line) => `  ${plainText(line, MAX_LINE)}`)]);
  } else {
    writeLines(context.out, [...lines.map((line) => `  ${plainText(line, MAX_LINE)}`), words.done]);
  }
}

function targetOf({ root }: ServiceOptions, system: System): Target {
  if (root !== undefined) return { system, systemctl: undefined, root: resolve(root).replace(/\/$/, '') };
  if (system.userId !== 0) {
    throw failed('needs-root', 'Only root can change services.', 'Run it as root: sudo holdfast service …');
  }
  return { ...systemd(system), root: '' };
}

function systemd(system: System): { readonly system: System; readonly systemctl: string } {
  const systemctl = system.find('systemctl');
  if (systemctl === undefined || !system.hasSystemd) {
    throw failed(
      'no-systemd',
      'This system is not run by systemd, so that there is no service to speak of.',
      'Start "holdfast daemon" by what starts services here.',
    );
  }
  return { system, systemctl };
}

function failed(code: string, message: string, hint: string): CommandError {
  return new CommandError({ code, message, hint }, EXIT.failed);
}
