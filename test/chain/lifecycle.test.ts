import { describe, expect, it, vi } from 'vitest';
import { ScriptVerifier } from '../../src/chain/scripts/script-verifier.ts';
import { ScriptWorkers } from '../../src/chain/scripts/script-workers.ts';
import { shareChunks } from '../../src/chain/scripts/shared-chunks.ts';
import { ChainDb } from '../../src/chain/storage/chain-db.ts';
import { regtest } from '../../src/consensus/params.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { Block } from '../../src/primitives/block.ts';
import { MANDATORY_SCRIPT_VERIFY_FLAGS } from '../../src/script/flags.ts';
import { Op } from '../../src/script/opcodes.ts';
import { compileScript } from '../../src/script/script.ts';
import { MemoryStore } from '../../src/store/memory-store.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { CapturedLogger } from '../support/captured-logger.ts';
import { hasScriptThreads } from '../support/script-threads.ts';
import { mineBlock, OP_TRUE, outpoint, spend } from './support/builder.ts';
import { accept, extend, openChain, START_MS } from './support/chain.ts';
import { FaultyStore } from './support/faulty-store.ts';

const MIB = 1 << 20;
const HOURS = 3_600_000;

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Makes a block claim a size when it is queued; checks of its weight see the real one. */
function claiming(block: Block, size: number): Block {
  const real = block.totalSize;
  let reads = 0;
  return Object.defineProperty(block, 'totalSize', { get: () => (reads++ === 0 ? size : real) });
}

describe('the events of a block', () => {
  it('come in the order of Core: stored, checked, connected, tip', async () => {
    const chain = await openChain();
    const log: string[] = [];
    chain.events.on('header', ({ best }) => log.push(`header ${best.height}`));
    chain.events.on('blockStored', ({ index }) => {
      expect(chain.tip).toBe(index.prev);
      log.push(`stored ${index.height}`);
    });
    chain.events.on('blockChecked', ({ index, reject }) =>
      log.push(`checked ${index?.height} ${reject?.reason ?? ''}`),
    );
    chain.events.on('blockConnected', ({ index }) => log.push(`connected ${index.height}`));
    chain.events.on('tip', ({ tip }) => log.push(`tip ${tip.height}`));
    await extend(chain, 1);
    const one = ['header 1', 'stored 1', 'checked 1 ', 'connected 1', 'tip 1'];
    expect(log.splice(0)).toEqual(one);

    // Neither a stale block, nor one whose parent is missing, is a candidate for fast relay.
    await accept(chain, mineBlock(chain.atHeight(0)!, { tag: 2 }));
    expect(log.splice(0)).toEqual([]);
    const next = mineBlock(chain.tip, { tag: 3 });
    const { hash, header } = next;
    const after = mineBlock({ hash, height: 2, time: header.time, bits: header.bits }, { tag: 3 });
    chain.acceptHeaders([next.header, after.header]);
    await accept(chain, after);
    expect(log.splice(0)).toEqual(['header 3']);
    await accept(chain, next);
    expect(log).toEqual(['stored 2', 'checked 2 ', 'connected 2', 'checked 3 ', 'connected 3', 'tip 3']);
  });

  it('report an invalid block once it is checked', async () => {
    const chain = await openChain();
    const log: string[] = [];
    chain.events.on('blockStored', ({ index }) => log.push(`stored ${index.height}`));
    chain.events.on('blockChecked', ({ index, reject }) => log.push(`checked ${index?.height} ${reject?.reason}`));
    chain.events.on('tip', () => log.push('tip'));
    await chain.acceptBlock(mineBlock(chain.tip, { fees: 1n }));
    expect(log).toEqual(['stored 1', 'checked 1 bad-cb-amount']);
  });
});

