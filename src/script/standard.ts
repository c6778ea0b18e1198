import { ScriptCursor } from './cursor.ts';
import { MAX_PUBKEYS_PER_MULTISIG } from './limits.ts';
import { decodeScriptNumber } from './number.ts';
import { Op } from './opcodes.ts';
import {
  isMinimalPush,
  isPayToAnchor,
  isPayToScriptHash,
  isPushOnly,
  isUnspendable,
  witnessProgram,
  witnessVersion,
} from './script.ts';

export { isUnspendable };

/** The types of outputs, by their names in Core's RPC (Core: TxoutType). */
export type OutputType =
  | 'pubkey'
  | 'pubkeyhash'
  | 'scripthash'
  | 'multisig'
  | 'nulldata'
  | 'witness_v0_keyhash'
  | 'witness_v0_scripthash'
  | 'witness_v1_taproot'
  | 'anchor'
  | 'witness_unknown'
  | 'nonstandard';

/** The type of an output, and its parameters. */
export interface SolvedOutput {
  readonly type: OutputType;
  /** The public key, hash or program of the script; the public keys of a `multisig`. Views of the script. */
  readonly solutions: readonly Uint8Array[];
  /** Signatures that a `multisig` requires. */
  readonly required?: number;
}

/**
 * Returns the type of a scriptPubKey and its parameters (Core: Solver).
 *
 * @example
 * ```ts
 * import { fromHex } from 'pier/bytes';
 * import { solve } from 'pier/script';
 *
 * const { type, solutions } = solve(fromHex('0014751e76e8199196d454941c45d1b3a323f1433bd6'));
 * console.log(type); // witness_v0_keyhash
 * console.log(solutions[0]!.length); // 20
 * ```
 */
export function solve(scriptPubKey: Uint8Array): SolvedOutput {
  if (isPayToScriptHash(scriptPubKey)) return { type: 'scripthash', solutions: [scriptPubKey.subarray(2, 22)] };
  const version = witnessVersion(scriptPubKey);
  if (version >= 0) return solveWitnessProgram(scriptPubKey, version);
  if (scriptPubKey[0] === Op.OP_RETURN && isPushOnly(scriptPubKey, 1)) return { type: 'nulldata', solutions: [] };
  const key = payToPublicKey(scriptPubKey);
  if (key) return { type: 'pubkey', solutions: [key] };
  if (isPayToPublicKeyHash(scriptPubKey)) return { type: 'pubkeyhash', solutions: [scriptPubKey.subarray(3, 23)] };
  return solveMultisig(scriptPubKey) ?? { type: 'nonstandard', solutions: [] };
}

function solveWitnessProgram(script: Uint8Array, version: number): SolvedOutput {
  const program = witnessProgram(script);
  const solutions = [program];
  if (version === 0) {
    if (program.length === 20) return { type: 'witness_v0_keyhash', solutions };
    if (program.length === 32) return { type: 'witness_v0_scripthash', solutions };
    return { type: 'nonstandard', solutions: [] };
  }
  if (version === 1 && program.length === 32) return { type: 'witness_v1_taproot', solutions };
  if (isPayToAnchor(script)) return { type: 'anchor', solutions: [] };
  return { type: 'witness_unknown', solutions };
}

function isPayToPublicKeyHash(script: Uint8Array): boolean {
  return (
    script.length === 25 &&
    script[0] === Op.OP_DUP &&
    script[1] === Op.OP_HASH160 &&
    script[2] === 20 &&
    script[23] === Op.OP_EQUALVERIFY &&
    script[24] === Op.OP_CHECKSIG
  );
}

/** Returns the public key of a P2PK script: a key, then OP_CHECKSIG. */
function payToPublicKey(script: Uint8Array): Uint8Array | undefined {
  const size = script.length - 2;
  if (script[0] !== size || script[size + 1] !== Op.OP_CHECKSIG) return undefined;
  const key = script.subarray(1, size + 1);
  return hasKeySize(key) ? key : undefined;
}

/** Returns whether the length matches the first byte of a compressed, uncompressed or hybrid public key. */
function hasKeySize(key: Uint8Array): boolean {
  const first = key[0];
  if (first === 2 || first === 3) return key.length === 33;
  return (first === 4 || first === 6 || first === 7) && key.length === 65;
}

/** Parses a bare multisig script: required signatures, public keys, number of keys, OP_CHECKMULTISIG. */
function solveMultisig(script: Uint8Array): SolvedOutput | undefined {
  if (script[script.length - 1] !== Op.OP_CHECKMULTISIG) return undefined;
  const cursor = new ScriptCursor(script);
  if (!cursor.next()) return undefined;
  const required = keyNumber(cursor);
  if (required === undefined) return undefined;
  const keys: Uint8Array[] = [];
  while (cursor.next() && cursor.opcode <= Op.OP_PUSHDATA4 && hasKeySize(cursor.data)) keys.push(cursor.data);
  if (cursor.isBroken || keyNumber(cursor) !== keys.length || keys.length < required) return undefined;
  if (cursor.offset !== script.length - 1) return undefined;
  return { type: 'multisig', solutions: keys, required };
}

/** Returns the number that the operation pushes, if it is a minimal push of 1 to 20. */
function keyNumber(cursor: ScriptCursor): number | undefined {
  const { opcode } = cursor;
  if (opcode >= Op.OP_1 && opcode <= Op.OP_16) return opcode - Op.OP_1 + 1;
  // Numbers above 16 are pushed as one byte of data.
  if (opcode !== 1 || !isMinimalPush(opcode, cursor.data)) return undefined;
  const value = decodeScriptNumber(cursor.data, false);
  return value >= 1 && value <= MAX_PUBKEYS_PER_MULTISIG ? value : undefined;
}
