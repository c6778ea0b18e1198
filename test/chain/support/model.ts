import { toHex, toReversedHex } from '../../../src/bytes/hex.ts';
import type { Block } from '../../../src/primitives/block.ts';
import { isNullOutPoint } from '../../../src/primitives/outpoint.ts';

/**
 * Returns the UTXO set after genesis and `blocks`, computed by a simple model, in the format of `describeCoins`: sorted
 * by txid (internal byte order) and index.
 */
export function replay(blocks: readonly Block[]): string[] {
  const coins = new Map<string, { text: string; order: string }>();
  blocks.forEach((block, i) => {
    for (const tx of block.transactions) {
      for (const { prevout } of tx.inputs) {
        if (isNullOutPoint(prevout)) continue;
        if (!coins.delete(`${toReversedHex(prevout.txid)}:${prevout.vout}`)) throw new Error('spends a missing output');
      }
      tx.outputs.forEach(({ value, scriptPubKey }, vout) => {
        if (scriptPubKey[0] === 0x6a) return;
        const name = `${tx.txidHex}:${vout}`;
        const text = `${name} ${i + 1} ${tx === block.transactions[0]} ${value} ${toHex(scriptPubKey)}`;
        coins.set(name, { text, order: toHex(tx.txid) + String(vout).padStart(10, '0') });
      });
    }
  });
  return [...coins.values()].sort((a, b) => (a.order < b.order ? -1 : 1)).map(({ text }) => text);
}
