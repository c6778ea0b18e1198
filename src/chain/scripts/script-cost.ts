import { secp256k1 } from '../../crypto/secp256k1.ts';
import type { Transaction, TxOut } from '../../primitives/transaction.ts';
import { ScriptCursor } from '../../script/cursor.ts';
import { ANNEX_TAG, MAX_PUBKEYS_PER_MULTISIG } from '../../script/limits.ts';
import { Op } from '../../script/opcodes.ts';
import { isPayToScriptHash, lastPush, witnessProgram, witnessVersion } from '../../script/script.ts';

// Estimates in microseconds, on the high side: a script is never run to price it. The constants are measured on one core
// of an ordinary server; only their order of magnitude matters.

/** Any input: decoding and the interpreter's set-up. */
const INPUT_US = 4;
/** A signature check, by engine. */
const SIGNATURE_US = { native: 75, wasm: 350 };
/** One byte of a double SHA-256. */
const HASHED_BYTE_US = 0.005;
/** An opcode that hashes an element, at most 520 bytes: RIPEMD-160 is the slowest. */
const HASH_OPCODE_US = 12;
/** Any other opcode: OP_ROLL of a full stack is the slowest. */
const OPCODE_US = 1;
const PUSH_US = 0.1;
/** Scripts above this size (only tapscripts can run) are priced by their bytes, as reading their opcodes takes long. */
const MAX_READ_BYTES = 10_000;
/** A byte of such a script: `OP_DUP OP_RIPEMD160 OP_DROP` is 3 bytes. */
const TAPSCRIPT_BYTE_US = 4;

/** Returns roughly the microseconds that the script of one input takes, at most. `spentOutputs` are in input order. */
export function inputCost(tx: Transaction, spentOutputs: readonly TxOut[], inputIndex: number): number {
  const { scriptSig, witness } = tx.inputs[inputIndex]!;
  const { scriptPubKey } = spentOutputs[inputIndex]!;
  if (witnessVersion(scriptPubKey) >= 0) return INPUT_US + programCost(scriptPubKey, witness);
  const legacyHash = tx.strippedSize * HASHED_BYTE_US;
  let cost = INPUT_US + scriptCost(scriptPubKey, legacyHash) + scriptCost(scriptSig, legacyHash);
  if (!isPayToScriptHash(scriptPubKey)) return cost;
  const redeemScript = lastPush(scriptSig);
  if (!redeemScript) return cost;
  cost += witnessVersion(redeemScript) >= 0 ? programCost(redeemScript, witness) : scriptCost(redeemScript, legacyHash);
  return cost;
}

/** Returns roughly the microseconds that all scripts of a transaction take, at most. */
export function transactionCost(tx: Transaction, spentOutputs: readonly TxOut[]): number {
  let cost = 0;
  for (let i = 0; i < tx.inputs.length; i++) cost += inputCost(tx, spentOutputs, i);
  return cost;
}

/** Prices a witness of a native or nested program. */
function programCost(script: Uint8Array, witness: readonly Uint8Array[]): number {
  const { length } = witnessProgram(script);
  const version = witnessVersion(script);
  if (version === 0 && length === 32) return scriptCost(witness[witness.length - 1] ?? nothing, 0);
  if (version !== 1 || length !== 32) return signatureCost();
  const isAnnexed = witness.length >= 2 && witness[witness.length - 1]![0] === ANNEX_TAG;
  const count = witness.length - (isAnnexed ? 1 : 0);
  // The commitment of a tapscript costs about as much as a signature.
  return signatureCost() + (count < 2 ? 0 : scriptCost(witness[count - 2]!, 0));
}

const nothing = new Uint8Array(0);

function signatureCost(): number {
  return SIGNATURE_US[secp256k1().name];
}

/** Prices a script as if each of its opcodes were executed. `sighashCost` is what the hash of one signature costs. */
function scriptCost(script: Uint8Array, sighashCost: number): number {
  if (script.length > MAX_READ_BYTES) return script.length * TAPSCRIPT_BYTE_US;
  const perSignature = signatureCost() + sighashCost + script.length * HASHED_BYTE_US;
  let cost = 0;
  let previous: number = Op.OP_INVALIDOPCODE;
  const cursor = new ScriptCursor(script);
  while (cursor.next()) {
    const { opcode } = cursor;
    if (opcode <= Op.OP_16) {
      cost += PUSH_US;
    } else if (opcode >= Op.OP_RIPEMD160 && opcode <= Op.OP_HASH256) {
      cost += HASH_OPCODE_US;
    } else if (opcode === Op.OP_CHECKMULTISIG || opcode === Op.OP_CHECKMULTISIGVERIFY) {
      const isKeyCount = previous >= Op.OP_1 && previous <= Op.OP_16;
      cost += perSignature * (isKeyCount ? previous - Op.OP_1 + 1 : MAX_PUBKEYS_PER_MULTISIG);
    } else if (opcode >= Op.OP_CHECKSIG && opcode <= Op.OP_CHECKSIGVERIFY) {
      cost += perSignature;
    } else {
      cost += opcode === Op.OP_CHECKSIGADD ? perSignature : OPCODE_US;
    }
    previous = opcode;
  }
  return cost;
}
