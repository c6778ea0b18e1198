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

/** BIP341: first byte of an annex, leaf version mask and leaf version of tapscript. */
const ANNEX_TAG = 0x50;
const LEAF_MASK = 0xfe;
const LEAF_TAPSCRIPT = 0xc0;

/**
 * Returns whether a transaction spends only standard outputs, and its signature operations are within the limits for
 * P2SH and BIP54 (Core: AreInputsStandard). `coins` are in input order.
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

/** Returns whether only witness outputs have witnesses, within policy limits (Core: IsWitnessStandard). */
export function isWitnessStandard(tx: Transaction, coins: readonly Coin[]): boolean {
  return tx.inputs.every((input, i) => input.witness.length === 0 || isInputWitnessStandard(input, coins[i]!));
}

function isInputWitnessStandard({ scriptSig, witness }: TxIn, { output: { scriptPubKey } }: Coin): boolean {
  // Witness stuffing: any third party could add a witness to a P2A input.
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
  // One item: key path spend.
  if (witness.length < 2) return true;
  const controlBlock = witness[witness.length - 1]!;
  // Annexes have no meaning yet; an empty control block is invalid.
  if (controlBlock.length === 0 || controlBlock[0] === ANNEX_TAG) return false;
  if ((controlBlock[0]! & LEAF_MASK) !== LEAF_TAPSCRIPT) return true;
  return witness.every((item, i) => i >= witness.length - 2 || item.length <= MAX_STANDARD_TAPSCRIPT_STACK_ITEM_SIZE);
}

/**
 * Returns whether a transaction without witnesses spends a witness output, so that the same transaction with its
 * witness may be valid (Core: SpendsNonAnchorWitnessProg).
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

/** Returns the top stack item after a push-only script; undefined if it fails or pushes nothing. */
function topAfterPushes(scriptSig: Uint8Array): Uint8Array | undefined {
  const operations = parseScript(scriptSig);
  if (!operations || operations.length === 0) return undefined;
  for (const { opcode, data } of operations) {
    // OP_RESERVED counts as a push but fails when executed.
    if (opcode > Op.OP_16 || opcode === Op.OP_RESERVED) return undefined;
    if (data && data.length > MAX_SCRIPT_ELEMENT_SIZE) return undefined;
  }
  // OP_1NEGATE to OP_16 push a single byte, which is neither a witness program nor a signature operation.
  return operations[operations.length - 1]!.data ?? nothing;
}