describe('the log', () => {
  it('has a warning for each invalid block with its source, and none for what costs a peer nothing', async () => {
    const logger = new CapturedLogger();
    const chain = await openChain({ logger });
    await extend(chain, 2);
    logger.lines.length = 0;
    const from = 'peer 3';
    const invalid = mineBlock(chain.tip, { fees: 1n });
    const { reject } = await chain.acceptBlock(invalid, { from });
    expect(logger.lines).toEqual([
      {
        level: 'warn',
        message: 'rejected invalid block',
        block: invalid.hashHex,
        height: 3,
        from,
        reason: 'bad-cb-amount',
        debug: reject!.debug,
      },
    ]);
    logger.lines.length = 0;
    const unknown = mineBlock({ ...regtest.genesis.header, hash: new Uint8Array(32).fill(1), height: 5 });
    await chain.acceptBlock(invalid, { from });
    await chain.acceptBlock(unknown, { from });
    await chain.acceptBlock(mineBlock(chain.tip, { time: START_MS / 1000 + 7_201 }), { from });
    await chain.acceptBlock(mineBlock(chain.tip, { tag: 5 }), { from, minimumWork: 1_000n });
    expect(logger.lines.map(({ level, reason, height }) => [level, reason, height])).toEqual([
      ['debug', 'duplicate-invalid', 3],
      ['debug', 'prev-blk-not-found', undefined],
      ['debug', 'time-too-new', 3],
      ['debug', 'too-little-chainwork', 3],
    ]);
    logger.lines.length = 0;
    const child = mineBlock({ ...invalid.header, hash: invalid.hash, height: 3 });
    await chain.acceptBlock(child);
    await chain.acceptBlock(mineBlock(chain.tip, { version: 1 }));
    expect(logger.lines.map(({ level, reason, from: source }) => [level, reason, source])).toEqual([
      ['warn', 'bad-prevblk', undefined],
      ['warn', 'bad-version(0x00000001)', undefined],
    ]);
  });
});

describe('the queue of blocks', () => {
  it('holds up to 128 MiB, and has room again for each block that is done', async () => {
    const chain = await openChain();
    for (let round = 0; round < 3; round++) {
      const first = chain.acceptBlock(claiming(mineBlock(chain.tip, { tag: 1 }), 100 * MIB));
      const second = chain.acceptBlock(claiming(mineBlock(chain.tip, { tag: 2 }), 28 * MIB));
      await expect(chain.acceptBlock(mineBlock(chain.tip, { tag: 3 }))).rejects.toMatchObject({ code: 'busy' });
      expect(await Promise.all([first, second])).toMatchObject([{ isNew: true }, { isNew: true }]);
    }
    // A block that is refused or fails leaves no bytes behind either.
    for (let round = 0; round < 3; round++) {
      const invalid = claiming(mineBlock(chain.tip, { tag: round, fees: 1n }), 100 * MIB);
      expect((await chain.acceptBlock(invalid)).reject?.reason).toBe('bad-cb-amount');
    }
  });

  it('resolves each call once its own block is connected or refused, also if its parent came later', async () => {
    const chain = await openChain();
    const parent = mineBlock(chain.tip);
    const { hash, header } = parent;
    const prev = { hash, height: 1, time: header.time, bits: header.bits };
    chain.acceptHeaders([header]);
    const [invalid, stored, valid] = await Promise.all([
      chain.acceptBlock(mineBlock(prev, { tag: 1, fees: 1n })),
      chain.acceptBlock(parent),
      chain.acceptBlock(mineBlock(prev, { tag: 2 })).then((result) => ({ ...result, tip: chain.tip })),
    ]);
    expect(invalid).toMatchObject({ isNew: true, reject: { reason: 'bad-cb-amount' } });
    expect(stored).toEqual({ isNew: true, index: chain.atHeight(1) });
    expect(valid.tip).toBe(valid.index);
  });

  it('is processed in the order of the calls', async () => {
    const source = await openChain();
    const blocks = await extend(source, 20);
    const chain = await openChain();
    const done: number[] = [];
    await Promise.all(
      blocks.map(async (block, i) => {
        const { isNew } = await chain.acceptBlock(block);
        expect(isNew).toBe(true);
        done.push(i);
      }),
    );
    expect(done).toEqual(blocks.map((_, i) => i));
    expect(chain.tip.height).toBe(20);
  });
});

