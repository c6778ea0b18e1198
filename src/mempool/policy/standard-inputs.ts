import type { Coin } from '../../consensus/coins.ts';
import type { Transaction, TxIn } from '../../primitives/transaction.ts';
import { MAX_SCRIPT_ELEMENT_SIZE } from '../../script/limits.ts';
import { Op } from '../../script/opcodes.ts';
import { isPayToAnchor, isPayToScriptHash, parseScript, witnessProgram, witnessVersion } from '../../script/script.ts';
import { legacySigOpCount } from '../../script/sigops.ts';
import { solve } from '../../script/standard.ts';
import {
  MAX_P2SH_SIGOPS,
  MAX_STANDARD_P2WSH_SCRIPT_SIZE,
  MAX_STANDARD_P2WSH_STACK_ITEM_SIZE,
  MAX_STANDARD_P2WSH_STACK_ITEMS,
  MAX_STANDARD_TAPSCRIPT_STACK_ITEM_SIZE,
  MAX_TX_LEGACY_SIGOPS,
} from './constants.ts';

/** BIP341: the first byte of an annex, and the leaf version of tapscript under its mask. */
const ANNEX_TAG = 0x50;
const LEAF_MASK = 0xfe;
const LEAF_TAPSCRIPT = 0xc0;

/**
 * Whether what a transaction spends is of a known form, without P2SH scripts that cost too much to check, nor more
 * signature operations than BIP54 will allow (Core: AreInputsStandard). `coins` are in the order of the inputs.
 */
export function areInputsStandard(tx: Transaction, coins: readonly Coin[]): boolean {
  let sigOps = 0;
  for (let i = 0; i < coins.length; i++) {
    const { scriptSig } = tx.inputs[i]!;
    const { scriptPubKey } = coins[i]!.output;
    const { type } = solve(scriptPubKey);
    if (type === 'nonstandard' || type === 'witness_unknown') return false;

    let executed = scriptPubKey;
    if (type === 'scripthash') {
      const redeemScript = topAfterPushes(scriptSig);
      if (!redeemScript || legacySigOpCount(redeemScript, true) > MAX_P2SH_SIGOPS) return false;
      executed = redeemScript;
    }
    sigOps += legacySigOpCount(scriptSig, true) + legacySigOpCount(executed, true);
    if (sigOps > MAX_TX_LEGACY_SIGOPS) return false;
  }
  return true;
}

/**
 * Whether the witnesses belong to outputs that take one, and are within policy's bounds (Core: IsWitnessStandard).
 */
export function isWitnessStandard(tx: Transaction, coins: readonly Coin[]): boolean {
  return tx.inputs.every((input, i) => input.witness.length === 0 || isInputWitnessStandard(input, coins[i]!));
}

function isInputWitnessStandard({ scriptSig, witness }: TxIn, { output: { scriptPubKey } }: Coin): boolean {
  // Anyone may add a witness to an anchor's input: none is wanted.
  if (isPayToAnchor(scriptPubKey)) return false;
  const isP2sh = isPayToScriptHash(scriptPubKey);
  const script = isP2sh ? topAfterPushes(scriptSig) : scriptPubKey;
  const version = script ? witnessVersion(script) : -1;
  if (!script || version < 0) return false;
  const { length } = witnessProgram(script);
  if (version === 0 && length === 32) return isP2wshWitnessStandard(witness);
  if (version === 1 && length === 32 && !isP2sh) return isTaprootWitnessStandard(witness);
  return true;
}

function isP2wshWitnessStandard(witness: readonly Uint8Array[]): boolean {
  const items = witness.length - 1;
  return (
    witness[items]!.length <= MAX_STANDARD_P2WSH_SCRIPT_SIZE &&
    items <= MAX_STANDARD_P2WSH_STACK_ITEMS &&
    witness.every((item, i) => i === items || item.length <= MAX_STANDARD_P2WSH_STACK_ITEM_SIZE)
  );
}

function isTaprootWitnessStandard(witness: readonly Uint8Array[]): boolean {
  // One item is a spend by the key.
  if (witness.length < 2) return true;
  const controlBlock = witness[witness.length - 1]!;
  // An annex has no meaning yet; no control block may be empty.
  if (controlBlock.length === 0 || controlBlock[0] === ANNEX_TAG) return false;
  if ((controlBlock[0]! & LEAF_MASK) !== LEAF_TAPSCRIPT) return true;
  return witness.every((item, i) => i >= witness.length - 2 || item.length <= MAX_STANDARD_TAPSCRIPT_STACK_ITEM_SIZE);
}

/**
 * Whether an input of a transaction without any witness spends an output that takes one, so that the same transaction
 * with its witness may be valid (Core: SpendsNonAnchorWitnessProg).
 */
export function lacksWitness(tx: Transaction, coins: readonly Coin[]): boolean {
  if (tx.hasWitness) return false;
  return tx.inputs.some(({ scriptSig }, i) => {
    const { scriptPubKey } = coins[i]!.output;
    if (!isPayToScriptHash(scriptPubKey)) return witnessVersion(scriptPubKey) >= 0 && !isPayToAnchor(scriptPubKey);
    const redeemScript = topAfterPushes(scriptSig);
    return redeemScript !== undefined && witnessVersion(redeemScript) >= 0;
  });
}

const nothing = new Uint8Array(0);

/** The top of the stack after a push-only script has run; undefined where it fails or pushes nothing. */
function topAfterPushes(scriptSig: Uint8Array): Uint8Array | undefined {
  const operations = parseScript(scriptSig);
  if (!operations || operations.length === 0) return undefined;
  for (const { opcode, data } of operations) {
    // OP_RESERVED passes for a push, but fails when it runs.
    if (opcode > Op.OP_16 || opcode === Op.OP_RESERVED) return undefined;
    if (data && data.length > MAX_SCRIPT_ELEMENT_SIZE) return undefined;
  }
  // A number that OP_1NEGATE to OP_16 push is one byte: neither a witness program nor a signature operation.
  return operations[operations.length - 1]!.data ?? nothing;
}
