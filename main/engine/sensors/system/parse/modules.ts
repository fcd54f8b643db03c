/** /proc/modules and modules.dep(5). Pure. */

export interface KernelModule {
  readonly name: string;
  readonly sizeBytes: number;
  /** Letters of the kernel's taint flags that this module set: "OE"; empty without. */
  readonly taint: string;
}

const MAX_MODULES = 4_096;
const MAX_PATHS = 20_000;
/** P: not under the GPL, F: loaded by force, O: from outside of the kernel's tree, E: not signed. */
const TAINT = /\(([A-Z]{1,16})\)\s*$/;

/** Lines such as "nf_tables 311296 621 nft_compat,nft_chain_nat, Live 0x0000000000000000 (OE)". */
export function parseModules(text: string): readonly KernelModule[] {
  const modules: KernelModule[] = [];
  for (const line of text.split('\n', MAX_MODULES)) {
    const [name = '', size = ''] = line.split(' ', 2);
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(name) || !/^\d{1,15}$/.test(size)) continue;
    modules.push({ name, sizeBytes: Number(size), taint: TAINT.exec(line.slice(-MAX_TAIL))?.[1] ?? '' });
  }
  return modules;
}

const MAX_TAIL = 64;

/** Name of a module → its path below the folder of the kernel: "kernel/net/netfilter/nf_tables.ko.zst". */
export function parseModulePaths(text: string): ReadonlyMap<string, string> {
  const paths = new Map<string, string>();
  for (const line of text.split('\n', MAX_PATHS)) {
    const colon = line.indexOf(':');
    const path = colon === -1 ? line : line.slice(0, colon);
    const file = path.slice(path.lastIndexOf('/') + 1);
    const end = file.indexOf('.ko');
    // The kernel writes names with underscores, whatever the file has.
    if (end > 0) paths.set(file.slice(0, end).replaceAll('-', '_'), path);
  }
  return paths;
}
