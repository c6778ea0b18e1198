import { binaryKey } from '../../bytes/compare.ts';
import { toReversedHex } from '../../bytes/hex.ts';
import type { BlockReject } from '../../consensus/block-check.ts';
import type { Coin } from '../../consensus/coins.ts';
import { blockScriptFlags, isActiveAfter } from '../../consensus/deployments.ts';
import type { HeaderContext } from '../../consensus/header-context.ts';
import { MAX_BLOCK_SIGOPS_COST } from '../../consensus/limits.ts';
import { sequenceLocks } from '../../consensus/locks.ts';
import type { ChainParams } from '../../consensus/params.ts';
import { type Reject, reject } from '../../consensus/reject.ts';
import { transactionSigOpCost } from '../../consensus/sigops.ts';
import { blockSubsidy } from '../../consensus/subsidy.ts';
import { totalOutputValue } from '../../consensus/tx-check.ts';
import { checkTxCoins, missingInputs } from '../../consensus/tx-inputs.ts';
import { atOnce, ITEMS_PER_STEP } from '../../platform/slices.ts';
import { moneyRange } from '../../primitives/amount.ts';
import type { Block } from '../../primitives/block.ts';
import { coinKey, outPointKey } from '../../primitives/outpoint.ts';
import type { Transaction } from '../../primitives/transaction.ts';
import { scriptErrorString } from '../../script/errors.ts';
import { isUnspendable } from '../../script/script.ts';
import type { FailedCheck, ScriptCheck } from '../scripts/script-check.ts';
import { enforcesBip30, repeatsTransaction } from '../utxo/bip30.ts';
import type { CoinSource } from '../utxo/utxo-cache.ts';

/** How connecting or disconnecting a block changes the UTXO set. */
export interface CoinChanges {
  /** By `outPointKey`. Outputs that the block both creates and spends are in neither set. */
  readonly spent: ReadonlySet<string>;
  readonly created: Map<string, Coin>;
}

/** A block that passed all checks except script verification. */
export interface ConnectedBlock extends CoinChanges {
  readonly reject?: undefined;
  /** For each transaction except the coinbase, the coins that its inputs spend. */
  readonly undo: readonly (readonly Coin[])[];
  /** The scripts that must still be verified. */
  readonly scriptChecks: readonly ScriptCheck[];
  /** The `ScriptFlag`s for them. */
  readonly flags: number;
}

/** The result of `connectBlock`. */
export type ConnectOutcome = ConnectedBlock | { readonly reject: BlockReject };

/**
 * Checks a block against the UTXO set, scripts excepted, in Core's order (Core: ConnectBlock). The block must have
 * passed `checkBlock` and `checkBlockContext`; `prev` is its parent and `coins` is the UTXO set after `prev`. Changes
 * nothing: returns the changes and the script checks that must pass before they are applied.
 */
export function connectBlock(
  block: Block,
  prev: HeaderContext,
  coins: CoinSource,
  params: ChainParams,
): ConnectOutcome {
  return atOnce(connectBlockInSteps(block, prev, coins, params));
}

/** Does what `connectBlock` does, in steps of some inputs. `coins` must not change meanwhile. */
export function* connectBlockInSteps(
  block: Block,
  prev: HeaderContext,
  coins: CoinSource,
  params: ChainParams,
): Generator<void, ConnectOutcome> {
  const repeats = () => repeatsTransaction(block, coins);
  const bip30 = enforcesBip30(block, prev, params);
  if (bip30 === 'always' && (yield* repeats())) return { reject: overwrites };
  const result = yield* applyTransactions(block, prev, coins, params);
  if (result.reject && bip30 === 'for-reason' && (yield* repeats())) return { reject: overwrites };
  return result;
}

const overwrites: BlockReject = reject('consensus', 'bad-txns-BIP30', 'tried to overwrite transaction');

function* applyTransactions(
  block: Block,
  prev: HeaderContext,
  coins: CoinSource,
  params: ChainParams,
): Generator<void, ConnectOutcome> {
  const height = prev.height + 1;
  const flags = blockScriptFlags(prev, params, block.hash);
  const locksActive = isActiveAfter('csv', prev, params);
  const spent = new Set<string>();
  const created = new Map<string, Coin>();
  const undo: (readonly Coin[])[] = [];
  const scriptChecks: ScriptCheck[] = [];
  let fees = 0n;
  let sigOpCost = 0;
  let count = 0;

  for (const [position, tx] of block.transactions.entries()) {
    const isCoinbase = position === 0;
    const inputs: Coin[] = [];
    if (!isCoinbase) {
      for (const { prevout } of tx.inputs) {
        const key = outPointKey(prevout);
        const own = created.get(key);
        const coin = own ?? (spent.has(key) ? undefined : coins.peek(key));
        if (!coin) return invalidTx(missingInputs, tx);
        if (own) created.delete(key);
        else spent.add(key);
        inputs.push(coin);
        if (count++ % ITEMS_PER_STEP === 0) yield;
      }
      const checked = checkTxCoins(tx, inputs, height, params);
      if (checked.reject) return invalidTx(checked.reject, tx);
      fees += checked.fee;
      if (!moneyRange(fees)) {
        return invalid('bad-txns-accumulated-fee-outofrange', 'accumulated fee in the block out of range');
      }
      const coinHeights = inputs.map((coin) => coin.height);
      if (locksActive && !sequenceLocks(tx, coinHeights, prev)) {
        return invalid('bad-txns-nonfinal', `contains a non-BIP68-final transaction ${tx.txidHex}`);
      }
      undo.push(inputs);
      scriptChecks.push({ tx, spentOutputs: inputs.map((coin) => coin.output) });
    }
    sigOpCost += transactionSigOpCost(tx, inputs, flags);
    if (sigOpCost > MAX_BLOCK_SIGOPS_COST) return invalid('bad-blk-sigops', 'too many sigops');
    addOutputs(tx, height, isCoinbase, created);
  }

  const reward = fees + blockSubsidy(height, params);
  const claimed = totalOutputValue(block.transactions[0]!);
  if (claimed > reward) {
    return invalid('bad-cb-amount', `coinbase pays too much (actual=${claimed} vs limit=${reward})`);
  }
  return { spent, created, undo, scriptChecks, flags };
}

function invalid(reason: BlockReject['reason'], debug: string): { readonly reject: BlockReject } {
  return { reject: reject('consensus', reason, debug) };
}

function invalidTx({ reason, debug }: Reject<string>, tx: Transaction) {
  return invalid(reason, `${debug} in transaction ${tx.txidHex}`);
}

/** Adds the transaction's outputs except provably unspendable ones (Core: AddCoins). */
function addOutputs(tx: Transaction, height: number, isCoinbase: boolean, created: Map<string, Coin>): void {
  const txidKey = binaryKey(tx.txid);
  for (const [vout, output] of tx.outputs.entries()) {
    if (!isUnspendable(output.scriptPubKey)) created.set(coinKey(txidKey, vout), { output, height, isCoinbase });
  }
}

/** Returns Core's reject reason for a block with an invalid script. */
export function scriptReject({ check: { tx }, inputIndex, error }: FailedCheck): BlockReject {
  const { txid, vout } = tx.inputs[inputIndex]!.prevout;
  const debug = `input ${inputIndex} of ${tx.txidHex} (wtxid ${tx.wtxidHex}), spending ${toReversedHex(txid)}:${vout}`;
  return reject('consensus', `block-script-verify-flag-failed (${scriptErrorString(error)})`, debug);
}