describe('initial block download', () => {
  it('ends with a tip of the last 24 hours, and does not begin again', async () => {
    // The time of genesis, 24 hours ago to the second.
    const clock = new VirtualClock((regtest.genesis.header.time + 24 * 3600) * 1000);
    const late = new VirtualClock(clock.now() + 1000);
    const [chain, other] = [await openChain({ clock }), await openChain({ clock: late })];
    expect([chain.isInitialBlockDownload, other.isInitialBlockDownload]).toEqual([false, true]);
    clock.advance(48 * HOURS);
    expect(chain.isInitialBlockDownload).toBe(false);
  });

  it('ends with the minimum work of the network', async () => {
    const chain = await openChain({ params: { ...regtest, minimumChainWork: 6n } });
    const seen = [chain.isInitialBlockDownload];
    for (let i = 0; i < 2; i++) {
      await extend(chain, 1);
      seen.push(chain.isInitialBlockDownload);
    }
    expect(seen).toEqual([true, true, false]);
  });
});

describe('the end of a chain', () => {
  it('waits until the store has flushed, and ends the threads', async () => {
    const store = new MemoryStore();
    const chain = await openChain({ store });
    let flush = () => {};
    store.flushed = () =>
      new Promise((resolve) => {
        flush = resolve;
      });
    const threads = vi.spyOn(ScriptVerifier.prototype, 'close');
    try {
      let isClosed = false;
      const closed = chain.close().then(() => {
        isClosed = true;
      });
      for (let i = 0; i < 5; i++) await settle();
      expect([isClosed, threads.mock.calls.length]).toEqual([false, 0]);
      flush();
      await closed;
      expect(threads).toHaveBeenCalledTimes(1);
    } finally {
      threads.mockRestore();
    }
  });

  it('ends the threads also if the store fails', async () => {
    const store = new FaultyStore(new MemoryStore(), (write) => write > 1);
    const chain = await openChain({ store });
    store.flushed = () => Promise.reject(new Error('the disk is gone'));
    const threads = vi.spyOn(ScriptVerifier.prototype, 'close');
    try {
      await expect(chain.close()).rejects.toThrow('the disk is gone');
      expect(threads).toHaveBeenCalledTimes(1);
    } finally {
      threads.mockRestore();
    }
  });

  it('ends the construction of filters', async () => {
    const disk = new MemoryStore();
    const blocks = await extend(await openChain({ store: disk }), 450);
    expect(blocks).toHaveLength(450);
    const store = new FaultyStore(disk, () => false);
    const chain = await openChain({ store, blockFilterIndex: true });
    const failures: unknown[] = [];
    chain.events.on('failed', ({ error }) => failures.push(error));
    await chain.close();
    const { writes } = store;
    for (let i = 0; i < 20; i++) await settle();
    expect([failures, store.writes]).toEqual([[], writes]);
    expect(chain.blockFilters!.best!.height).toBeLessThan(450);
  });

  it('is announced once when its store fails', async () => {
    const store = new FaultyStore(new MemoryStore(), (write) => write > 1);
    const chain = await openChain({ store });
    const failures: string[] = [];
    chain.events.on('failed', ({ error }) => failures.push((error as Error).message));
    for (const tag of [1, 2]) {
      await expect(chain.acceptBlock(mineBlock(chain.atHeight(0)!, { tag }))).rejects.toThrow('the disk is gone');
    }
    expect(failures).toEqual(['the disk is gone']);
  });
});

describe('the threads for scripts', () => {
  it('end after thirty idle seconds, counted from the last job', async () => {
    const clock = new VirtualClock();
    const workers = new ScriptWorkers(1, clock, silentLogger);
    const close = vi.spyOn(workers, 'close');
    const nothing = shareChunks([], [], MANDATORY_SCRIPT_VERIFY_FLAGS);
    await workers.help(nothing, 'ready-only');
    clock.advance(29_999);
    await workers.help(nothing, 'ready-only');
    clock.advance(29_999);
    expect(close).not.toHaveBeenCalled();
    clock.advance(1);
    expect(close).toHaveBeenCalledTimes(1);
    await workers.help(nothing, 'ready-only');
    // A job that takes longer than that is not idle.
    const job = workers.help(nothing, 'ready-only');
    clock.advance(60_000);
    expect(close).toHaveBeenCalledTimes(1);
    await job;
    await workers.close();
    clock.advance(60_000);
    expect(close).toHaveBeenCalledTimes(2);
  });
});

