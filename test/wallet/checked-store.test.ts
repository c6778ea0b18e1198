import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../src/store/memory-store.ts';
import type { StoreOperation } from '../../src/store/store.ts';
import { CheckedStore, checkedReader } from '../../src/wallet/checked-store.ts';

/** A store that counts its writes, and holds each until the test releases it. */
class HeldStore extends MemoryStore {
  writes = 0;
  isFlushed = false;
  #release: (() => void) | undefined;
  isHeld = false;

  override async write(operations: readonly StoreOperation[]): Promise<void> {
    this.writes++;
    if (this.isHeld) await new Promise<void>((resolve) => (this.#release = resolve));
    return super.write(operations);
  }

  release(): void {
    this.#release?.();
  }

  override async flushed(): Promise<void> {
    this.isFlushed = true;
  }
}

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const put = (key: string, value = '1'): StoreOperation => ({ type: 'put', key: encode(key), value: encode(value) });
const remove = (key: string): StoreOperation => ({ type: 'delete', key: encode(key) });
const contents = (store: { entries: MemoryStore['entries'] }) =>
  Object.fromEntries([...store.entries({})].map(([key, value]) => [decode(key), decode(value)]));
const noCheck = async () => {};
const settle = () => new Promise(setImmediate);

async function storeOf(...operations: readonly StoreOperation[]): Promise<MemoryStore> {
  const store = new MemoryStore();
  await store.write(operations);
  return store;
}

/** Returns the first eight bytes of SHA-256 over key, zero byte and value, in hex. */
const checksum = (key: string, value: string) =>
  createHash('sha256').update(`${key}\0${value}`).digest('hex').slice(0, 16);

describe('the records of a wallet file with checksums', () => {
  it('have a format that later versions can read', async () => {
    const store = new MemoryStore();
    const checked = await CheckedStore.open(store, noCheck);
    await checked.write([put('tx/1', 'a'), put('tx/2', 'b')]);
    const [a, b] = [checksum('tx/1', 'a'), checksum('tx/2', 'b')];
    const sum = (BigInt(`0x${a}`) ^ BigInt(`0x${b}`)).toString(16);
    const expected = { 'tx/1': `=${a} a`, 'tx/2': `=${b} b`, sum: `=${checksum('sum', sum)} ${sum}` };
    expect(contents(store)).toEqual(expected);
    // What another program has written by this format.
    const other = await storeOf(...Object.entries(expected).map(([key, value]) => put(key, value)));
    const reader = await CheckedStore.open(other, noCheck);
    expect(contents(reader)).toMatchObject({ 'tx/1': 'a', 'tx/2': 'b' });
    expect([...reader.entries({ gte: encode('tx/2') })].map(([key]) => decode(key))).toEqual(['tx/2']);
  });

  it('keep their sum over changes, deletions and repetitions', async () => {
    const store = new MemoryStore();
    const checked = await CheckedStore.open(store, noCheck);
    await checked.write([put('tx/1', 'a'), put('tx/1', 'b'), put('tx/2'), put('tx/3'), remove('tx/3')]);
    await checked.write([put('tx/1', 'c'), remove('tx/2'), remove('tx/9')]);
    const reader = await CheckedStore.open(store, noCheck);
    const { sum: _, ...rest } = contents(reader);
    expect(rest).toEqual({ 'tx/1': 'c' });
  });

  it('are refused if their kind is unknown, without a checksum, or without the sum', async () => {
    const store = new MemoryStore();
    await (await CheckedStore.open(store, noCheck)).write([put('tx/1'), put('key/1')]);
    const good = contents(store);
    const open = async (records: Record<string, string>) => {
      const damaged = await storeOf(...Object.entries(records).map(([key, value]) => put(key, value)));
      return CheckedStore.open(damaged, noCheck).then(
        () => 'opened',
        ({ code, message }) => (code === 'corrupt-wallet' ? message : code),
      );
    };
    expect(await open(good)).toBe('opened');
    const { sum: _, ...unsummed } = good;
    expect(await open(unsummed)).toBe('the wallet file is damaged: record sum is missing');
    expect(await open({ ...good, sum: '1' })).toBe('the wallet file is damaged: a record is missing');
    expect(await open({ ...good, 'tx/2': '{}' })).toBe('the wallet file is damaged: record tx/2 has no checksum');
    expect(await open({ ...good, 'tx/1': good['tx/1']!.replace(' ', '0') })).toBe(
      'the wallet file is damaged: record tx/1 has a wrong checksum',
    );
    for (const key of ['txs/1', 'other/1', 'tx', '/tx']) {
      expect(await open({ ...good, [key]: '{}' })).toBe(`the wallet file is damaged: unknown record ${key}`);
    }
    expect(await open({ [`a\n${'b'.repeat(100)}`]: '{}' })).toBe(
      `the wallet file is damaged: unknown record a\\n${'b'.repeat(77)}`,
    );
  });

  it('of an earlier version get checksums once they are verified, and stay as they are if that fails', async () => {
    const records = { 'tx/1': '{"a":1}', 'wallet/0001': '{}' };
    const store = await storeOf(...Object.entries(records).map(([key, value]) => put(key, value)));
    const failing = CheckedStore.open(store, async (reader) => {
      expect(contents(reader)).toEqual(records);
      throw new Error('wrong');
    });
    await expect(failing).rejects.toThrow('wrong');
    expect(contents(store)).toEqual(records);
    await CheckedStore.open(store, noCheck);
    expect(contents(store)['tx/1']).toBe(`=${checksum('tx/1', '{"a":1}')} {"a":1}`);
    const checks: unknown[] = [];
    await CheckedStore.open(store, async (reader) => void checks.push(reader));
    expect(checks).toEqual([]);
    expect(contents(checkedReader(store))).toMatchObject(records);
  });
});

describe('writes to a wallet file', () => {
  it('are made one after another; those that wait are merged', async () => {
    const store = new HeldStore();
    const checked = await CheckedStore.open(store, noCheck);
    store.isHeld = true;
    const done: number[] = [];
    for (const [i, operations] of [[put('tx/1', 'a')], [put('tx/1', 'b')], [put('tx/2')]].entries()) {
      void checked.write(operations).then(() => done.push(i));
    }
    await settle();
    expect([store.writes, done]).toEqual([1, []]);
    store.release();
    await settle();
    expect([store.writes, done]).toEqual([2, [0]]);
    store.release();
    await settle();
    expect([store.writes, done]).toEqual([2, [0, 1, 2]]);
    store.isHeld = false;
    await checked.write([put('tx/3')]);
    const { sum: _, ...rest } = contents(await CheckedStore.open(store, noCheck));
    expect(rest).toEqual({ 'tx/1': 'b', 'tx/2': '1', 'tx/3': '1' });
  });

  it('are durable once flushed, and an empty one writes nothing', async () => {
    const store = new HeldStore();
    const checked = await CheckedStore.open(store, noCheck);
    await checked.write([]);
    expect(store.writes).toBe(0);
    await checked.flushed();
    expect([store.isFlushed, store.writes]).toEqual([true, 0]);
    store.isHeld = true;
    store.isFlushed = false;
    const writing = checked.write([put('tx/1')]);
    const flushed = checked.flushed();
    await settle();
    expect(store.isFlushed).toBe(false);
    store.release();
    await Promise.all([writing, flushed]);
    expect([store.isFlushed, store.writes]).toEqual([true, 1]);
  });
});
