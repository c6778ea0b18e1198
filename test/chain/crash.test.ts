import { beforeAll, describe, expect, it } from 'vitest';
import { equalBytes } from '../../src/bytes/compare.ts';
import type { Chain } from '../../src/chain/chain.ts';
import { chainParams } from '../../src/consensus/params.ts';
import type { Block } from '../../src/primitives/block.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import type { StoreEntry } from '../../src/store/store.ts';
import { type BlockPlan, mineBlock, OP_TRUE, outpoint, spend } from './support/builder.ts';
import { checkFilters, describeCoins, extend, openChain as open, type TestChainOptions } from './support/chain.ts';
import { FaultyStore } from './support/faulty-store.ts';
import { replay } from './support/model.ts';

const openChain = (options: TestChainOptions) => open({ ...options, blockFilterIndex: true });

interface Scenario {
  readonly shared: Block[];
  readonly left: Block[];
  readonly right: Block[];
  readonly known: ReadonlyMap<string, Block>;
}
let scenario: Scenario;
/** The entries of a store that has the shared blocks but no filters. */
let base: readonly StoreEntry[];

/** Returns a new store with the entries of `base`. */
function baseStore(): MemoryStore {
  const store = new MemoryStore();
  store.writeSync(base.map(([key, value]) => ({ type: 'put', key, value })));
  return store;
}

beforeAll(async () => {
  const store = new MemoryStore();
  const chain = await open({ store });
  const shared = await extend(chain, 102);
  await chain.flush();
  base = [...store.entries()];
  const coins = shared.map((block) => outpoint(block.transactions[0]!));
  const pay = (from: number, value: bigint): BlockPlan => ({
    transactions: [spend({ inputs: [coins[from]!], outputs: [{ value, scriptPubKey: OP_TRUE }] })],
  });
  const branch = async (tag: number, length: number): Promise<Block[]> => {
    const blocks: Block[] = [];
    let prev: Parameters<typeof mineBlock>[0] = chain.atHeight(102)!;
    for (let i = 0; i < length; i++) {
      const block = mineBlock(prev, { tag, ...(i < 2 ? pay(i, BigInt(tag)) : {}) });
      blocks.push(block);
      prev = { hash: block.hash, height: prev.height + 1, time: block.header.time, bits: prev.bits };
    }
    return blocks;
  };
  const left = await branch(1, 3);
  const right = await branch(2, 5);
  const known = new Map([...shared, ...left, ...right].map((block) => [block.hashHex, block]));
  scenario = { shared, left, right, known };
});

/** Changes the store in all ways: single blocks, a reorganisation, an invalidation, a reindex. */
async function runScenario(chain: Chain, accepted: (block: Block) => void): Promise<void> {
  const { left, right } = scenario;
  const accept = async (block: Block) => {
    const { reject } = await chain.acceptBlock(block);
    expect(reject).toBeUndefined();
    accepted(block);
  };
  for (const block of left) await accept(block);
  chain.acceptHeaders(right.map(({ header }) => header));
  for (const block of [right[1]!, right[3]!, right[2]!, right[0]!, right[4]!]) await accept(block);
  await chain.invalidateBlock(chain.atHeight(104)!);
  await chain.reconsiderBlock(chain.getIndex(right[1]!.hash)!);
  await chain.reindexUtxo();
  await chain.close();
}

/** Expects stored blocks, UTXO set and filters to match the tip, whichever block it is. */
function expectConsistent(chain: Chain): void {
  const blocks: Block[] = [];
  for (let height = 1; height <= chain.tip.height; height++) {
    const index = chain.atHeight(height)!;
    const block = scenario.known.get(index.hashHex)!;
    blocks.push(block);
    expect(equalBytes(chain.getRawBlock(index)!, block.encode())).toBe(true);
    expect(chain.getUndo(index)).toHaveLength(block.transactions.length - 1);
  }
  expect(describeCoins(chain)).toEqual(replay(blocks));
  checkFilters(chain);
}

