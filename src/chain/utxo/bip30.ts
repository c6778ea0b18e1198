import { binaryKey, equalBytes } from '../../bytes/compare.ts';
import { isBuried } from '../../consensus/deployments.ts';
import type { HeaderContext } from '../../consensus/header-context.ts';
import type { ChainParams } from '../../consensus/params.ts';
import { ITEMS_PER_STEP } from '../../platform/slices.ts';
import type { Block } from '../../primitives/block.ts';
import { coinKey } from '../../primitives/outpoint.ts';
import type { CoinSource } from './utxo-cache.ts';

/** Height from which a coinbase can repeat a pre-BIP34 coinbase whose script began with that height. */
const BIP34_IMPLIES_BIP30_LIMIT = 1_983_702;

/**
 * Returns when to check a block after `prev` against BIP30: no transaction may have the txid of an earlier one with
 * unspent outputs.
 *
 * 'for-reason': BIP34 is active from the first block, so coinbases are unique and so are all transactions. A duplicate
 * fails anyway because its inputs are spent; the check is needed only to give Core's reject reason.
 */
export function enforcesBip30(
  block: Block,
  prev: HeaderContext,
  params: ChainParams,
): 'always' | 'for-reason' | 'never' {
  const { bip34 } = params.deployments;
  const bip34Height = isBuried(bip34) ? bip34.height : Number.POSITIVE_INFINITY;
  if (bip34Height <= 1) return 'for-reason';
  if (params.bip30Exceptions.has(block.hashHex)) return 'never';
  if (prev.height + 1 >= BIP34_IMPLIES_BIP30_LIMIT) return 'always';
  const bip34Block = prev.ancestor(bip34Height);
  const onKnownChain = bip34Block && params.bip34Hash && equalBytes(bip34Block.hash, params.bip34Hash);
  return onKnownChain ? 'never' : 'always';
}

/** Returns whether `coins` already has an output of one of the block's transactions (BIP30); in steps of some outputs. */
export function* repeatsTransaction(block: Block, coins: CoinSource): Generator<void, boolean> {
  let i = 0;
  for (const tx of block.transactions) {
    const txidKey = binaryKey(tx.txid);
    for (let vout = 0; vout < tx.outputs.length; vout++) {
      if (coins.peek(coinKey(txidKey, vout)) !== undefined) return true;
      if (i++ % ITEMS_PER_STEP === 0) yield;
    }
  }
  return false;
}
