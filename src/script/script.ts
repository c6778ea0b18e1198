import { concatBytes } from '../bytes/compare.ts';
import { ScriptCursor } from './cursor.ts';
import { MAX_SCRIPT_SIZE } from './limits.ts';
import { encodeScriptBigInt } from './number.ts';
import { Op } from './opcodes.ts';

/** An opcode of a script, with the bytes that it pushes. */
export interface ScriptOperation {
  readonly opcode: number;
  /** The offset of the opcode in the script, in bytes. */
  readonly offset: number;
  /** The pushed bytes, a view of the script; undefined for opcodes above OP_PUSHDATA4. */
  readonly data: Uint8Array | undefined;
}

/**
 * Returns the operations of a script; undefined if a push runs past the end.
 *
 * @example
 * ```ts
 * import { fromHex } from 'pier/bytes';
 * import { opcodeName, parseScript } from 'pier/script';
 *
 * const operations = parseScript(fromHex('5293'))!;
 * console.log(operations.map(({ opcode }) => opcodeName(opcode)).join(' ')); // 2 OP_ADD
 * ```
 */
export function parseScript(script: Uint8Array): ScriptOperation[] | undefined {
  const operations: ScriptOperation[] = [];
  const cursor = new ScriptCursor(script);
  for (let offset = 0; cursor.next(); offset = cursor.offset) {
    const { opcode } = cursor;
    operations.push({ opcode, offset, data: opcode <= Op.OP_PUSHDATA4 ? cursor.data : undefined });
  }
  return cursor.isBroken ? undefined : operations;
}

/** Returns whether the script only pushes from offset `start` on; OP_RESERVED counts as a push (Core: IsPushOnly). */
export function isPushOnly(script: Uint8Array, start = 0): boolean {
  const cursor = new ScriptCursor(script);
  cursor.offset = start;
  while (cursor.next()) if (cursor.opcode > Op.OP_16) return false;
  return !cursor.isBroken;
}

/** Returns whether `opcode` is the shortest way to push `data` (Core: CheckMinimalPush). */
export function isMinimalPush(opcode: number, data: Uint8Array): boolean {
  const length = data.length;
  if (length === 1 && smallPush(data[0]!) !== undefined) return false;
  if (length <= 75) return opcode === length;
  if (length <= 255) return opcode === Op.OP_PUSHDATA1;
  if (length <= 0xffff) return opcode === Op.OP_PUSHDATA2;
  return true;
}

/** Returns the opcode that pushes the single byte `value`; undefined if there is none. */
function smallPush(value: number): number | undefined {
  if (value >= 1 && value <= 16) return Op.OP_1 + value - 1;
  return value === 0x81 ? Op.OP_1NEGATE : undefined;
}

/** Returns a push of `data` with the shortest length prefix; never OP_1 to OP_16 (Core: CScript() << vector). */
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

/** Returns the minimal push of `data`. */
function pushMinimal(data: Uint8Array): Uint8Array {
  const opcode = data.length === 1 ? smallPush(data[0]!) : undefined;
  return opcode === undefined ? pushBytes(data) : Uint8Array.of(opcode);
}

/**
 * Builds a script: a number is an opcode, bytes are pushed minimally, a bigint is pushed as a script number.
 *
 * @example
 * ```ts
 * import { toHex } from 'pier/bytes';
 * import { compileScript, Op } from 'pier/script';
 *
 * const keyHash = new Uint8Array(20);
 * const script = compileScript(Op.OP_DUP, Op.OP_HASH160, keyHash, Op.OP_EQUALVERIFY, Op.OP_CHECKSIG);
 * console.log(toHex(script).slice(0, 6)); // 76a914
 * console.log(toHex(compileScript(500_000n, Op.OP_CHECKLOCKTIMEVERIFY))); // 0320a107b1
 * ```
 */
export function compileScript(...parts: readonly (number | Uint8Array | bigint)[]): Uint8Array {
  return concatBytes(
    ...parts.map((part) => {
      if (typeof part === 'number') return Uint8Array.of(part);
      return pushMinimal(typeof part === 'bigint' ? encodeScriptBigInt(part) : part);
    }),
  );
}

/**
 * Returns whether an output is provably unspendable: it starts with OP_RETURN or is too large (Core: IsUnspendable).
 */
export function isUnspendable(script: Uint8Array): boolean {
  return script[0] === Op.OP_RETURN || script.length > MAX_SCRIPT_SIZE;
}

/** Returns whether the script is P2SH: OP_HASH160, 20 bytes, OP_EQUAL (BIP16). */
export function isPayToScriptHash(script: Uint8Array): boolean {
  return script.length === 23 && script[0] === Op.OP_HASH160 && script[1] === 20 && script[22] === Op.OP_EQUAL;
}

/** Returns the version of a witness program, 0 to 16 (BIP141); -1 if the script is not one. */
export function witnessVersion(script: Uint8Array): number {
  const length = script.length;
  if (length < 4 || length > 42 || script[1] !== length - 2) return -1;
  const opcode = script[0]!;
  if (opcode === Op.OP_0) return 0;
  return opcode >= Op.OP_1 && opcode <= Op.OP_16 ? opcode - Op.OP_1 + 1 : -1;
}

/** Returns the program of a script whose `witnessVersion` is not -1: 2 to 40 bytes, a view of the script. */
export function witnessProgram(script: Uint8Array): Uint8Array {
  return script.subarray(2);
}

/** Returns whether the script is pay-to-anchor, a keyless output for fee bumping (BIP433; Core: IsPayToAnchor). */
export function isPayToAnchor(script: Uint8Array): boolean {
  return script.length === 4 && script[0] === Op.OP_1 && script[1] === 2 && script[2] === 0x4e && script[3] === 0x73;
}

/** Returns the last push of a push-only script, such as the redeem script in a P2SH input; otherwise undefined. */
export function lastPush(script: Uint8Array): Uint8Array | undefined {
  const cursor = new ScriptCursor(script);
  while (cursor.next()) if (cursor.opcode > Op.OP_16) return undefined;
  // OP_1NEGATE to OP_16 push a number, which Core treats as an empty redeem script.
  return cursor.opcode <= Op.OP_PUSHDATA4 ? cursor.data : undefined;
}
