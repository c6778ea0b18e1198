import { type Code, leb, Simd, simd, ValueType, Wasm } from './wasm.ts';

/**
 * How much is known of a value when the code is made: all of it, or that it is the same for a whole search, or that
 * it differs from nonce to nonce.
 */
const Level = { constant: 0, search: 1, nonce: 2 } as const;
type Level = (typeof Level)[keyof typeof Level];

// Alignments are given to loads and stores as powers of two.
const ALIGN_4 = 2;
const ALIGN_16 = 4;

/** Four 32-bit numbers side by side, all equal unless they belong to nonces. */
export interface Lanes {
  readonly level: Level;
  /** For constants: the number. */
  readonly known: number;
  /** Otherwise: the instructions that leave the value on the stack. */
  readonly code: Code;
  /** It stands in a local or in memory, so that to use it again costs nothing. */
  readonly isBound: boolean;
}

/** A number known now. */
export function constant(value: number): Lanes {
  return { level: Level.constant, known: value >>> 0, code: [], isBound: true };
}

const isZero = (value: Lanes) => value.level === Level.constant && value.known === 0;

/**
 * Turns arithmetic over lanes into WebAssembly. Whatever does not depend on the nonce is computed once, before the
 * loop over nonces, or already while the code is made.
 */
export class LaneCompiler {
  /** Runs once for each call. */
  readonly prologue: Code[] = [];
  /** Runs for each group of nonces. */
  readonly body: Code[] = [];
  /** Value types of the locals. */
  readonly locals: number[] = [];
  readonly #parameterCount: number;
  #freeAddress: number;

  /** From `freeAddress` on, a multiple of 16, the memory is the compiler's. */
  constructor(parameterCount: number, freeAddress: number) {
    this.#parameterCount = parameterCount;
    this.#freeAddress = freeAddress;
  }

  /** A new local; its index. */
  local(type: number): number {
    this.locals.push(type);
    return this.#parameterCount + this.locals.length - 1;
  }

  /** The word at `address` of the memory, in all lanes, the same for a whole search. */
  loadWord(address: number): Lanes {
    const code = [Wasm.i32Const, 0, simd(Simd.load32Splat, ALIGN_4, ...leb(address))];
    return this.bind({ level: Level.search, known: 0, code, isBound: false });
  }

  /** What `code` leaves on the stack, which depends on the nonce. */
  perNonce(code: Code): Lanes {
    return this.bind({ level: Level.nonce, known: 0, code, isBound: false });
  }

  /** Computes a value here, once, for all its uses. */
  bind(value: Lanes): Lanes {
    if (value.isBound) return value;
    if (value.level === Level.search) return this.#bindInMemory(value);
    const index = leb(this.local(ValueType.v128));
    this.body.push([value.code, Wasm.localSet, index]);
    return { ...value, code: [Wasm.localGet, index], isBound: true };
  }

  /** The sum, modulo 2^32. */
  sum(...terms: readonly Lanes[]): Lanes {
    // What is known earliest comes first, so that it is added up before the loop.
    const sorted = terms.filter((term) => !isZero(term)).sort((a, b) => a.level - b.level);
    return sorted.reduce((a, b) => this.#binary(Simd.i32x4Add, (x, y) => x + y, a, b), constant(0));
  }

  xor(a: Lanes, b: Lanes): Lanes {
    return this.#binary(Simd.xor, (x, y) => x ^ y, a, b);
  }

  and(a: Lanes, b: Lanes): Lanes {
    return this.#binary(Simd.and, (x, y) => x & y, a, b);
  }

  /** `value` must be bound: it is used twice. */
  rotateRight(value: Lanes, bits: number): Lanes {
    const low = this.shiftRight(value, bits);
    const high = this.#shift(Simd.i32x4Shl, (x) => x << (32 - bits), value, 32 - bits);
    return this.#binary(Simd.or, (x, y) => x | y, low, high);
  }

  shiftRight(value: Lanes, bits: number): Lanes {
    return this.#shift(Simd.i32x4ShrU, (x) => x >>> bits, value, bits);
  }

  /** The instructions that leave a value of any level on the stack. */
  code(value: Lanes): Code {
    if (value.level !== Level.constant) return value.code;
    const { known } = value;
    const word = [known & 0xff, (known >>> 8) & 0xff, (known >>> 16) & 0xff, known >>> 24];
    return simd(Simd.const, ...word, ...word, ...word, ...word);
  }

  /** As locals these would live through the whole loop, and take from it the few registers that there are. */
  #bindInMemory(value: Lanes): Lanes {
    const address = [ALIGN_16, ...leb(this.#freeAddress)];
    this.#freeAddress += 16;
    this.prologue.push([Wasm.i32Const, 0, value.code, simd(Simd.store, ...address)]);
    return { ...value, code: [Wasm.i32Const, 0, simd(Simd.load, ...address)], isBound: true };
  }

  #shift(opcode: number, evaluate: (x: number) => number, value: Lanes, bits: number): Lanes {
    if (value.level === Level.constant) return constant(evaluate(value.known));
    const code = [value.code, Wasm.i32Const, bits, simd(opcode)];
    return { level: value.level, known: 0, code, isBound: false };
  }

  #binary(opcode: number, evaluate: (x: number, y: number) => number, a: Lanes, b: Lanes): Lanes {
    if (a.level === Level.constant && b.level === Level.constant) return constant(evaluate(a.known, b.known));
    if (opcode === Simd.i32x4Add && isZero(a)) return b;
    // What is known earlier must not be computed in the loop.
    const left = a.level < b.level ? this.bind(a) : a;
    const right = b.level < a.level ? this.bind(b) : b;
    const level = Math.max(a.level, b.level) as Level;
    return { level, known: 0, code: [this.code(left), this.code(right), simd(opcode)], isBound: false };
  }
}
