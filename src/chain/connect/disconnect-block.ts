import { binaryKey } from '../../bytes/compare.ts';
import type { Coin } from '../../consensus/coins.ts';
import { ITEMS_PER_STEP } from '../../platform/slices.ts';
import type { Block } from '../../primitives/block.ts';
import { coinKey, outPointKey } from '../../primitives/outpoint.ts';
import { isUnspendable } from '../../script/script.ts';
import { corrupt } from '../records/errors.ts';
import type { BlockIndex } from '../tree/block-index.ts';
import type { CoinChanges } from './connect-block.ts';

/**
 * Returns how disconnecting a block changes the UTXO set (Core: DisconnectBlock); in steps of some transactions. Throws
 * `ChainError` if `undo` does not match the block.
 */
export function* disconnectBlockInSteps(
  index: BlockIndex,
  block: Block,
  undo: readonly (readonly Coin[])[],
): Generator<void, CoinChanges> {
  const { transactions } = block;
  if (undo.length !== transactions.length - 1)
    throw corrupt(`the undo data of block ${index.hashHex} does not match it`);
  const spent = new Set<string>();
  const created = new Map<string, Coin>();
  for (let position = transactions.length - 1; position >= 0; position--) {
    if (position % ITEMS_PER_STEP === 0) yield;
    const tx = transactions[position]!;
    const txidKey = binaryKey(tx.txid);
    for (const [vout, { scriptPubKey }] of tx.outputs.entries()) {
      if (isUnspendable(scriptPubKey)) continue;
      const key = coinKey(txidKey, vout);
      // An output that a later transaction of the block spends was restored below; it is removed again.
      if (!created.delete(key)) spent.add(key);
    }
    if (position === 0) break;
    const coins = undo[position - 1]!;
    if (coins.length !== tx.inputs.length) throw corrupt(`the undo data of block ${index.hashHex} does not match it`);
    for (const [i, { prevout }] of tx.inputs.entries()) created.set(outPointKey(prevout), coins[i]!);
  }
  return { spent, created };
}
