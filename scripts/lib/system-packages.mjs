/** The system packages that the tests drive: real scanners, real brute-forcers, real peers to compare with. */
import { existsSync, readFileSync } from 'node:fs';
import { findProgram, runQuietly } from './programs.mjs';
import { SetupError } from './report.mjs';

/**
 * @typedef {object} SystemPackage
 * @property {string} name as Debian and Ubuntu call it
 * @property {string} proof a program that it installs, or the absolute path of a file
 * @property {string} usedFor the tests that are skipped without it
 */

/** @type {readonly SystemPackage[]} */
export const SYSTEM_PACKAGES = [
  { name: 'make', proof: 'make', usedFor: 'everything that needs the native helper' },
  { name: 'gcc', proof: 'cc', usedFor: 'everything that needs the native helper' },
  { name: 'libc6-dev', proof: '/usr/include/stdio.h', usedFor: 'everything that needs the native helper' },
  { name: 'clang', proof: 'clang', usedFor: 'seeing every process with eBPF' },
  { name: 'bpftool', proof: 'bpftool', usedFor: 'seeing every process with eBPF' },
  { name: 'libbpf-dev', proof: '/usr/include/bpf/libbpf.h', usedFor: 'seeing every process with eBPF' },
  { name: 'iproute2', proof: 'ip', usedFor: 'live capture between network namespaces' },
  { name: 'iputils-ping', proof: 'ping', usedFor: 'ordinary traffic beside attacks' },
  { name: 'curl', proof: 'curl', usedFor: 'ordinary traffic beside attacks' },
  { name: 'socat', proof: 'socat', usedFor: 'noticing real reverse shells' },
  { name: 'libcap2-bin', proof: 'setcap', usedFor: 'noticing granted capabilities' },
  { name: 'ethtool', proof: 'ethtool', usedFor: 'live capture of unmerged packets' },
  { name: 'nftables', proof: 'nft', usedFor: 'blocking' },
  { name: 'tcpdump', proof: 'tcpdump', usedFor: 'comparing with an independent capture' },
  { name: 'tshark', proof: 'tshark', usedFor: 'comparing conversations with an independent tool' },
  { name: 'nmap', proof: 'nmap', usedFor: 'noticing real scans' },
  { name: 'ncat', proof: 'ncat', usedFor: 'noticing real connections' },
  { name: 'hping3', proof: 'hping3', usedFor: 'noticing real floods' },
  { name: 'hydra', proof: 'hydra', usedFor: 'noticing real password guessing' },
  { name: 'medusa', proof: 'medusa', usedFor: 'noticing real password guessing' },
  { name: 'zstd', proof: 'zstd', usedFor: 'reading compressed captures' },
  { name: 'desktop-file-utils', proof: 'desktop-file-validate', usedFor: 'checking the desktop entry' },
  { name: 'apparmor', proof: 'apparmor_parser', usedFor: 'checking the AppArmor profile' },
  { name: 'libxml2-utils', proof: 'xmllint', usedFor: 'checking the polkit policy' },
  { name: 'chromium', proof: 'chromium', usedFor: 'showing reports and pages in a real browser' },
];

/** Waiting for another package manager to finish, and for a mirror to answer, has an end. */
const APT_OPTIONS = [
  '-qq',
  '-o',
  'DPkg::Lock::Timeout=120',
  '-o',
  'Acquire::http::Timeout=30',
  '-o',
  'Acquire::Retries=2',
];

/**
 * @param {(proof: string) => boolean} [isPresent]
 * @returns {readonly SystemPackage[]}
 */
export function missingPackages(isPresent = isProofPresent) {
  return SYSTEM_PACKAGES.filter(({ proof }) => !isPresent(proof));
}

/** @param {readonly SystemPackage[]} packages */
export function installCommand(packages) {
  return `apt-get update && apt-get install --no-install-recommends ${packages.map(({ name }) => name).join(' ')}`;
}

/**
 * @param {string} osRelease the text of /etc/os-release
 * (https://www.freedesktop.org/software/systemd/man/latest/os-release.html)
 */
export function isDebianLike(osRelease) {
  return /^ID(_LIKE)?="?([\w.-]+ )*(debian|ubuntu)\b/m.test(osRelease);
}

/** @returns {boolean} whether {@link installPackages} can work for this user on this system */
export function canInstallPackages() {
  const osRelease = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  return process.getuid?.() === 0 && isDebianLike(osRelease) && findProgram('apt-get') !== undefined;
}

/**
 * Installs what it can. One name that this release does not have would make apt-get refuse them all, so after a
 * refusal they are tried one by one.
 * @param {readonly SystemPackage[]} packages
 */
export function installPackages(packages) {
  const names = packages.map(({ name }) => name);
  try {
    aptGet('update');
  } catch (error) {
    if (!(error instanceof SetupError)) throw error; // The lists of last time may do.
  }
  try {
    aptGet('install', names);
    return;
  } catch (error) {
    if (!(error instanceof SetupError) || names.length === 1) throw error;
  }
  for (const name of names) {
    try {
      aptGet('install', [name]);
    } catch (error) {
      if (!(error instanceof SetupError)) throw error; // What is still missing is said by the caller.
    }
  }
}

/**
 * @param {'update' | 'install'} command
 * @param {readonly string[]} names
 */
function aptGet(command, names = []) {
  const options = command === 'install' ? ['--yes', '--no-install-recommends'] : [];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', DEBCONF_NONINTERACTIVE_SEEN: 'true' };
  runQuietly('apt-get', [...APT_OPTIONS, command, ...options, ...names], env);
}

/** @param {string} proof */
function isProofPresent(proof) {
  return proof.startsWith('/') ? existsSync(proof) : findProgram(proof) !== undefined;
}