describe('a crash', () => {
  it('at any write leaves the state before or after a block, and loses no accepted block', async () => {
    const rehearsal = new FaultyStore(baseStore(), () => false);
    await runScenario(await openChain({ store: rehearsal }), () => {});
    expect(rehearsal.writes).toBeGreaterThan(12);

    const heights = new Set<number>();
    for (let last = 0; last < rehearsal.writes; last++) {
      const disk = baseStore();
      const store = new FaultyStore(disk, (write) => write > last);
      const accepted: Block[] = [];
      const crashing = openChain({ store }).then((chain) => runScenario(chain, (block) => accepted.push(block)));
      await expect(crashing, `after write ${last}`).rejects.toThrow('the disk is gone');

      const chain = await openChain({ store: disk });
      expectConsistent(chain);
      for (const block of accepted) expect(chain.getIndex(block.hash)?.hasData).toBe(true);
      heights.add(chain.tip.height);
      // The whole scenario succeeds after the restart.
      for (const index of [...chain.tips()].filter(({ failed }) => failed)) await chain.reconsiderBlock(index);
      await runScenario(chain, () => {});
      const reopened = await openChain({ store: disk });
      expect(reopened.tip.hashHex).toBe(scenario.right.at(-1)!.hashHex);
      expectConsistent(reopened);
    }
    expect([...heights].sort((a, b) => a - b)).toEqual([102, 103, 104, 105, 106, 107]);
  });

  it('does not follow a single failed write: the next one includes its changes', async () => {
    for (let failing = 1; failing <= 8; failing++) {
      const disk = baseStore();
      await (await openChain({ store: disk })).close();
      const chain = await openChain({ store: new FaultyStore(disk, (write) => write === failing) });
      const failures: string[] = [];
      for (const block of [...scenario.left, ...scenario.right]) {
        await chain.acceptBlock(block).catch((error: Error) => failures.push(error.message));
        expectConsistent(chain);
      }
      expect(failures).toEqual(['the disk is gone']);
      await chain.close();
      const reopened = await openChain({ store: disk });
      expect(reopened.tip.hashHex).toBe(scenario.right.at(-1)!.hashHex);
      expectConsistent(reopened);
    }
  });

  it('loses no accepted block while many blocks share a write', async () => {
    const disk = new MemoryStore();
    const store = new FaultyStore(disk, (write) => write > 3);
    const chain = await openChain({ store });
    await Promise.all(scenario.shared.slice(0, 50).map((block) => chain.acceptBlock(block)));
    expect(store.writes).toBe(3);
    await expect(chain.acceptBlock(scenario.shared[50]!)).rejects.toThrow('the disk is gone');
    const reopened = await openChain({ store: disk });
    expect(reopened.tip.height).toBe(50);
    expectConsistent(reopened);
  });
});

describe('an unusable store', () => {
  it('is rejected with a hint if it belongs to another network', async () => {
    const store = new MemoryStore();
    await (await openChain({ store })).close();
    await expect(openChain({ store, params: chainParams('signet') })).rejects.toMatchObject({
      code: 'other-network',
      message: 'the block database belongs to regtest, not to signet',
      hint: expect.stringContaining('data directory'),
    });
  });

  it('is reported as corrupt with any one value damaged or missing, unless that is harmless', async () => {
    const build = async () => {
      const store = new MemoryStore();
      const chain = await openChain({ store });
      await Promise.all(scenario.shared.slice(0, 3).map((block) => chain.acceptBlock(block)));
      await chain.close();
      return store;
    };
    const keys = [...(await build()).entries()].map(([key]) => key);
    let refused = 0;
    for (const key of keys) {
      const values = [new Uint8Array(0), Uint8Array.of(0xff), (await build()).get(key)!.map((byte) => byte ^ 1)];
      for (const value of [undefined, ...values]) {
        const store = await build();
        store.writeSync([value ? { type: 'put', key, value } : { type: 'delete', key }]);
        try {
          const chain = await openChain({ store });
          // Reads everything.
          describeCoins(chain);
          // A missing filter is harmless: it is not served.
          const filters = [0, 1, 2, 3].map((height) => chain.blockFilters!.filter(chain.atHeight(height)!));
          if (!filters.includes(undefined)) checkFilters(chain);
          await chain.invalidateBlock(chain.atHeight(1)!);
          await chain.reconsiderBlock(chain.getIndex(scenario.shared[0]!.hash)!);
        } catch (error) {
          expect(['corrupt-database', 'other-network']).toContain((error as { code?: string }).code);
          refused++;
        }
      }
    }
    expect(refused).toBeGreaterThan(keys.length * 2);
  });
});
