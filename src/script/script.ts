import { concatBytes } from '../bytes/compare.ts';
import { ScriptCursor } from './cursor.ts';
import { MAX_SCRIPT_SIZE } from './limits.ts';
import { encodeScriptNumber } from './number.ts';
import { Op } from './opcodes.ts';

export interface ScriptOperation {
  readonly opcode: number;
  /** Where the opcode is, in bytes from the script's start. */
  readonly offset: number;
  /** What it pushes: for opcodes up to OP_PUSHDATA4 only; a view of the script. */
  readonly data: Uint8Array | undefined;
}

/** The script's operations, or undefined where its last push runs past its end. */
export function parseScript(script: Uint8Array): ScriptOperation[] | undefined {
  const operations: ScriptOperation[] = [];
  const cursor = new ScriptCursor(script);
  for (let offset = 0; cursor.next(); offset = cursor.offset) {
    const { opcode } = cursor;
    operations.push({ opcode, offset, data: opcode <= Op.OP_PUSHDATA4 ? cursor.data : undefined });
  }
  return cursor.isBroken ? undefined : operations;
}

/** Whether the script from `start` on does nothing but push (OP_RESERVED counts as a push here, as in Core). */
export function isPushOnly(script: Uint8Array, start = 0): boolean {
  const cursor = new ScriptCursor(script);
  cursor.offset = start;
  while (cursor.next()) if (cursor.opcode > Op.OP_16) return false;
  return !cursor.isBroken;
}

/** Whether no shorter operation pushes the same bytes (Core: CheckMinimalPush). */
export function isMinimalPush(opcode: number, data: Uint8Array): boolean {
  const length = data.length;
  if (length === 1 && smallPush(data[0]!) !== undefined) return false;
  if (length <= 75) return opcode === length;
  if (length <= 255) return opcode === Op.OP_PUSHDATA1;
  if (length <= 0xffff) return opcode === Op.OP_PUSHDATA2;
  return true;
}

/** The opcode that pushes the one byte `value`, where there is one. */
function smallPush(value: number): number | undefined {
  if (value >= 1 && value <= 16) return Op.OP_1 + value - 1;
  return value === 0x81 ? Op.OP_1NEGATE : undefined;
}

/** A push of the bytes with the shortest length prefix, never OP_1 to OP_16 (Core: CScript() << vector). */
export function pushBytes(data: Uint8Array): Uint8Array {
  const length = data.length;
  let prefix: readonly number[];
  if (length < Op.OP_PUSHDATA1) prefix = [length];
  else if (length <= 0xff) prefix = [Op.OP_PUSHDATA1, length];
  else if (length <= 0xffff) prefix = [Op.OP_PUSHDATA2, length & 0xff, length >>> 8];
  else prefix = [Op.OP_PUSHDATA4, length & 0xff, (length >>> 8) & 0xff, (length >>> 16) & 0xff, length >>> 24];
  const out = new Uint8Array(prefix.length + length);
  out.set(prefix);
  out.set(data, prefix.length);
  return out;
}

/** The minimal operation that pushes the bytes. */
function pushMinimal(data: Uint8Array): Uint8Array {
  const opcode = data.length === 1 ? smallPush(data[0]!) : undefined;
  return opcode === undefined ? pushBytes(data) : Uint8Array.of(opcode);
}

/** A script of its parts: a number is an opcode, bytes are pushed minimally, a bigint is pushed as a script number. */
export function compileScript(...parts: readonly (number | Uint8Array | bigint)[]): Uint8Array {
  return concatBytes(
    ...parts.map((part) => {
      if (typeof part === 'number') return Uint8Array.of(part);
      return pushMinimal(typeof part === 'bigint' ? encodeScriptNumber(Number(part)) : part);
    }),
  );
}

/** Whether no input can ever spend it: OP_RETURN comes first, or it is larger than scripts may be. */
export function isUnspendable(script: Uint8Array): boolean {
  return script[0] === Op.OP_RETURN || script.length > MAX_SCRIPT_SIZE;
}

/** BIP16's template: OP_HASH160, 20 bytes, OP_EQUAL. */
export function isPayToScriptHash(script: Uint8Array): boolean {
  return script.length === 23 && script[0] === Op.OP_HASH160 && script[1] === 20 && script[22] === Op.OP_EQUAL;
}

/** The version of a witness program (BIP141), or -1 where the script is none. The program starts at byte 2. */
export function witnessVersion(script: Uint8Array): number {
  const length = script.length;
  if (length < 4 || length > 42 || script[1] !== length - 2) return -1;
  const opcode = script[0]!;
  if (opcode === Op.OP_0) return 0;
  return opcode >= Op.OP_1 && opcode <= Op.OP_16 ? opcode - Op.OP_1 + 1 : -1;
}

/** The witness program that follows its version: a view of the script. */
export function witnessProgram(script: Uint8Array): Uint8Array {
  return script.subarray(2);
}

/** The keyless output that anyone may spend, for fee bumping (Core: IsPayToAnchor). */
export function isPayToAnchor(script: Uint8Array): boolean {
  return script.length === 4 && script[0] === Op.OP_1 && script[1] === 2 && script[2] === 0x4e && script[3] === 0x73;
}

/** The last push of a push-only script: a P2SH input's redeem script. Undefined if there is none. */
export function lastPush(script: Uint8Array): Uint8Array | undefined {
  const cursor = new ScriptCursor(script);
  while (cursor.next()) if (cursor.opcode > Op.OP_16) return undefined;
  // An opcode behind OP_PUSHDATA4 pushes a number, which is no script, and Core takes it for an empty one.
  return cursor.opcode <= Op.OP_PUSHDATA4 ? cursor.data : undefined;
}
