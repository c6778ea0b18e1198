import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/crypto/hash.ts';
import { decodeMempoolDump, encodeMempoolDump, loadMempoolDump } from '../../src/mempool/dump.ts';
import type { MempoolEntry } from '../../src/mempool/entry.ts';
import { MEMPOOL_HEIGHT } from '../../src/mempool/entry.ts';
import { type AcceptResult, Mempool } from '../../src/mempool/mempool.ts';
import { unixSeconds } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { COIN } from '../../src/primitives/amount.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import { Op } from '../../src/script/opcodes.ts';
import { compileScript } from '../../src/script/script.ts';
import { mineBlock } from '../chain/support/builder.ts';
import { checkMempool } from '../support/mempool-check.ts';
import { MINUTES, ownScript, pay, RegtestChain, spend, utxo } from '../support/regtest-chain.ts';

const MATURITY = 3;

function start(mempool = {}): Promise<RegtestChain> {
  return RegtestChain.create({ blocks: 20, coinbaseMaturity: MATURITY, mempool });
}

const reason = (result: AcceptResult) => ('reject' in result ? result.reject.reason : 'ok');
const kind = (result: AcceptResult) => ('reject' in result ? result.reject.kind : 'ok');

/** Records the events of the mempool as text. */
function record({ mempool }: RegtestChain): string[] {
  const events: string[] = [];
  const name = ({ tx }: MempoolEntry) => tx.txidHex.slice(0, 8);
  mempool.events.on('added', ({ entry }) => events.push(`+${name(entry)}`));
  mempool.events.on('removed', ({ entry, reason }) => events.push(`-${name(entry)} ${reason}`));
  return events;
}

const plus = (tx: Transaction) => `+${tx.txidHex.slice(0, 8)}`;
const minus = (tx: Transaction, reason: string) => `-${tx.txidHex.slice(0, 8)} ${reason}`;