describe('the option for threads', () => {
  it.each([
    [0, 0],
    [1, hasScriptThreads ? 1 : 0],
  ])('of %i lets costly scripts run in %i', (threads, shared) => {
    const help = vi.spyOn(ScriptWorkers.prototype, 'help').mockResolvedValue();
    try {
      const verifier = new ScriptVerifier({ threads }, new VirtualClock(), silentLogger);
      const inputs = Array.from({ length: 500 }, (_, vout) => ({ txid: new Uint8Array(32).fill(1), vout }));
      const tx = spend({ inputs, outputs: [{ value: 1n, scriptPubKey: OP_TRUE }] });
      // Each is priced as one signature.
      const scriptPubKey = Uint8Array.of(0, 20, ...new Uint8Array(20));
      const spentOutputs = inputs.map(() => ({ value: 1n, scriptPubKey }));
      verifier.start([{ tx, spentOutputs }], MANDATORY_SCRIPT_VERIFY_FLAGS).cancel();
      expect(help).toHaveBeenCalledTimes(shared);
    } finally {
      help.mockRestore();
    }
  });
});

describe('a chain', () => {
  it('lets its threads verify costly transactions, if it has any', async () => {
    for (const scriptThreads of [0, 1]) {
      const help = vi.spyOn(ScriptWorkers.prototype, 'help').mockResolvedValue();
      try {
        const chain = await openChain({ scriptThreads });
        const tx = spend({ inputs: [{ txid: new Uint8Array(32), vout: 0 }], outputs: [] });
        const check = { tx, spentOutputs: [{ value: 1n, scriptPubKey: OP_TRUE }] };
        await chain.scriptQueue.verify(check, MANDATORY_SCRIPT_VERIFY_FLAGS, { precedence: 0, spent: () => {} });
        expect(help.mock.calls.length > 0).toBe(scriptThreads > 0 && hasScriptThreads);
        expect(chain.scriptCache.has(tx, MANDATORY_SCRIPT_VERIFY_FLAGS)).toBe(true);
        await chain.close();
      } finally {
        help.mockRestore();
      }
    }
  });

  it('takes the signatures of a block from its cache', async () => {
    const chain = await openChain({ scriptThreads: 0 });
    const publicKey = Uint8Array.of(2, ...new Uint8Array(32).fill(7));
    const scriptPubKey = compileScript(publicKey, Op.OP_CHECKSIG);
    const [first] = await extend(chain, 1, { coinbaseOutputs: [{ value: 1000n, scriptPubKey }] });
    await extend(chain, 100);
    const inputs = [outpoint(first!.transactions[0]!)];
    const outputs = [{ value: 900n, scriptPubKey: OP_TRUE }];
    // A signature (1, 1) that only the cache says is valid.
    const signature = Uint8Array.of(0x30, 6, 2, 1, 1, 2, 1, 1, 1);
    const tx = spend({ inputs, outputs, scriptSig: compileScript(signature) });
    const known = vi.spyOn(chain.signatureCache.reader, 'verifyEcdsa').mockReturnValue(true);
    await extend(chain, 1, { transactions: [tx] });
    expect(known).toHaveBeenCalledTimes(1);
  });

  it('finds an unspent coin of a transaction, whatever its index', async () => {
    const chain = await openChain();
    const coinbaseOutputs = [Uint8Array.of(Op.OP_RETURN), OP_TRUE].map((scriptPubKey) => ({ value: 5n, scriptPubKey }));
    const [block] = await extend(chain, 1, { coinbaseOutputs });
    expect(chain.getCoinByTxid(block!.transactions[0]!.txid)).toMatchObject({ height: 1, isCoinbase: true });
    expect(chain.getCoinByTxid(new Uint8Array(32))).toBeUndefined();
  });

  it('writes while blocks are queued once a batch is pending', async () => {
    const source = await openChain();
    const blocks = await extend(source, 6);
    const writesWith = async (bytes: number) => {
      const store = new FaultyStore(new MemoryStore(), () => false);
      const chain = await openChain({ store });
      const pending = vi.spyOn(ChainDb.prototype, 'pendingBytes', 'get').mockReturnValue(bytes);
      const before = store.writes;
      try {
        await Promise.all(blocks.map((block) => chain.acceptBlock(block)));
      } finally {
        pending.mockRestore();
      }
      expect(chain.tip.height).toBe(6);
      return store.writes - before;
    };
    expect(await writesWith(16 * MIB - 1)).toBe(1);
    expect(await writesWith(16 * MIB)).toBeGreaterThan(1);
  });
});

