import { ScriptCursor } from './cursor.ts';
import { ScriptFlag } from './flags.ts';
import { MAX_PUBKEYS_PER_MULTISIG } from './limits.ts';
import { Op } from './opcodes.ts';
import { isPayToScriptHash, lastPush, witnessProgram, witnessVersion } from './script.ts';

/**
 * The signature operations in a script, executed or not, up to its end or to a push that runs past it. OP_CHECKMULTISIG
 * counts 20, or with `accurate` the number of keys where the opcode before it gives that (Core: GetSigOpCount).
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

/** The signature operations in the redeem script of an input that spends a P2SH output; 0 for other outputs. */
export function p2shSigOpCount(scriptPubKey: Uint8Array, scriptSig: Uint8Array): number {
  if (!isPayToScriptHash(scriptPubKey)) return 0;
  const redeemScript = lastPush(scriptSig);
  return redeemScript ? legacySigOpCount(redeemScript, true) : 0;
}

/** The signature operations in an input's witness (BIP141), which weigh a quarter of others (Core: CountWitnessSigOps). */
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
