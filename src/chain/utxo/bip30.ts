import { binaryKey, equalBytes } from '../../bytes/compare.ts';
import { isBuried } from '../../consensus/deployments.ts';
import type { HeaderContext } from '../../consensus/header-context.ts';
import type { ChainParams } from '../../consensus/params.ts';
import type { Block } from '../../primitives/block.ts';
import { coinKey } from '../../primitives/outpoint.ts';
import type { CoinSource } from './utxo-cache.ts';

/** From here on a coinbase could repeat one from before BIP34 that claimed this height. */
const BIP34_IMPLIES_BIP30_LIMIT = 1_983_702;

/**
 * How a block after `prev` is held to BIP30, by which no transaction may repeat one that has unspent outputs.
 *
 * Where coinbases have named their height from the first block on (BIP34), none can repeat another one, so neither can
 * what descends from them: a repeated transaction spends what its first instance has spent. Such a block fails in any
 * case, and only for Core's reason must it be asked whether it repeats something.
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

/** Whether `coins` hold an output of one of the block's transactions. */
export function repeatsTransaction(block: Block, coins: CoinSource): boolean {
  return block.transactions.some((tx) => {
    const txidKey = binaryKey(tx.txid);
    return tx.outputs.some((_, vout) => coins.peek(coinKey(txidKey, vout)) !== undefined);
  });
}
