import { type Code, leb, Simd, simd, ValueType, Wasm } from './wasm.ts';

/** When a value is known: at compile time, at the start of a search, or only per nonce. */
const Level = { constant: 0, search: 1, nonce: 2 } as const;
type Level = (typeof Level)[keyof typeof Level];

// Alignment immediates of loads and stores: base-2 logarithms.
const ALIGN_4 = 2;
const ALIGN_16 = 4;

/** Four 32-bit lanes, all equal unless they depend on the nonce. */
export interface Lanes {
  /** When the value is known. */
  readonly level: Level;
  /** The value of a constant. */
  readonly known: number;
  /** If not a constant: the instructions that push the value. */
  readonly code: Code;
  /** Whether it is stored in a local or in memory, so that reuse is cheap. */
  readonly isBound: boolean;
}

/** Returns a value known at compile time. */
export function constant(value: number): Lanes {
  return { level: Level.constant, known: value >>> 0, code: [], isBound: true };
}

const isZero = (value: Lanes) => value.level === Level.constant && value.known === 0;

/**
 * Compiles arithmetic over lanes to WebAssembly. Values that do not depend on the nonce are computed at compile time or
 * once before the loop over nonces.
 */
export class LaneCompiler {
  /** Code that runs once per call. */
  readonly prologue: Code[] = [];
  /** Code that runs for each group of nonces. */
  readonly body: Code[] = [];
  /** Value types of the locals. */
  readonly locals: number[] = [];
  readonly #parameterCount: number;
  #freeAddress: number;

  /** The compiler uses the memory from `freeAddress` up, which must be a multiple of 16. */
  constructor(parameterCount: number, freeAddress: number) {
    this.#parameterCount = parameterCount;
    this.#freeAddress = freeAddress;
  }

  /** Allocates a local; returns its index. */
  local(type: number): number {
    this.locals.push(type);
    return this.#parameterCount + this.locals.length - 1;
  }

  /** Loads the word at `address` into all lanes; constant during a search. */
  loadWord(address: number): Lanes {
    const code = [Wasm.i32Const, 0, simd(Simd.load32Splat, ALIGN_4, ...leb(address))];
    return this.bind({ level: Level.search, known: 0, code, isBound: false });
  }

  /** Returns the value that `code` pushes, which depends on the nonce. */
  perNonce(code: Code): Lanes {
    return this.bind({ level: Level.nonce, known: 0, code, isBound: false });
  }

  /** Stores a value here, so that its uses do not compute it again. */
  bind(value: Lanes): Lanes {
    if (value.isBound) return value;
    if (value.level === Level.search) return this.#bindInMemory(value);
    const index = leb(this.local(ValueType.v128));
    this.body.push([value.code, Wasm.localSet, index]);
    return { ...value, code: [Wasm.localGet, index], isBound: true };
  }

  /** Adds modulo 2^32. */
  sum(...terms: readonly Lanes[]): Lanes {
    // Sorted by level, so that terms known before the loop are added before the loop.
    const sorted = terms.filter((term) => !isZero(term)).sort((a, b) => a.level - b.level);
    return sorted.reduce((a, b) => this.#binary(Simd.i32x4Add, (x, y) => x + y, a, b), constant(0));
  }

  /** Bitwise exclusive or. */
  xor(a: Lanes, b: Lanes): Lanes {
    return this.#binary(Simd.xor, (x, y) => x ^ y, a, b);
  }

  /** Bitwise and. */
  and(a: Lanes, b: Lanes): Lanes {
    return this.#binary(Simd.and, (x, y) => x & y, a, b);
  }

  /** Rotates right. `value` must be bound, as it is used twice. */
  rotateRight(value: Lanes, bits: number): Lanes {
    const low = this.shiftRight(value, bits);
    const high = this.#shift(Simd.i32x4Shl, (x) => x << (32 - bits), value, 32 - bits);
    return this.#binary(Simd.or, (x, y) => x | y, low, high);
  }

  /** Shifts right, filling with zeros. */
  shiftRight(value: Lanes, bits: number): Lanes {
    return this.#shift(Simd.i32x4ShrU, (x) => x >>> bits, value, bits);
  }

  /** Returns the instructions that push a value of any level. */
  code(value: Lanes): Code {
    if (value.level !== Level.constant) return value.code;
    const { known } = value;
    const word = [known & 0xff, (known >>> 8) & 0xff, (known >>> 16) & 0xff, known >>> 24];
    return simd(Simd.const, ...word, ...word, ...word, ...word);
  }

  /** In memory, since locals would occupy scarce registers during the whole loop. */
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
    // The operand known earlier is computed outside the loop.
    const left = a.level < b.level ? this.bind(a) : a;
    const right = b.level < a.level ? this.bind(b) : b;
    const level = Math.max(a.level, b.level) as Level;
    return { level, known: 0, code: [this.code(left), this.code(right), simd(opcode)], isBound: false };
  }
}
