import { describe, expect, it } from 'vitest';
import type { Chain } from '../../src/chain/chain.ts';
import { Prefix } from '../../src/chain/records/keys.ts';
import type { Block } from '../../src/primitives/block.ts';
import { Op } from '../../src/script/opcodes.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { CapturedLogger } from '../support/captured-logger.ts';
import { mineBlock } from './support/builder.ts';
import { accept, extend, openChain } from './support/chain.ts';

/** Mines successive blocks without submitting them. */
function branch(prev: Parameters<typeof mineBlock>[0], count: number, tag: number): Block[] {
  const blocks: Block[] = [];
  let at = prev;
  for (let i = 0; i < count; i++) {
    const block = mineBlock(at, { tag });
    blocks.push(block);
    at = { hash: block.hash, height: at.height + 1, time: block.header.time, bits: block.header.bits };
  }
  return blocks;
}

/** Logs the moves of the tip: `+` and `-` with the height of a connected or disconnected block, `=` with that of a tip. */
function watch(chain: Chain): string[] {
  const log: string[] = [];
  chain.events.on('blockConnected', ({ index }) => log.push(`+${index.height}`));
  chain.events.on('blockDisconnected', ({ index }) => log.push(`-${index.height}`));
  chain.events.on('tip', ({ tip }) => log.push(`=${tip.height}`));
  return log;
}

describe('blocks that arrive at once', () => {
  it('are each announced as the tip', async () => {
    const chain = await openChain();
    const log = watch(chain);
    await Promise.all(branch(chain.tip, 3, 1).map((block) => chain.acceptBlock(block)));
    expect(log).toEqual(['+1', '=1', '+2', '=2', '+3', '=3']);
  });

  it('are each announced, also after one that is known already', async () => {
    const chain = await openChain();
    const [a1, a2, a3] = branch(chain.tip, 3, 1) as [Block, Block, Block];
    const [stale] = branch(chain.tip, 1, 2) as [Block];
    for (const block of [a1, stale]) await accept(chain, block);
    const log = watch(chain);
    await Promise.all([stale, a2, a3].map((block) => chain.acceptBlock(block)));
    expect(log).toEqual(['+2', '=2', '+3', '=3']);
  });

  it('of a better branch replace one that is prepared, without a detour', async () => {
    const chain = await openChain();
    const [a1, a2] = branch(chain.tip, 2, 1) as [Block, Block];
    const { hash, header } = a1;
    const [b2, b3] = branch({ hash, height: 1, time: header.time, bits: header.bits }, 2, 2) as [Block, Block];
    const log = watch(chain);
    await Promise.all([a1, a2, b2, b3].map((block) => chain.acceptBlock(block)));
    expect(chain.tip.hashHex).toBe(b3.hashHex);
    expect(log.filter((line) => line.startsWith('-'))).toEqual([]);
  });

  it('during a reorganisation do not leave a tip with less work', async () => {
    const chain = await openChain();
    const genesis = chain.tip;
    const a = branch(genesis, 3, 1);
    const b = branch(genesis, 4, 2);
    for (const block of [...a, ...b.slice(0, 3)]) await accept(chain, block);
    const heights: number[] = [];
    chain.events.on('tip', ({ tip }) => heights.push(tip.height));
    // The first one is known already, so that its call waits for nothing.
    await Promise.all([a[0]!, b[3]!, ...branch(genesis, 1, 3)].map((block) => chain.acceptBlock(block)));
    expect(chain.tip.hashHex).toBe(b[3]!.hashHex);
    expect(heights).toEqual([4]);
  });

  it('are written though a later call fails', async () => {
    const chain = await openChain();
    const [block] = branch(chain.tip, 1, 1);
    const [accepted, failed] = await Promise.allSettled([
      chain.acceptBlock(block!),
      chain.invalidateBlock(chain.atHeight(0)!),
    ]);
    expect(accepted).toMatchObject({ status: 'fulfilled', value: { isNew: true } });
    expect(failed).toMatchObject({ status: 'rejected', reason: { code: 'genesis' } });
  });
});

describe('the steps before a tip is announced', () => {
  it('run after each move, and not without one', async () => {
    const chain = await openChain();
    const log: string[] = [];
    const remove = chain.beforeTip(function* () {
      log.push(`begin ${chain.tip.height}`);
      yield Promise.resolve().then(() => void log.push('waited'));
      log.push('end');
    });
    chain.events.on('tip', ({ tip }) => log.push(`tip ${tip.height}`));
    await extend(chain, 1);
    const moved = (height: number) => [`begin ${height}`, 'waited', 'end', `tip ${height}`];
    expect(log.splice(0)).toEqual(moved(1));
    await accept(chain, mineBlock(chain.atHeight(0)!, { tag: 2 }));
    expect(log.splice(0)).toEqual([]);
    // A block is only disconnected.
    await extend(chain, 1);
    log.length = 0;
    await chain.invalidateBlock(chain.tip);
    expect(log.splice(0)).toEqual(moved(1));
    remove();
    await extend(chain, 1, { tag: 3 });
    expect(log).toEqual(['tip 2']);
  });

  it('may fail, which the caller learns, and other steps and events go on', async () => {
    const chain = await openChain();
    const log: string[] = [];
    // biome-ignore lint/correctness/useYield: it fails before.
    chain.beforeTip(function* () {
      throw new Error('the first');
    });
    chain.beforeTip(function* () {
      log.push('second');
      yield;
    });
    chain.events.on('tip', () => log.push('tip'));
    await expect(chain.acceptBlock(mineBlock(chain.tip))).rejects.toThrow('the first');
    expect(log).toEqual(['second', 'tip']);
    expect(chain.tip.height).toBe(1);
  });
});

