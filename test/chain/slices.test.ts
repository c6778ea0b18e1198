import { afterEach, expect, it } from 'vitest';
import type { Chain } from '../../src/chain/chain.ts';
import { Block } from '../../src/primitives/block.ts';
import type { Transaction } from '../../src/primitives/transaction.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { mineBlock, OP_TRUE, outpoint, spend } from './support/builder.ts';
import { checkFilters, extend, openChain, START_MS } from './support/chain.ts';

/** Transactions of the costly block. */
const COUNT = 1000;
/** Milliseconds of each access to the inputs or outputs of a transaction, or to a stored record. */
const ACCESS_MS = 0.02;

let chain: Chain;
afterEach(() => chain.close());

/** A clock that advances with work. */
class WorkClock extends VirtualClock {
  #ms = 0;

  override monotonic(): number {
    return super.monotonic() + this.#ms;
  }

  spend(ms: number): void {
    this.#ms += ms;
  }
}

/** Makes accesses to the parts of a block's transactions take time. */
function costly(block: Block, clock: WorkClock): Block {
  const slow = (tx: Transaction): Transaction => {
    // Sizes are computed once, and fast.
    const { inputs, outputs, strippedSize, totalSize } = tx;
    if (strippedSize > totalSize) throw new Error('impossible');
    const cost = <T>(value: T) => ({
      get: () => {
        clock.spend(ACCESS_MS);
        return value;
      },
    });
    return Object.defineProperties(tx, { inputs: cost(inputs), outputs: cost(outputs) });
  };
  return new Block(block.header, block.transactions.map(slow), block.encode());
}

/** A store whose reads take time. */
class SlowStore extends MemoryStore {
  clock: WorkClock | undefined;

  override get(key: Uint8Array): Uint8Array | undefined {
    this.clock?.spend(ACCESS_MS);
    return super.get(key);
  }
}

/** Runs `work`; returns its result and the most milliseconds that it took within one turn of the event loop. */
async function longestTurn<T>(
  clock: WorkClock,
  work: () => Promise<T>,
): Promise<{ result: T; ms: number; turns: number }> {
  let last = clock.monotonic();
  let ms = 0;
  let turns = 0;
  let isDone = false;
  const look = () => {
    const now = clock.monotonic();
    ms = Math.max(ms, now - last);
    last = now;
    turns++;
    if (!isDone) setImmediate(look);
  };
  setImmediate(look);
  const result = await work();
  isDone = true;
  look();
  return { result, ms, turns };
}

/** A chain with a block that has many outputs, and the block's child that spends each of them in a transaction. */
async function prepare(): Promise<{ clock: WorkClock; block: Block; store: SlowStore }> {
  const clock = new WorkClock(START_MS);
  const store = new SlowStore();
  chain = await openChain({ clock, store, coinCacheBytes: 0, scriptThreads: 0, blockFilterIndex: true });
  const [first] = await extend(chain, 101);
  const outputs = Array.from({ length: COUNT }, () => ({ value: 1000n, scriptPubKey: OP_TRUE }));
  const parent = spend({ inputs: [outpoint(first!.transactions[0]!)], outputs });
  await extend(chain, 1, { transactions: [parent] });
  const transactions = outputs.map((_, vout) =>
    spend({
      inputs: [outpoint(parent, vout)],
      outputs: [{ value: 900n, scriptPubKey: Uint8Array.of(0x51, vout, vout >> 8) }],
    }),
  );
  const block = mineBlock(chain.tip, { transactions });
  return { clock, block, store };
}

it('accepts a block in slices of four milliseconds', async () => {
  const { clock, block, store } = await prepare();
  store.clock = clock;
  const { result, ms, turns } = await longestTurn(clock, () => chain.acceptBlock(costly(block, clock)));
  store.clock = undefined;
  expect(result).toMatchObject({ isNew: true });
  expect(chain.tip.hash).toEqual(block.hash);
  // A slice of the chain and one of the write, each with its last step, may meet in one turn.
  expect(ms).toBeLessThanOrEqual(10);
  expect(turns).toBeGreaterThan(40);
  checkFilters(chain);
});

it('keeps the old tip and its coins until a block is connected as a whole', async () => {
  const { clock, block } = await prepare();
  const { tip } = chain;
  const coin = block.transactions[1]!.inputs[0]!.prevout;
  const last = outpoint(block.transactions[COUNT]!);
  const states = new Set<string>();
  let isDone = false;
  const look = () => {
    states.add(`${chain.tip === tip} ${chain.getCoin(coin) !== undefined} ${chain.getCoin(last) !== undefined}`);
    if (!isDone) setImmediate(look);
  };
  look();
  await chain.acceptBlock(costly(block, clock));
  isDone = true;
  look();
  expect([...states]).toEqual(['true true false', 'false false true']);
});

it('processes blocks that arrive meanwhile in their order', async () => {
  const { clock, block } = await prepare();
  const child = mineBlock({
    ...block.header,
    hash: block.hash,
    height: chain.tip.height + 1,
    time: block.header.time,
    bits: block.header.bits,
  });
  const rival = mineBlock(chain.tip, { tag: 1 });
  const order: string[] = [];
  chain.events.on('blockStored', ({ block: { hashHex } }) => order.push(hashHex));
  chain.events.on('blockConnected', ({ block: { hashHex } }) => order.push(hashHex));
  const results = await Promise.all([block, rival, child].map((each) => chain.acceptBlock(costly(each, clock))));
  expect(results.map(({ isNew }) => isNew)).toEqual([true, true, true]);
  expect(chain.tip.hash).toEqual(child.hash);
  expect(order.filter((hash) => hash === block.hashHex || hash === child.hashHex).at(-1)).toBe(child.hashHex);
  expect(chain.contains(chain.getIndex(rival.hash)!)).toBe(false);
});
