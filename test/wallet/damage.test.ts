import { describe, expect, it } from 'vitest';
import { regtest } from '../../src/consensus/params.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { COIN } from '../../src/primitives/amount.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import type { StoreEntry, StoreOperation } from '../../src/store/store.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { CheckedStore, checkedReader } from '../../src/wallet/checked-store.ts';
import { WalletFile } from '../../src/wallet/wallet-file.ts';
import { flipBit } from '../support/hostile.ts';
import { ownScript, RegtestChain } from '../support/regtest-chain.ts';
import { script, view, WalletFixture } from './support/wallet-fixture.ts';

const fixture = await WalletFixture.create(undefined, await RegtestChain.create({ coinbaseMaturity: 1 }));
const wallet = await fixture.file.createWallet('w');
await fixture.mineTo(script(await wallet.newAddress()), 3);
await fixture.mineTo(ownScript, 100);
await fixture.send(wallet, ownScript, 60n * COIN);
await fixture.mineTo(ownScript);
await fixture.close();
const before = view(wallet);
const records: readonly StoreEntry[] = [...fixture.store.entries()];

async function storeOf(entries: readonly StoreEntry[]): Promise<MemoryStore> {
  const store = new MemoryStore();
  await store.write(entries.map(([key, value]) => ({ type: 'put', key, value })));
  return store;
}

/** Opens a wallet file with these records. */
async function openFile(entries: readonly StoreEntry[]): Promise<WalletFile> {
  const { clock } = fixture.regtest;
  const modules = { store: await storeOf(entries), clock, random: new SeededRandom(1), logger: silentLogger };
  return WalletFile.open({ params: regtest }, modules);
}

const name = ([key]: StoreEntry) => new TextDecoder().decode(key);

describe('a damaged wallet file', () => {
  it('is refused whichever bit of a value or a key is wrong', async () => {
    const random = new SeededRandom(77);
    for (let i = 0; i < 300; i++) {
      const at = random.uint32() % records.length;
      const [key, value] = records[at]!;
      const bytes = random.uint32() % 4 === 0 ? key : value;
      const flipped = flipBit(bytes, random.uint32() % (bytes.length * 8));
      const damaged: StoreEntry = bytes === key ? [flipped, value] : [key, flipped];
      const rejects = await openFile(records.with(at, damaged)).then(
        () => 'opened',
        ({ code, hint }) => [code, /Replace .* by a backup.*pier createwallet --restore/.test(hint)],
      );
      expect(rejects, `${name(records[at]!)}: ${name(damaged)}`).toEqual(['corrupt-wallet', true]);
    }
  });

  it('is refused without any one of its records, or with an old version of one', async () => {
    for (const [at, record] of records.entries()) {
      await expect(openFile(records.toSpliced(at, 1)), name(record)).rejects.toMatchObject({ code: 'corrupt-wallet' });
    }
    const store = await storeOf(records);
    const old = records.find((record) => name(record).startsWith('sync/'))!;
    const checked = await CheckedStore.open(store, async () => {});
    await checked.write([{ type: 'put', key: old[0], value: new TextEncoder().encode('{"height":0,"locator":[]}') }]);
    const mixed = [...store.entries()].map((entry) => (name(entry) === name(old) ? old : entry));
    await expect(openFile(mixed)).rejects.toMatchObject({ code: 'corrupt-wallet' });
  });

  it('names the file in the message', async () => {
    const store = Object.assign(await storeOf(records.slice(1)), { path: '/data/wallet_3000.db' });
    const { clock } = fixture.regtest;
    const opened = WalletFile.open(
      { params: regtest },
      { store, clock, random: new SeededRandom(1), logger: silentLogger },
    );
    await expect(opened).rejects.toMatchObject({
      message: expect.stringMatching(/^wallet file \/data\/wallet_3000.db is damaged/),
      hint: expect.stringMatching(/^Replace \/data\/wallet_3000.db by a backup/),
    });
  });
});

describe('a wallet file of an earlier version', () => {
  /** The records as they were before they had checksums. */
  const old = [...checkedReader({ ...emptyReader(), entries: () => records.values() }).entries()].filter(
    (record) => name(record) !== 'sum',
  );

  function emptyReader() {
    return { get: () => undefined, has: () => false };
  }

  it('opens, and gets checksums', async () => {
    const store = await storeOf(old);
    await fixture.open(store);
    expect(view(fixture.file.get('w')!)).toEqual(before);
    await fixture.close();
    for (const [, value] of store.entries()) expect(value[0]).toBe('='.charCodeAt(0));
    await fixture.open(store);
    expect(view(fixture.file.get('w')!)).toEqual(before);
    await fixture.close();
  });

  it('is refused if a transaction does not have its txid, or a key does not follow from the words', async () => {
    for (const [kind, find] of [
      ['tx/', '"raw":"0200'],
      ['key/', '"scriptPubKey":"0014'],
      ['wallet/', '"mnemonic":"'],
    ] as const) {
      const at = old.findIndex((record) => name(record).startsWith(kind));
      const [key, value] = old[at]!;
      const offset = new TextDecoder().decode(value).indexOf(find) + find.length;
      expect(offset).toBeGreaterThan(find.length);
      const wrong = value.with(offset, value[offset]! === 0x61 ? 0x62 : 0x61);
      await expect(openFile(old.with(at, [key, wrong])), kind).rejects.toMatchObject({ code: 'corrupt-wallet' });
    }
  });

  it('keeps the conflicts that were stored without their block', async () => {
    const at = old.findIndex((record) => name(record).startsWith('tx/'));
    const [key, value] = old[at]!;
    const { raw, time } = JSON.parse(new TextDecoder().decode(value));
    const conflicted = new TextEncoder().encode(JSON.stringify({ raw, time, conflicted: true }));
    const file = await openFile(old.with(at, [key, conflicted]));
    const { entry } = file
      .get('w')!
      .history()
      .find((each) => each.entry.tx.txidHex === name(old[at]!).slice(-64))!;
    expect([entry.confirmation, entry.abandoned]).toEqual([undefined, true]);
  });
});

describe('CheckedStore', () => {
  it('keeps its sum when a write fails', async () => {
    class FailingStore extends MemoryStore {
      fails = false;
      override async write(operations: readonly StoreOperation[]): Promise<void> {
        if (this.fails) throw new Error('disk full');
        return super.write(operations);
      }
    }
    const store = new FailingStore();
    const checked = await CheckedStore.open(store, async () => {});
    const put = (key: string): StoreOperation => {
      return { type: 'put', key: new TextEncoder().encode(key), value: new TextEncoder().encode('1') };
    };
    await checked.write([put('tx/1'), put('tx/1'), put('tx/2')]);
    store.fails = true;
    await expect(checked.write([put('tx/3')])).rejects.toThrow('disk full');
    store.fails = false;
    await Promise.all([checked.write([put('tx/4')]), checked.write([{ ...put('tx/1'), type: 'delete' }])]);
    await checked.flushed();
    await CheckedStore.open(store, async () => {});
    expect([...store.entries()].map(name)).toEqual(['sum', 'tx/2', 'tx/4']);
  });
});
