import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../src/store/memory-store.ts';
import type { StoreOperation } from '../../src/store/store.ts';
import type { KeyRecord, TransactionRecord } from '../../src/wallet/records.ts';
import {
  deleteTransaction,
  putKey,
  putNext,
  putSync,
  putTransaction,
  putWallet,
  readKeys,
  readNext,
  readSync,
  readTransactions,
  readWallets,
} from '../../src/wallet/records.ts';
import { foreignScript, inBlock, paying } from './support/ledger-fixture.ts';

async function storeOf(...operations: readonly StoreOperation[]): Promise<MemoryStore> {
  const store = new MemoryStore();
  await store.write(operations);
  return store;
}

const put = (key: string, value: string): StoreOperation => {
  return { type: 'put', key: new TextEncoder().encode(key), value: new TextEncoder().encode(value) };
};

const wallet = { name: 'w', addressType: 'bech32', mnemonic: 'a b', xprv: 'x', birthday: 5 } as const;

describe('the records of a wallet file', () => {
  it('give back wallets in order of their numbers, with gap and account', async () => {
    const records = Array.from({ length: 12 }, (_, i) => ({ ...wallet, name: `w${i}`, gap: 30 + i, account: i }));
    const store = await storeOf(...records.map((record, i) => putWallet(i + 1, record)).reverse());
    expect([...readWallets(store)]).toEqual(records.map((record, i) => [i + 1, record]));
  });

  it('give back the sync state, with the pass of a scan', async () => {
    const locator = [new Uint8Array(32).map((_, i) => i), new Uint8Array(32).fill(7)];
    const pass = { from: 3, watched: 40, unmatched: [{ height: 5, watched: [1, 2] }], found: ['51'] };
    for (const sync of [
      { height: 9, locator },
      { height: 9, locator, pass },
    ]) {
      const store = await storeOf(putSync(1, sync), putSync(2, { height: 1, locator: [] }));
      expect(readSync(store, 1)).toStrictEqual(sync);
      expect(readSync(store, 2)).toEqual({ height: 1, locator: [] });
      expect(readSync(store, 3)).toBeUndefined();
    }
  });

  it('give back keys and how many are handed out, by chain', async () => {
    const scriptPubKey = Uint8Array.of(1, 2);
    const keys: KeyRecord[] = [
      { type: 'bech32', change: false, index: 2, output: { scriptPubKey } },
      { type: 'bech32', change: false, index: 10, output: { scriptPubKey }, label: 'rent' },
      { type: 'bech32', change: true, index: 0, output: { scriptPubKey } },
      { type: 'bech32m', change: false, index: 0, output: { scriptPubKey, tapInternalKey: Uint8Array.of(3) } },
      { type: 'p2sh-segwit', change: true, index: 0, output: { scriptPubKey, redeemScript: Uint8Array.of(4) } },
    ];
    const other: KeyRecord = { type: 'legacy', change: false, index: 0, output: { scriptPubKey } };
    const store = await storeOf(
      ...keys.map((key) => putKey(1, key)).reverse(),
      putKey(2, other),
      putNext(1, { type: 'bech32', change: true }, 4),
      putNext(1, { type: 'bech32', change: false }, 3),
    );
    expect([...readKeys(store, 1)]).toStrictEqual(keys);
    expect([...readKeys(store, 2)]).toEqual([other]);
    expect([...readNext(store, 1)]).toEqual([
      [{ type: 'bech32', change: false }, 3],
      [{ type: 'bech32', change: true }, 4],
    ]);
    expect([...readNext(store, 2)]).toEqual([]);
  });

  it('give back transactions in each state', async () => {
    const [a, b, c, d, e] = Array.from({ length: 5 }, () => paying([foreignScript]));
    const { height, blockHash } = inBlock(8);
    const records: TransactionRecord[] = [
      { tx: a!, time: 1 },
      { tx: b!, time: 2, confirmation: { ...inBlock(7), blockHash: blockHash.map((_, i) => i) } },
      { tx: c!, time: 3, conflict: { height, blockHash } },
      { tx: d!, time: 4, abandoned: true },
      { tx: e!, time: 5, replaced: true },
    ];
    const store = await storeOf(...records.map((record) => putTransaction(1, record)));
    const read = [...readTransactions(store, 1)].sort((x, y) => x.time - y.time);
    expect(read.map(({ tx, ...rest }) => [tx.txidHex, rest])).toStrictEqual(
      records.map(({ tx, ...rest }) => [tx.txidHex, rest]),
    );
    await store.write([deleteTransaction(1, b!.txidHex)]);
    expect([...readTransactions(store, 1)]).toHaveLength(4);
    expect([...readTransactions(store, 2)]).toEqual([]);
  });

  it('give back the state that earlier versions stored for a conflict', async () => {
    const tx = paying([foreignScript]);
    const raw = Buffer.from(tx.encode()).toString('hex');
    const store = await storeOf(put(`tx/0001/${tx.txidHex}`, JSON.stringify({ raw, time: 1, conflicted: true })));
    expect([...readTransactions(store, 1)]).toMatchObject([{ time: 1, conflicted: true }]);
  });

  it('that cannot be read are reported as such', async () => {
    const corrupt = { code: 'corrupt-wallet' };
    const failure = async (read: (store: MemoryStore) => unknown, operation: StoreOperation) => {
      try {
        read(await storeOf(operation));
        return undefined;
      } catch (error) {
        return error;
      }
    };
    expect(await failure((store) => [...readWallets(store)], put('wallet/0001', '{'))).toMatchObject({
      ...corrupt,
      message: 'unreadable record wallet/0001 in the wallet file',
      cause: expect.any(SyntaxError),
    });
    expect(await failure((store) => [...readKeys(store, 1)], put('key/0001/odd/0/00000001', '{}'))).toMatchObject({
      ...corrupt,
      message: "unknown address type 'odd' in the wallet file",
    });
    const [tx, other] = [paying([foreignScript]), paying([foreignScript])];
    const raw = Buffer.from(other.encode()).toString('hex');
    const wrong = put(`tx/0001/${tx.txidHex}`, JSON.stringify({ raw, time: 1 }));
    expect(await failure((store) => [...readTransactions(store, 1)], wrong)).toMatchObject(corrupt);
    // An error of the caller passes through.
    const error = new Error('of the caller');
    const store = await storeOf(putWallet(1, wallet));
    expect(() => {
      for (const _ of readWallets(store)) throw error;
    }).toThrow(error);
  });
});
