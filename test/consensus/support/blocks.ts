import { ByteReader } from '../../../src/bytes/reader.ts';
import type { Coin } from '../../../src/consensus/coins.ts';
import { Block } from '../../../src/primitives/block.ts';
import { outPointKey } from '../../../src/primitives/outpoint.ts';
import { readTxOut } from '../../../src/primitives/transaction.ts';
import { vectorBytes } from '../../support/vectors.ts';

export function realBlock(name: string): Block {
  return Block.decode(vectorBytes(`blocks/${name}.raw`));
}

/** What the block spends, by `outPointKey`; their heights, which the vectors leave out, are said to be 1. */
export function spentCoins(block: Block, name: string): Map<string, Coin> {
  const reader = new ByteReader(vectorBytes(`blocks/${name}-undo.raw`));
  const coins = new Map<string, Coin>();
  for (const tx of block.transactions.slice(1)) {
    for (const { prevout } of tx.inputs) {
      coins.set(outPointKey(prevout), { output: readTxOut(reader), height: 1, isCoinbase: false });
    }
  }
  reader.end();
  return coins;
}
