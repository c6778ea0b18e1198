/** WebAssembly opcodes that the search kernel uses. */
export const Wasm = {
  block: 0x02,
  loop: 0x03,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  localGet: 0x20,
  localSet: 0x21,
  i32Const: 0x41,
  i32GeU: 0x4f,
  i32Add: 0x6a,
  simdPrefix: 0xfd,
} as const;

/** Opcodes after the SIMD prefix. */
export const Simd = {
  load: 0x00,
  load32Splat: 0x09,
  store: 0x0b,
  const: 0x0c,
  shuffle: 0x0d,
  i32x4Splat: 0x11,
  i32x4LeU: 0x3e,
  and: 0x4e,
  or: 0x50,
  xor: 0x51,
  anyTrue: 0x53,
  i32x4Shl: 0xab,
  i32x4ShrU: 0xad,
  i32x4Add: 0xae,
} as const;

/** Encoded value types. */
export const ValueType = { i32: 0x7f, v128: 0x7b } as const;

const EMPTY_BLOCK = 0x40;

/** Encodes an unsigned 32-bit number as LEB128. */
export function leb(value: number): number[] {
  const out: number[] = [];
  let rest = value >>> 0;
  while (rest >= 0x80) {
    out.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  out.push(rest);
  return out;
}

/** Nested bytes of code, flattened only when the module is encoded. */
export type Code = readonly (number | Code)[];

/** Returns a SIMD instruction. */
export function simd(opcode: number, ...immediates: readonly number[]): Code {
  return [Wasm.simdPrefix, leb(opcode), immediates];
}

/** Returns a block or loop without result around `body`. */
export function structured(opcode: typeof Wasm.block | typeof Wasm.loop, body: Code): Code {
  return [opcode, EMPTY_BLOCK, body, Wasm.end];
}

/** A function to compile. */
export interface WasmFunction {
  /** Name of the export. */
  readonly name: string;
  /** Value types. */
  readonly parameters: readonly number[];
  readonly results: readonly number[];
  /** Value types of the locals after the parameters. */
  readonly locals: readonly number[];
  readonly body: Code;
}

const MODULE_HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const FUNCTION_TYPE = 0x60;
const Section = { type: 1, function: 3, memory: 5, export: 7, code: 10 } as const;

/** Encodes a module that exports one function and `memory`, which has one page. */
export function encodeModule(fn: WasmFunction): Uint8Array<ArrayBuffer> {
  const types = (list: readonly number[]) => [leb(list.length), list];
  const locals = [leb(fn.locals.length), fn.locals.map((type) => [1, type])];
  const code = flatten([locals, fn.body, Wasm.end]);
  return Uint8Array.from(
    flatten([
      MODULE_HEADER,
      section(Section.type, [1, FUNCTION_TYPE, types(fn.parameters), types(fn.results)]),
      section(Section.function, [1, 0]),
      section(Section.memory, [1, 0, 1]),
      section(Section.export, [2, exported(fn.name, 0), exported('memory', 2)]),
      section(Section.code, [1, leb(code.length), code]),
    ]),
  );
}

function flatten(code: Code, out: number[] = []): number[] {
  for (const part of code) {
    if (typeof part === 'number') out.push(part);
    else flatten(part, out);
  }
  return out;
}

function section(id: number, content: Code): Code {
  const bytes = flatten(content);
  return [id, leb(bytes.length), bytes];
}

/** Returns an export entry for the first function (kind 0) or memory (kind 2). */
function exported(name: string, kind: number): Code {
  const utf8 = [...new TextEncoder().encode(name)];
  return [leb(utf8.length), utf8, kind, 0];
}
