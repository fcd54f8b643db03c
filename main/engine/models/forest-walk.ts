/**
 * Walks down all trees of a plain isolation forest at once, in WebAssembly that is put together here: several trees in
 * turn, as each step waits for memory, and without branches, as half of them would be guessed wrong.
 *
 * Trees are laid out as if all their leaves were equally deep, so that no walk has to look whether it ended, and where a
 * child is follows from where its parent is: from 1 on, node n leads to 2n and 2n + 1. What is below a leaf is reached by
 * cuts that nothing is above.
 */
import type { Grove } from './isolation-tree.ts';
import { doWhile, FunctionWriter, f64, type I32, i32, type Local, set, type WasmFunction } from './wasm-assembler.ts';
import { moduleOf } from './wasm-module.ts';

/** The path lengths of a row, added up. */
export interface ForestWalk {
  /** To be filled before `sum`. */
  readonly row: Float64Array;
  sum(): number;
}

interface WalkKernels {
  /**
   * @param node address of the root of the first trees
   * @param length address of the length of their first leaves
   * @param groups of TOGETHER trees
   * @param nodeBytes of a group, and of its leaves' lengths
   * @param steps down to the leaves
   */
  walk(node: number, length: number, groups: number, nodeBytes: number, lengthBytes: number, steps: number): number;
}

/** Trees that are walked in turn: as many as there are registers for. */
const TOGETHER = 8;
/** The cut, and where the column that it looks at is in the row. */
const NODE_BYTES = 16;
const COLUMN_OFFSET = 8;
const NUMBER_BYTES = Float64Array.BYTES_PER_ELEMENT;
/** Nodes of one number, of all trees of a group, stand beside each other; so do leaves. */
const NODE_STEP = TOGETHER * NODE_BYTES;
const LEAF_STEP = TOGETHER * NUMBER_BYTES;
/** Larger forests (the usual one has 25,600 places) would take tens of megabytes, most of them for what is not there. */
const MOST_PLACES = 1 << 17;

/**
 * @param columns of a row
 * @param lengths path length of each node of the grove
 * @param depth of the deepest leaf at most
 * @returns undefined for a forest that is too large or extended, and where there is no WebAssembly
 */
export function openForestWalk(
  columns: number,
  grove: Grove,
  lengths: Float64Array,
  depth: number,
): ForestWalk | undefined {
  const leaves = 2 ** depth;
  const groups = Math.ceil(grove.roots.length / TOGETHER);
  if (grove.terms > 1 || grove.roots.length * leaves > MOST_PLACES) return undefined;
  const nodeStart = Math.ceil((columns * NUMBER_BYTES) / NODE_BYTES) * NODE_BYTES;
  const lengthStart = nodeStart + groups * leaves * NODE_STEP;
  const kernels = openWalkKernels(lengthStart + groups * leaves * LEAF_STEP);
  if (kernels === undefined) return undefined;
  layOut(kernels.memory, grove, lengths, { leaves, nodeStart, lengthStart });
  return {
    row: new Float64Array(kernels.memory, 0, columns),
    sum: () => kernels.walk(nodeStart, lengthStart, groups, leaves * NODE_STEP, leaves * LEAF_STEP, depth),
  };
}

/** Addresses in bytes. */
interface Layout {
  readonly leaves: number;
  readonly nodeStart: number;
  readonly lengthStart: number;
}

/** Places for trees that would fill up the last group stay zero: their paths have no length. */
function layOut(
  memory: ArrayBuffer,
  { roots, children, features, thresholds }: Grove,
  lengths: Float64Array,
  { leaves, nodeStart, lengthStart }: Layout,
): void {
  const numbers = new Float64Array(memory);
  const integers = new Int32Array(memory);
  // Of the tree at hand, the node that stands at each place.
  const nodes = new Int32Array(2 * leaves);
  for (let tree = 0; tree < roots.length; tree++) {
    const before = (tree - (tree % TOGETHER)) * leaves;
    const nodeAt = nodeStart + before * NODE_BYTES + (tree % TOGETHER) * NODE_BYTES;
    const lengthAt = lengthStart + before * NUMBER_BYTES + (tree % TOGETHER) * NUMBER_BYTES;
    nodes[1] = roots[tree]!;
    for (let place = 1; place < leaves; place++) {
      const node = nodes[place]!;
      const child = children[node]!;
      const isLeaf = child === 0;
      const address = nodeAt + place * NODE_STEP;
      nodes[2 * place] = isLeaf ? node : child;
      nodes[2 * place + 1] = isLeaf ? node : child + 1;
      numbers[address / NUMBER_BYTES] = isLeaf ? Number.POSITIVE_INFINITY : thresholds[node]!;
      integers[(address + COLUMN_OFFSET) / Int32Array.BYTES_PER_ELEMENT] = isLeaf ? 0 : features[node]! * NUMBER_BYTES;
    }
    for (let leaf = 0; leaf < leaves; leaf++) {
      numbers[(lengthAt + leaf * LEAF_STEP) / NUMBER_BYTES] = lengths[nodes[leaves + leaf]!]!;
    }
  }
}

const openWalkKernels = moduleOf<WalkKernels>(() => [walkFunction()]);

function walkFunction(): WasmFunction {
  const writer = new FunctionWriter();
  const parameter = () => writer.param('i32');
  const [node, length, groups] = [parameter(), parameter(), parameter()];
  const [nodeBytes, lengthBytes, steps] = [parameter(), parameter(), parameter()];
  const left = writer.local('i32');
  const sum = writer.local('f64');
  // From the beginning of the group to the node at hand, that of the first tree.
  const walks = Array.from({ length: TOGETHER }, () => writer.local('i32'));
  const down = (walk: Local<'i32'>, tree: number) => {
    const at = i32.add(node, walk);
    const value = f64.load(i32.load(at, tree * NODE_BYTES + COLUMN_OFFSET));
    const isAbove = f64.isAbove(value, f64.load(at, tree * NODE_BYTES));
    return set(walk, i32.add(i32.add(walk, walk), i32.shiftLeft(isAbove, i32.constant(Math.log2(NODE_STEP)))));
  };
  // Leaves stand after as many inner nodes.
  const leafOf = (walk: Local<'i32'>): I32 =>
    i32.shiftRight(i32.subtract(walk, nodeBytes), i32.constant(Math.log2(NODE_STEP / LEAF_STEP)));
  const lengthOf = (tree: number) => f64.load(i32.add(length, leafOf(walks[tree]!)), tree * NUMBER_BYTES);
  const four = (first: number) =>
    f64.add(f64.add(lengthOf(first), lengthOf(first + 1)), f64.add(lengthOf(first + 2), lengthOf(first + 3)));
  const move = (pointer: Local<'i32'>, by: I32) => set(pointer, i32.add(pointer, by));
  writer.do(
    doWhile(
      [
        ...walks.map((walk) => set(walk, i32.constant(NODE_STEP))),
        set(left, steps),
        doWhile([...walks.map(down), move(left, i32.constant(-1))], left),
        set(sum, f64.add(sum, four(0))),
        set(sum, f64.add(sum, four(TOGETHER / 2))),
        move(node, nodeBytes),
        move(length, lengthBytes),
        move(groups, i32.constant(-1)),
      ],
      groups,
    ),
  );
  return { name: 'walk', writer, result: sum };
}
