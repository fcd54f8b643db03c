/** Runs modules of wasm-assembler.ts, each over memory of its own. */
import { assemble, f32x4, pagesFor, type V128, type WasmFunction } from './wasm-assembler.ts';

/** What is used of the language's WebAssembly, which only the libraries of browsers describe. */
declare const WebAssembly: {
  readonly Memory: new (size: { initial: number; maximum: number }) => WasmMemory;
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => WasmModule;
  readonly Instance: new (module: WasmModule, imports: object) => { readonly exports: unknown };
};
interface WasmMemory {
  readonly buffer: ArrayBuffer;
}
type WasmModule = object;

/** a × b + c. */
export type MultiplyAdd = (a: V128, b: V128, c: V128) => V128;

/**
 * Makes a module ready to be opened as often as wanted; it is compiled when that first happens. The relaxed
 * multiply-add is left out where the machine's WebAssembly is too old for it.
 *
 * @returns opens it over memory of so many bytes; undefined where WebAssembly is switched off or has no address space
 *   left. `Kernels` must be what the functions are.
 */
export function moduleOf<Kernels>(
  functionsOf: (multiplyAdd: MultiplyAdd) => WasmFunction[],
): (bytes: number) => (Kernels & { readonly memory: ArrayBuffer }) | undefined {
  let compiled: WasmModule | undefined;
  const compile = (): WasmModule => {
    try {
      return new WebAssembly.Module(assemble(functionsOf(f32x4.relaxedMultiplyAdd)));
    } catch {
      return new WebAssembly.Module(assemble(functionsOf((a, b, c) => f32x4.add(f32x4.multiply(a, b), c))));
    }
  };
  return (bytes) => {
    const pages = pagesFor(bytes);
    try {
      compiled ??= compile();
      const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
      const { exports } = new WebAssembly.Instance(compiled, { host: { memory } });
      return { ...(exports as Kernels), memory: memory.buffer };
    } catch {
      return undefined;
    }
  };
}
