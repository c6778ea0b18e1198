import { ScriptCursor } from './cursor.ts';
import { ScriptFlag } from './flags.ts';
import { MAX_PUBKEYS_PER_MULTISIG } from './limits.ts';
import { Op } from './opcodes.ts';
import { isPayToScriptHash, lastPush, witnessProgram, witnessVersion } from './script.ts';

/**
 * Counts the signature operations of a script, executed or not, up to its end or a push that runs past it (Core:
 * CScript::GetSigOpCount). OP_CHECKMULTISIG counts as 20; with `accurate`, as the number of keys if the opcode before
 * it is OP_1 to OP_16.
 */
export function legacySigOpCount(script: Uint8Array, accurate: boolean): number {
  let count = 0;
  let previous: number = Op.OP_INVALIDOPCODE;
  const cursor = new ScriptCursor(script);
  while (cursor.next()) {
    const { opcode } = cursor;
    if (opcode === Op.OP_CHECKSIG || opcode === Op.OP_CHECKSIGVERIFY) {
      count++;
    } else if (opcode === Op.OP_CHECKMULTISIG || opcode === Op.OP_CHECKMULTISIGVERIFY) {
      const isKeyCount = accurate && previous >= Op.OP_1 && previous <= Op.OP_16;
      count += isKeyCount ? previous - Op.OP_1 + 1 : MAX_PUBKEYS_PER_MULTISIG;
    }
    previous = opcode;
  }
  return count;
}

/** Counts the signature operations in the redeem script of an input; 0 if the spent output is not P2SH. */
export function p2shSigOpCount(scriptPubKey: Uint8Array, scriptSig: Uint8Array): number {
  if (!isPayToScriptHash(scriptPubKey)) return 0;
  const redeemScript = lastPush(scriptSig);
  return redeemScript ? legacySigOpCount(redeemScript, true) : 0;
}

/**
 * Counts the signature operations in the witness of an input, native or nested in P2SH (BIP141; Core:
 * CountWitnessSigOps). Their cost is a quarter of that of other signature operations.
 */
export function countWitnessSigOps(
  scriptSig: Uint8Array,
  scriptPubKey: Uint8Array,
  witness: readonly Uint8Array[],
  flags: number,
): number {
  if ((flags & ScriptFlag.WITNESS) === 0) return 0;
  if (witnessVersion(scriptPubKey) >= 0) return programSigOps(scriptPubKey, witness);
  if (!isPayToScriptHash(scriptPubKey)) return 0;
  const redeemScript = lastPush(scriptSig);
  return redeemScript ? programSigOps(redeemScript, witness) : 0;
}

function programSigOps(script: Uint8Array, witness: readonly Uint8Array[]): number {
  if (witnessVersion(script) !== 0) return 0;
  const { length } = witnessProgram(script);
  if (length === 20) return 1;
  const witnessScript = witness[witness.length - 1];
  return length === 32 && witnessScript ? legacySigOpCount(witnessScript, true) : 0;
}
