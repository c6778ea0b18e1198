import { describe, expect, it } from 'vitest';
import { binaryKey } from '../../src/bytes/compare.ts';
import { ChainError, corrupt, isStoreFailure } from '../../src/chain/records/errors.ts';
import { StoreError } from '../../src/store/errors.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { mineBlock } from './support/builder.ts';
import { accept, describeCoins, extend, openChain } from './support/chain.ts';
import { replay } from './support/model.ts';

describe('a failure', () => {
  it('during a reorganisation leaves a consistent chain, which continues after the repair', async () => {
    const store = new MemoryStore();
    const chain = await openChain({ store });
    const left = await extend(chain, 4, { tag: 1 });
    const right = [mineBlock(chain.atHeight(1)!, { tag: 2 })];
    for (let i = 0; i < 2; i++) {
      const { hash, header } = right.at(-1)!;
      const parent = { hash, height: 2 + i, time: header.time, bits: header.bits };
      right.push(mineBlock(parent, { tag: 2 }));
    }
    for (const block of right) await accept(chain, block);
    await chain.close();

    // The second block of the better branch cannot be read.
    const reopened = await openChain({ store });
    const damaged = chain.getIndex(right[1]!.hash)!;
    const body = [...store.entries()].find(([key]) => key[0] === 0x42 && binaryKey(key.subarray(5)) === damaged.key)!;
    store.writeSync([{ type: 'put', key: body[0], value: body[1].slice(0, 90) }]);
    const events: string[] = [];
    reopened.events.on('tip', ({ tip, fork, previous }) =>
      events.push(`${previous.height} ${fork.height} ${tip.height}`),
    );
    const { hash, header } = right.at(-1)!;
    const last = mineBlock({ hash, height: 4, time: header.time, bits: header.bits }, { tag: 2 });
    await expect(reopened.acceptBlock(last)).rejects.toMatchObject({ code: 'corrupt-database' });
    // It failed while the first one was in the pipeline, which was dropped too.
    expect(reopened.tip.hashHex).toBe(left[0]!.hashHex);
    expect(describeCoins(reopened)).toEqual(replay([left[0]!]));
    expect(events).toEqual(['4 1 1']);

    store.writeSync([{ type: 'put', key: body[0], value: body[1] }]);
    await reopened.acceptBlock(last);
    await reopened.reconsiderBlock(reopened.getIndex(last.hash)!);
    expect(reopened.tip.hashHex).toBe(last.hashHex);
    expect(describeCoins(reopened)).toEqual(replay([left[0]!, ...right, last]));
  });

  it('of an event listener does not prevent a block, and is thrown to the caller', async () => {
    const chain = await openChain();
    const heights: number[] = [];
    chain.events.on('blockConnected', () => {
      throw new Error('a defect');
    });
    chain.events.on('blockConnected', ({ index }) => {
      heights.push(index.height);
    });
    await expect(extend(chain, 1)).rejects.toThrow('a defect');
    expect(chain.tip.height).toBe(1);
    expect(heights).toEqual([1]);
  });
});

describe('persistence', () => {
  it('a closed chain has written everything and rejects further calls', async () => {
    const store = new MemoryStore();
    const chain = await openChain({ store });
    const block = mineBlock(chain.tip);
    const accepted = chain.acceptBlock(block);
    const closed = chain.close();
    await expect(chain.acceptBlock(block)).rejects.toMatchObject({ code: 'closed' });
    expect(() => chain.acceptHeaders([block.header])).toThrow('closed');
    expect(await accepted).toMatchObject({ isNew: true });
    await closed;
    await chain.close();
    expect((await openChain({ store })).tip.hashHex).toBe(block.hashHex);
  });

  it('headers are written without a caller waiting for it', async () => {
    const store = new MemoryStore();
    const chain = await openChain({ store });
    const block = mineBlock(chain.tip);
    chain.acceptHeaders([block.header]);
    await new Promise((resolve) => setImmediate(resolve));
    expect((await openChain({ store })).bestHeader.hashHex).toBe(block.hashHex);
  });
});

describe('an error', () => {
  it('means that the store is unusable if it is of the store, or of its content', () => {
    const errors = [
      new StoreError('missing-database', '/file', 'missing'),
      new ChainError('corrupt-database', 'damaged'),
      new ChainError('busy', 'later'),
      new Error('other'),
    ];
    expect(errors.map(isStoreFailure)).toEqual([true, true, false, false]);
  });

  it('of damaged data names its cause and the repair', () => {
    const cause = new Error('cause');
    const { code, message, hint, cause: known } = corrupt('a coin', cause);
    expect({ code, message, known }).toEqual({
      code: 'corrupt-database',
      message: expect.stringContaining('a coin'),
      known: cause,
    });
    expect(hint).toContain('pier reindexutxo');
  });
});

describe('checkBlockTemplate', () => {
  it('checks a block without proof of work, and changes nothing', async () => {
    const chain = await openChain();
    await extend(chain, 3);
    const { tip } = chain;
    const good = mineBlock(tip);
    expect(chain.checkBlockTemplate(good)).toBeUndefined();
    expect(chain.checkBlockTemplate(mineBlock(tip, { fees: 1n }))?.reason).toBe('bad-cb-amount');
    expect(chain.checkBlockTemplate(mineBlock(tip, { version: 1 }))?.reason).toBe('bad-version(0x00000001)');
    expect(chain.checkBlockTemplate(mineBlock(tip.prev!))?.reason).toBe('inconclusive-not-best-prevblk');
    expect(chain.tip).toBe(tip);
    expect(chain.getIndex(good.hash)).toBeUndefined();
    await accept(chain, good);
  });
});
