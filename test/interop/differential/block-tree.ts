import type { Coin } from '../../../src/consensus/coins.ts';
import { type HeaderContext, medianTimePast } from '../../../src/consensus/header-context.ts';
import type { Block } from '../../../src/primitives/block.ts';
import { type OutPoint, outPointKey } from '../../../src/primitives/outpoint.ts';

/** An unspent output with its outpoint. */
export interface NamedCoin extends Coin {
  readonly outpoint: OutPoint;
}

/** Unspent outputs by `outPointKey`. */
export type Coins = ReadonlyMap<string, NamedCoin>;

/** A block in the test's own tree, valid or not, with the UTXO set after it. */
export class BlockNode implements HeaderContext {
  readonly block: Block;
  readonly prev: BlockNode | undefined;
  readonly height: number;
  readonly coins: Coins;

  constructor(block: Block, prev: BlockNode | undefined) {
    this.block = block;
    this.prev = prev;
    this.height = prev ? prev.height + 1 : 0;
    this.coins = prev ? coinsAfter(prev.coins, block, this.height) : new Map();
  }

  get hash(): Uint8Array {
    return this.block.hash;
  }

  get time(): number {
    return this.block.header.time;
  }

  get bits(): number {
    return this.block.header.bits;
  }

  get version(): number {
    return this.block.header.version;
  }

  ancestor(height: number): BlockNode | undefined {
    let at: BlockNode | undefined = this;
    while (at && at.height > height) at = at.prev;
    return at?.height === height ? at : undefined;
  }

  medianTimePast(): number {
    return medianTimePast(this);
  }
}

function coinsAfter(before: Coins, block: Block, height: number): Coins {
  const coins = new Map(before);
  for (const tx of block.transactions) addTransaction(coins, tx, height, tx === block.transactions[0]);
  return coins;
}

/** Removes the coins that a transaction spends and adds the coins that it creates. */
export function addTransaction(
  coins: Map<string, NamedCoin>,
  tx: Block['transactions'][number],
  height: number,
  isCoinbase: boolean,
): void {
  for (const { prevout } of tx.inputs) coins.delete(outPointKey(prevout));
  // Twelve outputs per transaction suffice; some mutations create thousands.
  for (const [vout, output] of tx.outputs.slice(0, 12).entries()) {
    const outpoint = { txid: tx.txid, vout };
    coins.set(outPointKey(outpoint), { outpoint, output, height, isCoinbase });
  }
}
