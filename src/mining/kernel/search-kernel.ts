import { constant, LaneCompiler } from './lanes.ts';
import { compress, INITIAL_STATE, initialState, runRounds } from './sha256.ts';
import { type Code, encodeModule, leb, Simd, simd, structured, ValueType, Wasm } from './wasm.ts';

/** Headers that are hashed side by side. */
export const LANES = 4;

// The memory: the header's first 19 words, then the highest word of the target, then what the compiler keeps.
const HEADER_WORDS = 19;
const TARGET_ADDRESS = 4 * HEADER_WORDS;
const FREE_ADDRESS = TARGET_ADDRESS + 4;

// Parameters of the function.
const FIRST_NONCE = 0;
const GROUPS = 1;

const END_OF_MESSAGE = constant(0x8000_0000);
const zeros = (count: number) => Array.from({ length: count }, () => constant(0));

/** Reverses the bytes of each 32-bit lane. */
const swapBytes = (value: Code): Code => {
  const order = Array.from({ length: 16 }, (_, i) => i ^ 3);
  return [value, value, simd(Simd.shuffle, ...order)];
};

/**
 * A WebAssembly module that hashes headers twice with SHA-256, four nonces at a time. Its function
 * `search(firstNonce, groups)` returns how many groups of four came before the first that may hold a solution, or
 * `groups`: it looks only at the highest word of the hash. What a nonce does not change is computed once for each call,
 * above all the state after the header's first 64 bytes.
 */
export function buildSearchKernel(): Uint8Array<ArrayBuffer> {
  const c = new LaneCompiler(2, FREE_ADDRESS);
  const header = Array.from({ length: HEADER_WORDS }, (_, i) => c.loadWord(4 * i));
  const target = c.loadWord(TARGET_ADDRESS);
  const nonces = leb(c.local(ValueType.v128));
  const group = leb(c.local(ValueType.i32));

  const midstate = compress(c, initialState, header.slice(0, 16));
  // The nonce is little-endian in the header; SHA-256 reads big-endian.
  const nonce = c.perNonce(swapBytes([Wasm.localGet, nonces]));
  const second = [...header.slice(16), nonce, END_OF_MESSAGE, ...zeros(10), constant(8 * 80)];
  const digest = compress(c, midstate, second);
  const last = [...digest, END_OF_MESSAGE, ...zeros(6), constant(8 * 32)];
  // The last word of the hash is the highest of the number: h, which is what e was three rounds before the end.
  const [, , , , e] = runRounds(c, initialState, last, 61);
  const highest = c.bind(c.sum(e!, constant(INITIAL_STATE[7]!)));

  const isCandidate = [swapBytes(c.code(highest)), c.code(target), simd(Simd.i32x4LeU), simd(Simd.anyTrue)];
  const laneNumbers = [0, 1, 2, 3].flatMap((lane) => [lane, 0, 0, 0]);
  const addToNonces = [simd(Simd.i32x4Add), Wasm.localSet, nonces];
  const body = [
    c.prologue,
    [Wasm.localGet, FIRST_NONCE, simd(Simd.i32x4Splat), simd(Simd.const, ...laneNumbers), addToNonces],
    structured(
      Wasm.block,
      structured(Wasm.loop, [
        [Wasm.localGet, group, Wasm.localGet, GROUPS, Wasm.i32GeU, Wasm.brIf, 1],
        c.body,
        [isCandidate, Wasm.brIf, 1],
        [Wasm.localGet, nonces, c.code(constant(LANES)), addToNonces],
        [Wasm.localGet, group, Wasm.i32Const, 1, Wasm.i32Add, Wasm.localSet, group],
        [Wasm.br, 0],
      ]),
    ),
    [Wasm.localGet, group],
  ];
  return encodeModule({
    name: 'search',
    parameters: [ValueType.i32, ValueType.i32],
    results: [ValueType.i32],
    locals: c.locals,
    body,
  });
}

/** The search of one header's nonces with the kernel. */
export class SearchKernel {
  readonly #search: (firstNonce: number, groups: number) => number;

  /** `module` is compiled from `buildSearchKernel`; `header` is 80 bytes, the last four of which do not matter. */
  constructor(module: WebAssembly.Module, header: Uint8Array, target: bigint) {
    const { exports } = new WebAssembly.Instance(module);
    this.#search = exports.search as (firstNonce: number, groups: number) => number;
    const memory = new DataView((exports.memory as WebAssembly.Memory).buffer);
    const words = new DataView(header.buffer, header.byteOffset);
    for (let at = 0; at < 4 * HEADER_WORDS; at += 4) memory.setUint32(at, words.getUint32(at), true);
    memory.setUint32(TARGET_ADDRESS, Number(target >> 224n), true);
  }

  /**
   * The first of the next four nonces of which one may be a solution: the highest 32 bits of its hash do not exceed
   * the target's. Undefined if there are none among `count` nonces from `firstNonce` on.
   */
  nextCandidates(firstNonce: number, count: number): number | undefined {
    const groups = Math.ceil(count / LANES);
    const group = this.#search(firstNonce, groups);
    return group === groups ? undefined : firstNonce + group * LANES;
  }
}