describe('accept', () => {
  it("gives Core's reject reasons and kinds", async () => {
    const chain = await start();
    const { mempool } = chain;
    const from = chain.coinbase(1);
    const tx = pay([from], 1000n, 2);
    expect(mempool.accept(tx)).toMatchObject({ entry: { fee: 1000n, vsize: tx.vsize, height: 20 }, replaced: [] });

    const result = (candidate: Transaction) => [kind(mempool.accept(candidate)), reason(mempool.accept(candidate))];
    expect(result(tx)).toEqual(['conflict', 'txn-already-in-mempool']);
    const { version, inputs, outputs, lockTime } = tx;
    const malleated = inputs.map((input) => ({ ...input, witness: [Uint8Array.of(1), ...input.witness] }));
    expect(result(new Transaction({ version, inputs: malleated, outputs, lockTime }))).toEqual([
      'conflict',
      'txn-same-nonwitness-data-in-mempool',
    ]);
    const orphan = pay([utxo(pay([chain.coinbase(2)], 1000n), 0)], 1000n);
    expect(result(orphan)).toEqual(['missing-inputs', 'bad-txns-inputs-missingorspent']);
    const immature = pay([chain.coinbase(20)], 1000n);
    expect(result(immature)).toEqual(['premature-spend', 'bad-txns-premature-spend-of-coinbase']);
    expect(result(chain.blocks(3, 3)[0]!.transactions[0]!)).toEqual(['consensus', 'coinbase']);
    expect(result(pay([chain.coinbase(2)], 1n))).toEqual(['mempool-policy', 'min relay fee not met']);
    const stripped = pay([chain.coinbase(2)], 1000n);
    const noWitness = stripped.inputs.map((input) => ({ ...input, witness: [] }));
    expect(
      result(new Transaction({ ...stripped, inputs: noWitness, outputs: stripped.outputs, version, lockTime })),
    ).toEqual(['witness-stripped', 'mempool-script-verify-flag-failed (Witness program was passed an empty witness)']);

    await chain.mine();
    expect(result(tx)).toEqual(['conflict', 'txn-already-known']);
  });

  it('limits signature operations', async () => {
    const chain = await start();
    const witnessScript = new Uint8Array(3300).fill(Op.OP_CHECKSIG);
    const scriptPubKey = compileScript(Op.OP_0, sha256(witnessScript));
    const funding = spend(
      [chain.coinbase(1)],
      Array.from({ length: 5 }, () => ({ value: COIN, scriptPubKey })),
    );
    await chain.mine(1, { transactions: [funding] });
    const spending = (count: number) => {
      const inputs = Array.from({ length: count }, (_, vout) => {
        return {
          prevout: { txid: funding.txid, vout },
          scriptSig: new Uint8Array(0),
          sequence: 0,
          witness: [witnessScript],
        };
      });
      return new Transaction({ version: 2, inputs, outputs: [{ value: 1000n, scriptPubKey: ownScript }], lockTime: 0 });
    };
    // 16,500 where 16,000 are allowed.
    expect(chain.mempool.accept(spending(5))).toMatchObject({
      reject: { kind: 'not-standard', reason: 'bad-txns-too-many-sigops', debug: '16500' },
    });
    expect(reason(chain.mempool.accept(spending(4)))).toMatch(/^mempool-script-verify-flag-failed/);
  });

  it('accepts dust only in a transaction without fee, and a child only if it spends all of it', async () => {
    const chain = await start({ minRelayFeeRate: 0n });
    const { mempool } = chain;
    const dust = { value: 100n, scriptPubKey: ownScript };
    const make = (height: number, fee: bigint) =>
      spend([chain.coinbase(height)], [{ value: 50n * COIN - fee - 100n, scriptPubKey: ownScript }, dust]);
    expect(reason(mempool.accept(make(1, 1n)))).toBe('dust');
    const prioritised = make(2, 0n);
    mempool.prioritise(prioritised.txid, 1n);
    expect(reason(mempool.accept(prioritised))).toBe('dust');
    const parent = make(1, 0n);
    expect(reason(mempool.accept(parent))).toBe('ok');
    const other = make(2, 0n);
    const partial = mempool.accept(pay([utxo(parent, 0)], 1000n));
    expect([kind(partial), reason(partial)]).toEqual(['mempool-policy', 'missing-ephemeral-spends']);
    mempool.prioritise(other.txid, -1n);
    expect(reason(mempool.accept(other))).toBe('ok');
    // It spends the dust of one parent, and only the first output of the other.
    const mixed = pay([utxo(parent, 0), utxo(parent, 1), utxo(other, 0)], 1000n);
    expect(reason(mempool.accept(mixed))).toBe('missing-ephemeral-spends');
    expect(reason(mempool.accept(pay([utxo(parent, 0), utxo(parent, 1)], 1000n)))).toBe('ok');
  });

  it('changes nothing with testOnly', async () => {
    const chain = await start();
    const events = record(chain);
    const from = chain.coinbase(1);
    expect(chain.mempool.accept(pay([from], 1000n))).toHaveProperty('entry');
    const replacement = pay([from], 5000n);
    const result = chain.mempool.accept(replacement, { testOnly: true });
    expect(result).toMatchObject({ entry: { fee: 5000n }, replaced: [{ fee: 1000n }] });
    expect(chain.mempool.has(replacement.txid)).toBe(false);
    expect(events).toHaveLength(1);
    checkMempool(chain);
  });

  it("enforces the caller's maximum fee rate", async () => {
    const chain = await start();
    const tx = pay([chain.coinbase(1)], 10_000n);
    const rate = (10_000n * 1000n) / BigInt(tx.vsize);
    expect(reason(chain.mempool.accept(tx, { maxFeeRate: rate - 10n }))).toBe('max-fee-exceeded');
    expect(reason(chain.mempool.accept(tx, { maxFeeRate: rate + 1n }))).toBe('ok');
  });

  it('combines the coins of chain and mempool', async () => {
    const chain = await start();
    const from = chain.coinbase(1);
    const tx = pay([from], 1000n, 2);
    expect(chain.mempool.getCoin(from.outpoint)).toMatchObject({ height: 1, isCoinbase: true });
    chain.mempool.accept(tx);
    expect(chain.mempool.getCoin(from.outpoint)).toBeUndefined();
    expect(chain.mempool.spender(from.outpoint)?.tx).toBe(tx);
    const made = { txid: tx.txid, vout: 0 };
    expect(chain.mempool.getCoin(made)).toMatchObject({ height: MEMPOOL_HEIGHT, isCoinbase: false });
    expect(chain.mempool.getCoin({ ...made, vout: 2 })).toBeUndefined();
    chain.mempool.accept(pay([utxo(tx, 0)], 1000n));
    expect(chain.mempool.getCoin(made)).toBeUndefined();
  });

  it('emits changes in order, including those made by listeners', async () => {
    const chain = await start();
    const { mempool } = chain;
    const from = chain.coinbase(1);
    const first = pay([from], 1000n, 2);
    const child = pay([utxo(first, 0)], 1000n);
    const replacement = pay([from], 9000n);
    const reaction = pay([chain.coinbase(2)], 1000n);
    mempool.events.on('removed', () => mempool.accept(reaction));
    const events = record(chain);
    mempool.events.on('added', () => {
      throw new Error('a listener that fails');
    });
    mempool.accept(first);
    mempool.accept(child);
    expect(mempool.accept(replacement)).toMatchObject({ replaced: [{ tx: child }, { tx: first }] });
    expect(events).toEqual([
      plus(first),
      plus(child),
      minus(child, 'replaced'),
      minus(first, 'replaced'),
      plus(replacement),
      plus(reaction),
    ]);
  });
});

