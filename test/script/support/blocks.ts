import { ByteReader } from '../../../src/bytes/reader.ts';
import { Block } from '../../../src/primitives/block.ts';
import { readTxOut, type TxOut } from '../../../src/primitives/transaction.ts';
import { vectorBytes } from '../../support/vectors.ts';

/** A real block and, for each of its transactions but the coinbase, the outputs that its inputs spend. */
export function loadBlock(height: number): { block: Block; spent: TxOut[][] } {
  const block = Block.decode(vectorBytes(`blocks/block${height}.raw`));
  const undo = new ByteReader(vectorBytes(`blocks/block${height}-undo.raw`));
  const spent = block.transactions.slice(1).map(({ inputs }) => inputs.map(() => readTxOut(undo)));
  undo.end();
  return { block, spent };
}