describe('what a block leaves behind', () => {
  it('is not in the cache of scripts, which is for unconfirmed transactions', async () => {
    const chain = await openChain();
    const [first] = await extend(chain, 101);
    const tx = spend({ inputs: [outpoint(first!.transactions[0]!)], outputs: [{ value: 1n, scriptPubKey: OP_TRUE }] });
    const flags = MANDATORY_SCRIPT_VERIFY_FLAGS;
    chain.scriptCache.add(tx, flags);
    expect(chain.scriptCache.has(tx, flags)).toBe(true);
    await extend(chain, 1, { transactions: [tx] });
    expect(chain.scriptCache.has(tx, flags)).toBe(false);
  });

  it('are coins that do not keep its bytes in memory', async () => {
    const chain = await openChain();
    const block = Block.decode(mineBlock(chain.tip).encode());
    await accept(chain, block);
    const { scriptPubKey } = chain.getCoin(outpoint(block.transactions[0]!))!.output;
    expect(scriptPubKey.buffer.byteLength).toBe(scriptPubKey.length);
  });

  it('is no candidate for the tip, which would be looked at with every block', async () => {
    const chain = await openChain();
    await extend(chain, 3);
    const stale = chain.atHeight(1)!;
    const { chainwork } = stale;
    let reads = 0;
    Object.defineProperty(stale, 'chainwork', {
      get: () => {
        reads++;
        return chainwork;
      },
    });
    await extend(chain, 2);
    expect(reads).toBe(0);
  });
});

describe('branches', () => {
  it('are listed with the highest tip first', async () => {
    const chain = await openChain();
    await extend(chain, 4, { tag: 1 });
    await extend(chain, 1, { tag: 2 }, chain.atHeight(1));
    await extend(chain, 2, { tag: 3 }, chain.atHeight(1));
    await extend(chain, 1, { tag: 4 }, chain.atHeight(3));
    chain.acceptHeaders([mineBlock(chain.tip, { tag: 5 }).header]);
    expect(chain.tips().map(({ height }) => height)).toEqual([5, 4, 4, 3, 2]);
  });

  it('leave coins that hold none of their bytes in memory, connected or disconnected', async () => {
    const chain = await openChain();
    const value = 5_000_000_000n;
    const coinbaseOutputs = [{ value, scriptPubKey: Uint8Array.of(0x02, 1, 2, 0x51) }];
    const [first] = await extend(chain, 1, { coinbaseOutputs });
    await extend(chain, 100);
    const spent = outpoint(first!.transactions[0]!);
    const outputs = [{ value, scriptPubKey: Uint8Array.of(0x02, 3, 4, 0x51) }];
    const spending = spend({ inputs: [spent], outputs });
    const block = Block.decode(mineBlock(chain.tip, { transactions: [spending] }).encode());
    const memory = () =>
      [outpoint(spending), spent].map((at) => chain.getCoin(at)?.output.scriptPubKey.buffer.byteLength);
    await accept(chain, block);
    expect(memory()).toEqual([4, undefined]);
    await chain.invalidateBlock(chain.tip);
    expect(memory()).toEqual([undefined, 4]);
  });

  it('that are precious beat those that were precious before', async () => {
    const chain = await openChain();
    const [, b, c] = await Promise.all([1, 2, 3].map((tag) => accept(chain, mineBlock(chain.tip, { tag }))));
    const first = chain.tip;
    for (const index of [b!, c!, b!, first, c!]) {
      await chain.preciousBlock(index);
      expect(chain.tip).toBe(index);
    }
    // With more work, being precious counts for nothing.
    await extend(chain, 1, { tag: 4 }, first);
    await chain.preciousBlock(b!);
    expect(chain.tip.height).toBe(2);
  });

  it('of a peer fork at the tip if its locator begins above it', async () => {
    const chain = await openChain();
    await extend(chain, 3);
    const above = mineBlock(chain.tip);
    chain.acceptHeaders([above.header]);
    expect(chain.findLocator([above.hash, chain.atHeight(1)!.hash])).toBe(chain.tip);
    const aside = mineBlock(chain.atHeight(2)!, { tag: 9 });
    await accept(chain, aside);
    expect(chain.findLocator([aside.hash, chain.atHeight(1)!.hash]).height).toBe(1);
  });
});