describe('prioritise', () => {
  it('changes the fee for acceptance and ranking', async () => {
    const chain = await start();
    const { mempool } = chain;
    const free = pay([chain.coinbase(1)], 0n, 2);
    expect(reason(mempool.accept(free))).toBe('min relay fee not met');
    mempool.prioritise(free.txid, 5000n);
    expect(mempool.accept(free)).toMatchObject({ entry: { fee: 0n, modifiedFee: 5000n } });
    const child = pay([utxo(free, 0)], 1000n);
    expect(mempool.accept(child)).toMatchObject({ entry: { ancestorFees: 6000n } });
    mempool.prioritise(free.txid, -2000n);
    expect(mempool.get(child.txid)).toMatchObject({ ancestorFees: 4000n });
    mempool.prioritise(child.txid, 100n);
    expect(mempool.get(free.txid)).toMatchObject({ modifiedFee: 3000n, descendantFees: 4100n });
    expect([...mempool.feeDeltas()].map(({ delta }) => delta)).toEqual([3000n, 100n]);
    checkMempool(chain);
    await chain.mine();
    expect([...mempool.feeDeltas()]).toEqual([]);
  });
});

describe('a full mempool', () => {
  it('keeps the highest fee rates and raises the minimum fee', async () => {
    const chain = await start({ maxBytes: 16_000 });
    const { mempool } = chain;
    const parents = [1, 2, 3, 4, 5, 6, 7, 8].map((height, i) => pay([chain.coinbase(height)], 1000n * BigInt(i + 1)));
    for (const tx of parents) mempool.accept(tx);
    const fits = mempool.size;
    expect(fits).toBeLessThan(8);
    expect(mempool.usage).toBeLessThanOrEqual(16_000);
    // The highest fee rates remain; the last eviction sets the minimum fee.
    expect([...mempool.entries()].map(({ tx }) => tx)).toEqual(parents.slice(-fits));
    const evicted = 1000n * BigInt(8 - fits);
    expect(mempool.minFeeRate()).toBe((evicted * 1000n) / BigInt(parents[0]!.vsize) + 100n);

    const events = record(chain);
    expect(reason(mempool.accept(pay([chain.coinbase(9)], evicted)))).toBe('mempool min fee not met');
    // Pays the minimum but less than all others: added and evicted at once, without events.
    expect(reason(mempool.accept(pay([chain.coinbase(9)], evicted + 100n)))).toBe('mempool full');
    expect(events).toEqual([]);
    const truc = pay([chain.coinbase(9)], 1n, 1, { version: 3 });
    expect(reason(mempool.accept(truc))).toBe('mempool min fee not met');
    expect(reason(mempool.accept(pay([chain.coinbase(9)], 1n)))).toBe('min relay fee not met');
    checkMempool(chain);

    await chain.mine();
    chain.clock.advance(4 * 24 * 60 * MINUTES);
    expect(mempool.minFeeRate()).toBe(100n);
  });

  it('keeps a low-fee parent of a high-fee child', async () => {
    const chain = await start({ maxBytes: 13_000 });
    const { mempool } = chain;
    const poor = pay([chain.coinbase(1)], 100n);
    mempool.accept(poor);
    mempool.accept(pay([utxo(poor, 0)], 100_000n));
    for (let height = 2; height < 10; height++) mempool.accept(pay([chain.coinbase(height)], 3000n));
    expect(mempool.has(poor.txid)).toBe(true);
    expect([...mempool.entries()].filter(({ fee }) => fee === 3000n).length).toBeLessThan(8);
    checkMempool(chain);
  });

  it('evicts the parent once the child is removed', async () => {
    const chain = await start({ maxBytes: 13_000 });
    const { mempool } = chain;
    const poor = pay([chain.coinbase(1)], 100n);
    const rich = pay([utxo(poor, 0)], 100_000n);
    mempool.accept(poor);
    mempool.accept(rich);
    mempool.remove(rich.txid, 'conflict');
    for (let height = 2; height < 10; height++) mempool.accept(pay([chain.coinbase(height)], 3000n));
    expect(mempool.has(poor.txid)).toBe(false);
  });

  it('keeps the parent also if it is re-added after its child', async () => {
    const chain = await start({ maxBytes: 13_000 });
    const { mempool } = chain;
    const poor = pay([chain.coinbase(1)], 100n);
    const rich = pay([utxo(poor, 0)], 100_000n);
    await chain.mine(1, { transactions: [poor] });
    mempool.accept(rich);
    await chain.chain.invalidateBlock(chain.chain.tip);
    for (let height = 2; height < 10; height++) mempool.accept(pay([chain.coinbase(height)], 3000n));
    expect(mempool.has(poor.txid)).toBe(true);
    expect(mempool.has(rich.txid)).toBe(true);
  });
});