describe('errors of event listeners', () => {
  it('are thrown together, and once', async () => {
    const logger = new CapturedLogger();
    const chain = await openChain({ logger });
    const off = (['blockConnected', 'tip'] as const).map((name) =>
      chain.events.on(name, () => {
        throw new Error(name);
      }),
    );
    const error: AggregateError = await extend(chain, 1).catch((reason) => reason);
    expect(error).toBeInstanceOf(AggregateError);
    expect(error.errors.map(({ message }: Error) => message)).toEqual(['blockConnected', 'tip']);
    expect(logger.lines.filter(({ level }) => level === 'error').map(({ event }) => event)).toEqual([
      'blockConnected',
      'tip',
    ]);
    for (const each of off) each();
    await extend(chain, 1);
    expect(chain.tip.height).toBe(2);
  });
});

describe('the best header', () => {
  it('is announced only when it changes', async () => {
    const chain = await openChain();
    await extend(chain, 3);
    const { tip } = chain;
    const stale = await accept(chain, mineBlock(chain.atHeight(1)!, { tag: 2 }));
    const headers: number[] = [];
    chain.events.on('header', ({ best }) => headers.push(best.height));
    await chain.invalidateBlock(stale);
    await chain.reconsiderBlock(stale);
    expect(headers).toEqual([]);
    // A block of a branch with less work, whose coinbase names another height.
    const wrong = mineBlock({ ...stale.header, hash: stale.prev!.hash, height: 5 });
    expect((await chain.acceptBlock(wrong)).reject?.reason).toBe('bad-cb-height');
    expect(headers).toEqual([]);
    await chain.invalidateBlock(chain.tip);
    await chain.reconsiderBlock(chain.getIndex(tip.hash)!);
    expect(headers).toEqual([2, 3]);
  });
});

describe('a precious block', () => {
  it('with less work than the tip is not preferred later either', async () => {
    const chain = await openChain();
    const first = await accept(chain, mineBlock(chain.tip, { tag: 1 }));
    const second = await accept(chain, mineBlock(chain.atHeight(0)!, { tag: 2 }));
    const third = await accept(chain, mineBlock(chain.atHeight(0)!, { tag: 3 }));
    await extend(chain, 1, {}, first);
    await chain.preciousBlock(third);
    await chain.invalidateBlock(first);
    expect(chain.tip).toBe(second);
  });
});

describe('a move of the tip', () => {
  it('that changes no coin and no block is written', async () => {
    const store = new MemoryStore();
    const chain = await openChain({ store });
    // Unspendable, so that no block creates a coin.
    const coinbaseOutputs = [{ value: 0n, scriptPubKey: Uint8Array.of(Op.OP_RETURN) }];
    const blocks = [1, 2].map((tag) => mineBlock(chain.tip, { tag, coinbaseOutputs, noCommitment: true }));
    const [a, b] = [await accept(chain, blocks[0]!), await accept(chain, blocks[1]!)];
    for (const index of [b, a, b]) {
      await chain.preciousBlock(index);
      expect(chain.tip).toBe(index);
      expect((await openChain({ store })).tip.hashHex).toBe(index.hashHex);
    }
  });
});

describe('a chain whose invalid tip could not be disconnected', () => {
  it('goes on from there once it can', async () => {
    const store = new MemoryStore();
    const chain = await openChain({ store });
    await extend(chain, 3);
    const failures: unknown[] = [];
    chain.events.on('failed', ({ error }) => failures.push(error));
    const get = store.get.bind(store);
    store.get = (key) => (key[0] === Prefix.UNDO ? undefined : get(key));
    const invalid = chain.atHeight(2)!;
    await expect(chain.invalidateBlock(invalid)).rejects.toMatchObject({ code: 'corrupt-database' });
    expect(failures).toMatchObject([{ code: 'corrupt-database' }]);
    expect(chain.tip.height).toBe(3);
    store.get = get;
    await chain.acceptBlock(chain.getBlock(chain.atHeight(1)!)!);
    expect(chain.tip.height).toBe(1);
  });

  it('has not failed if the request was wrong', async () => {
    const chain = await openChain();
    const failures: unknown[] = [];
    chain.events.on('failed', ({ error }) => failures.push(error));
    await expect(chain.invalidateBlock(chain.tip)).rejects.toMatchObject({ code: 'genesis' });
    expect(failures).toEqual([]);
  });
});
