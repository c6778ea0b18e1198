import { constant, LaneCompiler } from './lanes.ts';
import { compress, INITIAL_STATE, initialState, runRounds } from './sha256.ts';
import { type Code, encodeModule, leb, Simd, simd, structured, ValueType, Wasm } from './wasm.ts';

/** Headers hashed in parallel. */
export const LANES = 4;

// Memory layout: the header's first 19 words, the highest word of the target, the compiler's values.
const HEADER_WORDS = 19;
const TARGET_ADDRESS = 4 * HEADER_WORDS;
const FREE_ADDRESS = TARGET_ADDRESS + 4;

// Parameters of `search`.
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
 * Builds a WebAssembly module that computes the double SHA-256 of headers, four nonces at a time. Its function
 * `search(firstNonce, groups)` returns the number of groups of four nonces before the first group with a candidate, or
 * `groups`. A candidate is a nonce whose hash does not exceed the target in its highest word. Values that do not depend
 * on the nonce, above all the midstate after the header's first 64 bytes, are computed once per call.
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
  // The last word of the hash, h, is the most significant. It equals e three rounds before the end.
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

/** Searches the nonces of one header with the kernel. */
export class SearchKernel {
  readonly #search: (firstNonce: number, groups: number) => number;

  /** `module` is compiled from `buildSearchKernel`; `header` has 80 bytes, of which the last four are ignored. */
  constructor(module: WebAssembly.Module, header: Uint8Array, target: bigint) {
    const { exports } = new WebAssembly.Instance(module);
    this.#search = exports.search as (firstNonce: number, groups: number) => number;
    const memory = new DataView((exports.memory as WebAssembly.Memory).buffer);
    const words = new DataView(header.buffer, header.byteOffset);
    for (let at = 0; at < 4 * HEADER_WORDS; at += 4) memory.setUint32(at, words.getUint32(at), true);
    memory.setUint32(TARGET_ADDRESS, Number(target >> 224n), true);
  }

  /**
   * Returns the first nonce of the next group of four that contains a candidate; undefined if there is none in the
   * `count` nonces from `firstNonce`. A candidate's highest 32 hash bits do not exceed those of the target.
   */
  nextCandidates(firstNonce: number, count: number): number | undefined {
    const groups = Math.ceil(count / LANES);
    const group = this.#search(firstNonce, groups);
    return group === groups ? undefined : firstNonce + group * LANES;
  }
}