it('a closed mempool leaves no listeners behind', async () => {
  const { chain, clock } = await start();
  let active = 0;
  const counted =
    <A extends unknown[]>(subscribe: (...args: A) => () => void) =>
    (...args: A) => {
      active++;
      const unsubscribe = subscribe(...args);
      return () => {
        active--;
        unsubscribe();
      };
    };
  chain.events.on = counted(chain.events.on.bind(chain.events)) as typeof chain.events.on;
  chain.beforeTip = counted(chain.beforeTip.bind(chain));
  const mempool = new Mempool({}, { chain, clock, logger: silentLogger });
  expect(active).toBe(3);
  mempool.close();
  expect(active).toBe(0);
});

describe('expiry', () => {
  it('removes a transaction with its descendants', async () => {
    const chain = await start({ expirySeconds: 60 * 60 });
    const { mempool } = chain;
    const old = pay([chain.coinbase(1)], 1000n);
    mempool.accept(old);
    chain.clock.advance(50 * MINUTES);
    const child = pay([utxo(old, 0)], 1000n);
    mempool.accept(child);
    const events = record(chain);
    chain.clock.advance(11 * MINUTES);
    const late = pay([chain.coinbase(2)], 1000n);
    mempool.accept(late);
    expect(events).toEqual([plus(late), minus(child, 'expiry'), minus(old, 'expiry')]);
  });

  it('removes an entry that was added with an old time, regardless of the order', async () => {
    const chain = await start({ expirySeconds: 60 * 60 });
    const { mempool } = chain;
    const now = unixSeconds(chain.clock);
    const [young, old, last] = [1, 2, 3].map((height) => pay([chain.coinbase(height)], 1000n));
    mempool.accept(young!);
    mempool.accept(old!, { time: now - 59 * 60 });
    chain.clock.advance(2 * MINUTES);
    mempool.accept(last!);
    expect([...mempool.entries()].map(({ tx }) => tx)).toEqual([young, last]);
  });
});

