import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/bytes/compare.ts';
import type { Chain } from '../../src/chain/chain.ts';
import { blockKey, Prefix } from '../../src/chain/records/keys.ts';
import { LmdbStore } from '../../src/store/lmdb/lmdb-store.ts';
import { flipCopies } from '../support/flip-copies.ts';
import { tempDir } from '../support/temp-dir.ts';
import { checkFilters, describeCoins, extend, openChain } from './support/chain.ts';

const folder = tempDir('damaged-records');
let files = 0;

const open = (path: string, toleratesDamage = false) =>
  LmdbStore.open({ path, network: 'regtest', kind: 'blockchain', toleratesDamage });

/** Makes a chain of small blocks in a file; returns the file and its closed chain. */
async function makeChain(): Promise<{ path: string; chain: Chain; coins: string[]; keys: Uint8Array[] }> {
  const path = join(folder, `chain${files++}.db`);
  const store = await open(path);
  const chain = await openChain({ store, blockFilterIndex: true });
  await extend(chain, 12);
  const coins = describeCoins(chain);
  await chain.close();
  const keys = store.keys();
  await store.close();
  return { path, chain, coins, keys };
}

/** Flips a bit of each copy of the record with this key, also in pages that are no longer used. */
function flip(path: string, key: Uint8Array, offset: number): void {
  const bytes = readFileSync(path);
  flipCopies(bytes, key, offset);
  writeFileSync(path, bytes);
}

describe('a damaged record', () => {
  it('of the coins, undo data, filters or peers is repaired by a reindex', async () => {
    const { path, chain, coins, keys } = await makeChain();
    const tip = chain.tip.hashHex;
    const coin = keys.find((key) => key[0] === Prefix.COIN)!;
    const at = chain.atHeight(7)!;
    const damages: readonly (readonly [key: Uint8Array, offset: number])[] = [
      [coin, coin.length + 1],
      // The last byte of the key: the coin is missing, and there is one that never was.
      [coin, coin.length - 1],
      [blockKey(Prefix.UNDO, at), 37],
      [blockKey(Prefix.UNDO, at), 36],
      [blockKey(Prefix.FILTER, at), 38],
      [blockKey(Prefix.FILTER_HEADER, at), 50],
    ];
    for (const [key, offset] of damages) {
      const whole = readFileSync(path);
      flip(path, key, offset);
      await expect(open(path)).rejects.toMatchObject({
        code: 'damaged-database',
        message: expect.stringContaining(path),
        hint: expect.stringContaining('pier reindexutxo'),
      });
      const store = await open(path, true);
      expect(store.damaged.length).toBe(1);
      const damagedChain = await openChain({ store });
      await damagedChain.reindexUtxo();
      await damagedChain.close();
      await store.close();

      const repaired = await open(path);
      const again = await openChain({ store: repaired, blockFilterIndex: true });
      expect(describeCoins(again)).toEqual(coins);
      checkFilters(again);
      await again.invalidateBlock(again.atHeight(6)!);
      expect(again.tip.height).toBe(5);
      await again.reconsiderBlock(again.getIndex(chain.atHeight(6)!.hash)!);
      expect(again.tip.hashHex).toBe(tip);
      await again.close();
      await repaired.close();
      writeFileSync(path, whole);
    }
  });

  it('of the headers, blocks or the tip ends a reindex with an error that names the file', async () => {
    const { path, chain } = await makeChain();
    const at = chain.atHeight(7)!;
    const tipKey = concatBytes(Uint8Array.of(Prefix.META), new TextEncoder().encode('tip'));
    for (const [key, offset] of [
      [blockKey(Prefix.INDEX, at), 40],
      [blockKey(Prefix.BODY, at), 60],
      [tipKey, 9],
    ] as const) {
      const whole = readFileSync(path);
      flip(path, key, offset);
      await expect(open(path)).rejects.toMatchObject({ code: 'damaged-database' });
      const store = await open(path, true);
      const reindex = openChain({ store }).then(async (damaged) => {
        await damaged.reindexUtxo().finally(() => damaged.close().catch(() => {}));
      });
      await expect(reindex).rejects.toThrow(path);
      await store.close();
      writeFileSync(path, whole);
    }
  });
});