describe('blocks', () => {
  it('remove confirmed and conflicting transactions', async () => {
    const chain = await start();
    const { mempool } = chain;
    const from = chain.coinbase(1);
    const loser = pay([from], 1000n);
    const loserChild = pay([utxo(loser, 0)], 1000n);
    const held = pay([chain.coinbase(2)], 1000n);
    const heldChild = pay([utxo(held, 0)], 1000n);
    for (const tx of [loser, loserChild, held, heldChild]) mempool.accept(tx);
    const events = record(chain);
    const rival = pay([from], 500n);
    await chain.mine(1, { transactions: [rival, held] });
    expect(events).toEqual([minus(loserChild, 'conflict'), minus(loser, 'conflict'), minus(held, 'block')]);
    expect(mempool.get(heldChild.txid)).toMatchObject({ ancestorCount: 1 });
    checkMempool(chain);
  });

  it('return their transactions when disconnected', async () => {
    const chain = await start();
    const { mempool } = chain;
    const parent = pay([chain.coinbase(1)], 1000n, 2);
    const child = pay([utxo(parent, 0)], 1000n);
    const free = spend([chain.coinbase(2)], [{ value: 50n * COIN, scriptPubKey: ownScript }]);
    await chain.mine(1, { transactions: [parent, free] });
    await chain.mine(1, { transactions: [child] });
    const grandchild = pay([utxo(child, 0), utxo(parent, 1), utxo(free, 0)], 1000n);
    expect(reason(mempool.accept(grandchild))).toBe('ok');
    const events = record(chain);

    await chain.chain.invalidateBlock(chain.chain.atHeight(21)!);
    expect(events.map((line) => line[0])).toEqual(['+', '+', '+']);
    expect(mempool.size).toBe(4);
    // The minimum fee does not apply to transactions of disconnected blocks.
    expect(mempool.get(free.txid)).toMatchObject({ fee: 0n, descendantCount: 2 });
    expect(mempool.get(grandchild.txid)).toMatchObject({ ancestorCount: 4 });
    checkMempool(chain);

    await chain.chain.reconsiderBlock(chain.chain.getIndex(chain.chain.bestHeader.hash)!);
    await chain.mine();
    expect(mempool.size).toBe(0);
  });

  it('of two branches may contain the same transaction, whose child stays', async () => {
    const chain = await start();
    const { mempool } = chain;
    const shared = pay([chain.coinbase(1)], 1000n);
    const child = pay([utxo(shared, 0)], 1000n);
    const other = await chain.fork();
    await chain.mine(1, { transactions: [shared] });
    mempool.accept(child);
    await other.mine(1);
    await other.mine(1, { transactions: [shared] });
    const events = record(chain);
    await chain.acceptBlocks(other.blocks(21));
    expect(events).toEqual([]);
    expect(mempool.get(child.txid)).toMatchObject({ ancestorCount: 1 });
    checkMempool(chain);
  });

  it('remove transactions that are invalid without them when disconnected', async () => {
    const chain = await start();
    const { mempool } = chain;
    const { height } = chain.chain.tip;
    await chain.mine(3);
    const matureNow = pay([chain.coinbase(height)], 1000n);
    const finalNow = pay([chain.coinbase(1)], 1000n, 1, { lockTime: height + 2, sequence: 0xffff_fffe });
    const unlockedNow = pay([chain.coinbase(3)], 1000n, 1, { sequence: height });
    const always = pay([chain.coinbase(2)], 1000n);
    const justMature = pay([chain.coinbase(height - 1)], 1000n);
    for (const tx of [matureNow, finalNow, unlockedNow, always, justMature])
      expect(reason(mempool.accept(tx))).toBe('ok');
    const events = record(chain);
    await chain.chain.invalidateBlock(chain.chain.atHeight(height + 2)!);
    expect(new Set(events)).toEqual(new Set([matureNow, finalNow, unlockedNow].map((tx) => minus(tx, 'reorg'))));
    expect([...mempool.entries()].map(({ tx }) => tx)).toEqual([always, justMature]);
  });

  it('of a branch that proves invalid return their transactions', async () => {
    const chain = await start();
    const { mempool } = chain;
    const held = pay([chain.coinbase(1)], 1000n);
    mempool.accept(held);
    const child = pay([utxo(held, 0)], 1000n);
    mempool.accept(child);
    const other = await chain.fork();
    await other.mine(1, { transactions: [held] });
    await other.mine(1);
    // The branch's last block gives it the most work, but claims one satoshi too much.
    const branch = [...other.blocks(21), mineBlock(other.chain.tip, { fees: 1n })];
    await chain.mine(2, { transactions: [] });
    const { tip } = chain.chain;
    chain.chain.acceptHeaders(branch.map(({ header }) => header));
    for (const block of branch.toReversed()) await chain.chain.acceptBlock(block);
    expect(chain.chain.getIndex(branch[0]!.hash)).toMatchObject({ hasUndo: true });
    expect(chain.chain.getIndex(branch[2]!.hash)).toMatchObject({ failed: true });
    expect(chain.chain.tip).toBe(tip);
    expect(new Set(Array.from(mempool.entries(), ({ tx }) => tx))).toEqual(new Set([held, child]));
    checkMempool(chain);
  });

  it('remove transactions that spend their coinbase when disconnected', async () => {
    const chain = await start();
    const { mempool } = chain;
    const reward = (await chain.mine())[0]!;
    await chain.mine(MATURITY);
    const spender = pay([utxo(reward.transactions[0]!, 0)], 1000n, 2);
    mempool.accept(spender);
    mempool.accept(pay([utxo(spender, 0)], 1000n));
    await chain.chain.invalidateBlock(chain.chain.getIndex(reward.hash)!);
    expect(mempool.size).toBe(0);
  });

  it('that are disconnected may leave chains above the ancestor limit, which are cut', async () => {
    const chain = await start({
      limits: { ancestorCount: 3, ancestorSize: 101_000, descendantCount: 9, descendantSize: 101_000 },
    });
    const { mempool } = chain;
    const descendants = [pay([chain.coinbase(1)], 1000n)];
    for (let i = 0; i < 4; i++) descendants.push(pay([utxo(descendants.at(-1)!, 0)], 1000n));
    await chain.mine(1, { transactions: descendants.slice(0, 2) });
    for (const tx of descendants.slice(2)) expect(reason(mempool.accept(tx))).toBe('ok');
    await chain.chain.invalidateBlock(chain.chain.tip);
    const ids = (txs: Iterable<Transaction>) => Array.from(txs, ({ txidHex }) => txidHex).sort();
    expect(ids([...mempool.entries()].map(({ tx }) => tx))).toEqual(ids(descendants.slice(0, 3)));
    checkMempool(chain);
  });
});

describe('a dump', () => {
  it('restores entries, times and fee deltas', async () => {
    const chain = await start();
    const { mempool, clock } = chain;
    const parent = pay([chain.coinbase(1)], 1000n, 2);
    mempool.accept(parent);
    const { time } = mempool.get(parent.txid)!;
    clock.advance(30 * MINUTES);
    const child = pay([utxo(parent, 1)], 0n);
    mempool.prioritise(child.txid, 700n);
    mempool.accept(child);
    const absent = new Uint8Array(32).fill(9);
    mempool.prioritise(absent, -5n);
    const bytes = encodeMempoolDump(mempool);

    const other = await chain.fork();
    const dump = decodeMempoolDump(bytes);
    expect(loadMempoolDump(other.mempool, dump, clock)).toEqual({ accepted: 2, total: 2 });
    expect(other.mempool.get(parent.txid)).toMatchObject({ time, descendantCount: 2 });
    expect(other.mempool.get(child.txid)).toMatchObject({ modifiedFee: 700n, time: unixSeconds(clock) });
    expect([...other.mempool.feeDeltas()]).toContainEqual({ txid: absent, delta: -5n });

    const third = await chain.fork();
    third.clock.advance(14 * 24 * 60 * MINUTES - 20 * MINUTES);
    // The parent has expired, and the child is missing an input without it.
    expect(loadMempoolDump(third.mempool, dump, third.clock)).toEqual({ accepted: 0, total: 2 });
  });

  it('has parents before children, regardless of the order of entry', async () => {
    const chain = await start();
    const { mempool } = chain;
    const parent = pay([chain.coinbase(1)], 1000n);
    await chain.mine(1, { transactions: [parent] });
    const child = pay([utxo(parent, 0)], 1000n);
    mempool.accept(child);
    await chain.chain.invalidateBlock(chain.chain.tip);
    expect([...mempool.entries()].map(({ tx }) => tx.txidHex)).toEqual([child.txidHex, parent.txidHex]);
    const { transactions } = decodeMempoolDump(encodeMempoolDump(mempool));
    expect(transactions.map(({ tx }) => tx.txidHex)).toEqual([parent.txidHex, child.txidHex]);
  });

  it('is rejected if truncated or of an unknown version', async () => {
    const chain = await start();
    chain.mempool.accept(pay([chain.coinbase(1)], 1000n));
    const bytes = encodeMempoolDump(chain.mempool);
    expect(() => decodeMempoolDump(bytes.subarray(0, -1))).toThrow(/1 bytes needed, 0 left/);
    expect(() => decodeMempoolDump(bytes.with(0, 3))).toThrow('version 3');
  });
});
