import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/crypto/hash.ts';
import { decodeMempoolDump, encodeMempoolDump, loadMempoolDump } from '../../src/mempool/dump.ts';
import { transactionUsage } from '../../src/mempool/entry.ts';
import type { AcceptResult } from '../../src/mempool/mempool.ts';
import { DEFAULT_MEMPOOL_OPTIONS, type MempoolOptions } from '../../src/mempool/options.ts';
import { RollingMinimumFee } from '../../src/mempool/rolling-minimum-fee.ts';
import { unixSeconds } from '../../src/platform/clock.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import { Op } from '../../src/script/opcodes.ts';
import { compileScript } from '../../src/script/script.ts';
import { checkMempool } from '../support/mempool-check.ts';
import { MINUTES, ownScript, pay, RegtestChain, spend, utxo } from '../support/regtest-chain.ts';

const MATURITY = 3;

function start(mempool: Partial<MempoolOptions> = {}): Promise<RegtestChain> {
  return RegtestChain.create({ blocks: 20, coinbaseMaturity: MATURITY, mempool });
}

const answer = (result: AcceptResult) => ('reject' in result ? `${result.reject.kind} ${result.reject.reason}` : 'ok');

/** Records the events of the mempool as text: the sign, the fee and the reason. */
function record({ mempool }: RegtestChain): string[] {
  const events: string[] = [];
  mempool.events.on('added', ({ entry }) => events.push(`+${entry.fee}`));
  mempool.events.on('removed', ({ entry, reason }) => events.push(`-${entry.fee} ${reason}`));
  return events;
}

describe('the reasons of single checks', () => {
  it('name locks that are not met', async () => {
    const chain = await start();
    const { mempool } = chain;
    const from = chain.coinbase(1);
    const final = (lockTime: number) => answer(mempool.accept(pay([from], 1000n, 1, { lockTime }), { testOnly: true }));
    // The next block has height 21.
    expect([20, 21].map(final)).toEqual(['ok', 'premature-spend non-final']);
    const median = chain.chain.tip.medianTimePast();
    expect([median - 1, median].map(final)).toEqual(['ok', 'premature-spend non-final']);
    const relative = (sequence: number) =>
      answer(mempool.accept(pay([from], 1000n, 1, { sequence }), { testOnly: true }));
    expect([20, 21].map(relative)).toEqual(['ok', 'premature-spend non-BIP68-final']);
  });

  it('let a child of an unconfirmed parent have a relative lock of zero blocks', async () => {
    const chain = await start();
    const { mempool } = chain;
    const parent = pay([chain.coinbase(1)], 1000n);
    mempool.accept(parent);
    const child = (sequence: number) =>
      answer(mempool.accept(pay([utxo(parent, 0)], 1000n, 1, { sequence }), { testOnly: true }));
    expect([0, 1].map(child)).toEqual(['ok', 'premature-spend non-BIP68-final']);
  });

  it('name what is not standard, unless all is allowed', async () => {
    const [strict, lax] = [await start(), await start({ requireStandard: false })];
    const both = (make: (chain: RegtestChain) => Transaction) =>
      [strict, lax].map((chain) => answer(chain.mempool.accept(make(chain), { testOnly: true })));
    expect(both((chain) => pay([chain.coinbase(1)], 1000n, 1, { version: 4 }))).toEqual(['not-standard version', 'ok']);
    // Two outputs of dust.
    const dust = { value: 1n, scriptPubKey: ownScript };
    expect(both((chain) => spend([chain.coinbase(1)], [dust, dust]))).toEqual(['not-standard dust', 'ok']);
    expect(both((chain) => spend([chain.coinbase(1)], [dust]))).toEqual(['not-standard dust', 'ok']);
    // The size that can be mistaken for a merkle node is refused in any case.
    const small = { value: 0n, scriptPubKey: Uint8Array.of(Op.OP_RETURN, 1, 1) };
    expect(both((chain) => spend([chain.coinbase(1)], [small]))).toEqual([
      'not-standard tx-size-small',
      'not-standard tx-size-small',
    ]);
    const empty = new Transaction({ version: 2, inputs: [], outputs: [small], lockTime: 0 });
    expect(both(() => empty)).toEqual(['consensus bad-txns-vin-empty', 'consensus bad-txns-vin-empty']);
  });

  it('name inputs and witnesses that are not standard', async () => {
    const nonstandard = Uint8Array.of(Op.OP_1);
    const wide = compileScript(Op.OP_DROP, Op.OP_1);
    for (const requireStandard of [true, false]) {
      const chain = await start({ requireStandard });
      const [first, second] = [chain.coinbase(1), chain.coinbase(2)];
      const funding = spend(
        [first, second],
        [nonstandard, compileScript(Op.OP_0, sha256(wide))].map((scriptPubKey) => ({ value: 100_000n, scriptPubKey })),
      );
      await chain.mine(1, { transactions: [funding] });
      const plain = pay([utxo(funding, 0)], 1000n, 2);
      const bare = plain.inputs.map((input) => ({ ...input, witness: [] }));
      const { version, lockTime } = plain;
      const stuffed = pay([utxo(funding, 1)], 1000n, 2);
      const witness = stuffed.inputs.map((input) => ({ ...input, witness: [new Uint8Array(81), wide] }));
      const answers = [
        chain.mempool.accept(new Transaction({ version, lockTime, inputs: bare, outputs: plain.outputs })),
        chain.mempool.accept(new Transaction({ version, lockTime, inputs: witness, outputs: stuffed.outputs })),
      ].map(answer);
      expect(answers).toEqual(
        requireStandard
          ? ['inputs-not-standard bad-txns-nonstandard-inputs', 'witness-mutated bad-witness-nonstandard']
          : ['ok', 'ok'],
      );
    }
  });

  it('tell a confirmed transaction from one with missing inputs while an output is unspent', async () => {
    const chain = await start();
    const { mempool } = chain;
    const tx = pay([chain.coinbase(1)], 1000n, 2);
    await chain.mine(1, { transactions: [tx] });
    await chain.mine(1, { transactions: [pay([utxo(tx, 0)], 1000n)] });
    expect(answer(mempool.accept(tx))).toBe('conflict txn-already-known');
    await chain.mine(1, { transactions: [pay([utxo(tx, 1)], 1000n)] });
    expect(answer(mempool.accept(tx))).toBe('missing-inputs bad-txns-inputs-missingorspent');
  });

  it('allow a fee of exactly the maximum and the minimum', async () => {
    const chain = await start();
    const { mempool } = chain;
    const tx = pay([chain.coinbase(1)], 11_100n);
    const maxFeeRate = (11_100n * 1000n) / BigInt(tx.vsize);
    expect((maxFeeRate * BigInt(tx.vsize)) % 1000n).toBe(0n);
    expect(answer(mempool.accept(tx, { maxFeeRate: maxFeeRate - 11n, testOnly: true }))).toBe(
      'mempool-policy max-fee-exceeded',
    );
    expect(answer(mempool.accept(tx, { maxFeeRate, testOnly: true }))).toBe('ok');
    const least = BigInt(Math.ceil(tx.vsize / 10));
    const paying = (fee: bigint) => answer(mempool.accept(pay([chain.coinbase(1)], fee), { testOnly: true }));
    expect([least - 1n, least].map(paying)).toEqual(['mempool-policy min relay fee not met', 'ok']);
  });

  it('allow 16,000 units of signature operation cost', async () => {
    const chain = await start({ requireStandard: false });
    const make = (count: number) => {
      const { version, inputs, outputs, lockTime } = pay([chain.coinbase(1)], 100_000n);
      // Each costs four outside of the witness.
      const scriptPubKey = new Uint8Array(count).fill(Op.OP_CHECKSIG);
      const script = { value: 1000n, scriptPubKey };
      return new Transaction({ version, inputs, outputs: [...outputs, script], lockTime });
    };
    const check = (count: number) => {
      const tx = make(count);
      chain.mempool.prioritise(tx.txid, 1_000_000n);
      return answer(chain.mempool.accept(tx, { testOnly: true }));
    };
    expect([4000, 4001].map(check)[1]).toBe('not-standard bad-txns-too-many-sigops');
    expect(check(4000)).not.toContain('sigops');
  });
});

describe('a dump', () => {
  it('stores the delta of each fee, and restores it once', async () => {
    const chain = await start();
    const { mempool } = chain;
    const [tx, plain] = [pay([chain.coinbase(1)], 1000n), pay([chain.coinbase(2)], 1000n)];
    for (const each of [tx, plain]) mempool.accept(each);
    mempool.prioritise(tx.txid, 500n);
    mempool.prioritise(new Uint8Array(32).fill(7), 300n);
    const dump = decodeMempoolDump(encodeMempoolDump(mempool));
    expect(dump.transactions.map(({ feeDelta }) => feeDelta)).toEqual([500n, 0n]);
    expect(dump.feeDeltas).toEqual([{ txid: new Uint8Array(32).fill(7), delta: 300n }]);
    const copy = await chain.fork();
    expect(loadMempoolDump(copy.mempool, dump, copy.clock)).toEqual({ accepted: 2, total: 2 });
    expect(copy.mempool.get(tx.txid)).toMatchObject({ fee: 1000n, modifiedFee: 1500n });
    expect([...copy.mempool.feeDeltas()].map(({ delta }) => delta).sort()).toEqual([300n, 500n]);
    expect(copy.mempool.updateCount).toBe(4);
  });

  it('leaves out what has expired', async () => {
    const chain = await start({ expirySeconds: 3600 });
    const now = unixSeconds(chain.clock);
    const txs = [1, 2].map((height) => pay([chain.coinbase(height)], 1000n));
    const transactions = txs.map((tx, i) => ({ tx, time: now - 3600 + i, feeDelta: BigInt(7 * (1 - i)) }));
    expect(loadMempoolDump(chain.mempool, { transactions, feeDeltas: [] }, chain.clock)).toEqual({
      accepted: 1,
      total: 2,
    });
    // As in Core, its prioritisation is kept: the transaction may come again.
    expect([...chain.mempool.feeDeltas()]).toEqual([{ txid: txs[0]!.txid, delta: 7n }]);
    expect(chain.mempool.get(txs[1]!.txid)).toMatchObject({ time: now - 3599 });
  });

  it('of version 2 is obfuscated with its key, counted from the start of the file', async () => {
    const chain = await start();
    chain.mempool.accept(pay([chain.coinbase(1)], 1000n));
    const plain = encodeMempoolDump(chain.mempool);
    const key = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    const body = plain.subarray(8);
    const keyed = Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, key.length, ...key, ...body);
    for (let i = 17; i < keyed.length; i++) keyed[i]! ^= key[i % key.length]!;
    expect(decodeMempoolDump(keyed)).toEqual(decodeMempoolDump(plain));
    const unbroadcast = Uint8Array.of(...plain.subarray(0, -1), 1, ...new Uint8Array(32).fill(9));
    expect(decodeMempoolDump(unbroadcast)).toEqual(decodeMempoolDump(plain));
    const [version3] = [plain.slice()];
    version3![0] = 3;
    expect(() => decodeMempoolDump(version3!)).toThrow(expect.objectContaining({ code: 'unknown-mempool-dump' }));
  });
});

describe('expiry and the memory limit', () => {
  it('remove what is older than the limit, not what is as old', async () => {
    const chain = await start({ expirySeconds: 3600 });
    const { mempool, clock } = chain;
    const events = record(chain);
    const accept = (height: number) => mempool.accept(pay([chain.coinbase(height)], BigInt(1000 + height)));
    accept(1);
    clock.advance(10 * MINUTES);
    accept(2);
    clock.advance(50 * MINUTES);
    accept(3);
    clock.advance(1000);
    accept(4);
    expect(events).toEqual(['+1001', '+1002', '+1003', '+1004', '-1001 expiry']);
    clock.advance(10 * MINUTES);
    accept(5);
    expect(events.slice(5)).toEqual(['+1005', '-1002 expiry']);
  });

  it('remove only what is too old, although something else is', async () => {
    const chain = await start({ expirySeconds: 3600 });
    const { mempool, clock } = chain;
    const events = record(chain);
    for (const [height, seconds] of [
      [1, 1],
      [2, 3600],
      [3, 0],
    ] as const) {
      mempool.accept(pay([chain.coinbase(height)], BigInt(1000 + height)));
      clock.advance(1000 * seconds);
    }
    expect(events).toEqual(['+1001', '+1002', '+1003', '-1001 expiry']);
  });

  it('allow exactly the limit', async () => {
    const first = await start();
    for (const height of [1, 2, 3]) first.mempool.accept(pay([first.coinbase(height)], 1000n));
    for (const [maxBytes, size] of [
      [first.mempool.usage, 3],
      [first.mempool.usage - 1, 2],
    ] as const) {
      const chain = await start({ maxBytes });
      for (const height of [1, 2, 3]) chain.mempool.accept(pay([chain.coinbase(height)], 1000n));
      expect(chain.mempool.size).toBe(size);
    }
  });

  it('evict the newest of equal fee rates', async () => {
    const chain = await start({ maxBytes: 13_000 });
    const { mempool } = chain;
    const txs = [1, 2, 3, 4, 5, 6].map((height) => pay([chain.coinbase(height)], 1000n));
    const accepted = txs.filter((tx) => 'entry' in mempool.accept(tx));
    expect([...mempool.entries()].map(({ tx }) => tx)).toEqual(accepted);
    expect(accepted).toEqual(txs.slice(0, accepted.length));
    expect(accepted.length).toBeLessThan(6);
  });

  it('report a conflict that was replaced before the replacement itself was evicted', async () => {
    const fill = (filled: RegtestChain) => {
      filled.mempool.accept(pay([filled.coinbase(1)], 1000n));
      for (const height of [2, 3, 4]) filled.mempool.accept(pay([filled.coinbase(height)], 90_000n));
      return filled.mempool.usage;
    };
    const chain = await start({ maxBytes: fill(await start()) });
    const { mempool } = chain;
    const from = chain.coinbase(1);
    fill(chain);
    const events = record(chain);
    // More outputs take more memory than is left, at the lowest fee rate.
    const rival = pay([from], 12_000n, 8);
    expect(answer(mempool.accept(rival))).toBe('reconsiderable mempool full');
    expect(events).toEqual(['-1000 replaced']);
    checkMempool(chain);
  });

  it('count inputs, witnesses and outputs beyond their encoding', async () => {
    const chain = await start();
    const [a, b] = [chain.coinbase(1), chain.coinbase(2)];
    const overhead = (tx: Transaction) => transactionUsage(tx) - tx.totalSize;
    const one = pay([a], 1000n);
    const { version, inputs, outputs, lockTime } = one;
    const empty = new Transaction({
      version,
      lockTime,
      outputs,
      inputs: inputs.map((input) => ({ ...input, witness: [] })),
    });
    expect(overhead(empty)).toBeGreaterThan(500);
    // Measured bytes of V8 objects.
    expect(overhead(one) - overhead(empty)).toBeGreaterThan(100);
    expect(overhead(pay([a, b], 1000n)) - overhead(one)).toBeGreaterThan(400);
    expect(overhead(pay([a], 1000n, 2)) - overhead(one)).toBeGreaterThan(150);
    for (const tx of [pay([a, b], 1000n, 2), pay([chain.coinbase(3)], 1000n)]) chain.mempool.accept(tx);
    const [two, single] = [...chain.mempool.entries()];
    // The index of spent outputs has an entry for each input.
    const beside = (entry: typeof two) => entry!.usage - transactionUsage(entry!.tx);
    expect(beside(two) - beside(single)).toBeGreaterThan(100);
    expect(beside(single)).toBeGreaterThan(1000);
  });
});

describe('the rolling minimum fee', () => {
  it('is updated when more than ten seconds have passed', () => {
    const fee = new RollingMinimumFee(1n, 1000, 0);
    fee.trackPackageRemoved(999_999n);
    fee.blockConnected(100);
    expect(fee.current(110, 1000)).toBe(1_000_000n);
    expect(fee.current(111, 1000)).toBe(BigInt(Math.round(1_000_000 / 2 ** (11 / 43_200))));
  });

  it('halves in six hours at exactly a quarter of the limit', () => {
    const fee = new RollingMinimumFee(1n, 1000, 0);
    fee.trackPackageRemoved(9999n);
    fee.blockConnected(0);
    expect(fee.current(6 * 3600, 250)).toBe(5000n);
  });

  it('is zero below half of the increment, not at half', () => {
    const fee = new RollingMinimumFee(1000n, 1000, 0);
    fee.trackPackageRemoved(1000n);
    fee.blockConnected(0);
    // 2,000 / 4 is half of the increment, below which it would be zero.
    expect(fee.current(24 * 3600, 1000)).toBe(1000n);
    expect(fee.current(24 * 3600 + 60, 1000)).toBe(0n);
  });

  it('rises only for a higher rate, and an equal one does not stop its fall', () => {
    const fee = new RollingMinimumFee(1000n, 1000, 0);
    fee.trackPackageRemoved(9000n);
    fee.blockConnected(0);
    fee.trackPackageRemoved(9000n);
    expect(fee.current(12 * 3600, 1000)).toBe(5000n);
  });

  it('is in force from an eviction, and falls after a block', async () => {
    const chain = await start({ maxBytes: 13_000 });
    const { mempool, clock } = chain;
    for (let height = 1; height < 8; height++) mempool.accept(pay([chain.coinbase(height)], 10_000n * BigInt(height)));
    const full = mempool.minFeeRate();
    expect(full).toBeGreaterThan(100n);
    clock.advance(24 * 60 * MINUTES);
    expect(mempool.minFeeRate()).toBe(full);
    await chain.mine(1, { transactions: [] });
    clock.advance(12 * 60 * MINUTES);
    expect(Number(mempool.minFeeRate())).toBeCloseTo(Number(full) / 2, -1);
    const { vsize } = pay([chain.coinbase(10)], 1000n);
    const least = (mempool.minFeeRate() * BigInt(vsize) + 999n) / 1000n;
    const paying = (fee: bigint) => answer(mempool.accept(pay([chain.coinbase(10)], fee), { testOnly: true }));
    expect([least - 1n, least].map(paying)).toEqual(['reconsiderable mempool min fee not met', 'ok']);
  });
});

describe('reorganisations', () => {
  it('remove children of what cannot be added again', async () => {
    const chain = await start();
    const { mempool } = chain;
    const reward = chain.coinbase(20);
    await chain.mine(MATURITY - 1);
    // Immature without the last block.
    const parent = pay([reward], 1000n, 2);
    await chain.mine(1, { transactions: [parent] });
    const child = pay([utxo(parent, 0)], 2000n);
    const grandchild = pay([utxo(child, 0)], 3000n);
    for (const tx of [child, grandchild]) mempool.accept(tx);
    const events = record(chain);
    await chain.chain.invalidateBlock(chain.chain.atHeight(22)!);
    expect(events).toEqual(['-3000 reorg', '-2000 reorg']);
    expect(mempool.usage).toBe(0);
  });

  it('remove a transaction of which one input is immature again', async () => {
    const chain = await start();
    const { mempool } = chain;
    await chain.mine(MATURITY);
    const mixed = pay([chain.coinbase(20), chain.coinbase(1)], 1000n);
    const parent = pay([chain.coinbase(2)], 1000n);
    const other = pay([utxo(parent, 0), chain.coinbase(21)], 1000n);
    for (const tx of [mixed, parent, other]) expect(answer(mempool.accept(tx))).toBe('ok');
    await chain.chain.invalidateBlock(chain.chain.atHeight(22)!);
    expect([...mempool.entries()].map(({ tx }) => tx)).toEqual([parent]);
    checkMempool(chain);
  });

  it('cut chains above the limit on the size of ancestors', async () => {
    const limits = { ancestorCount: 25, ancestorSize: 400, descendantCount: 25, descendantSize: 101_000 };
    const chain = await start({ limits });
    const { mempool } = chain;
    const chained = [pay([chain.coinbase(1)], 1000n)];
    for (let i = 0; i < 5; i++) chained.push(pay([utxo(chained.at(-1)!, 0)], 1000n));
    const { vsize } = chained[0]!;
    const fits = Math.floor(400 / vsize);
    await chain.mine(1, { transactions: chained.slice(0, 3) });
    for (const tx of chained.slice(3)) mempool.accept(tx);
    const events = record(chain);
    await chain.chain.invalidateBlock(chain.chain.tip);
    expect(events.filter((event) => event.startsWith('-'))).toEqual(
      Array.from({ length: 6 - fits }, () => '-1000 sizelimit'),
    );
    expect(mempool.size).toBe(fits);
    checkMempool(chain);
  });
});

describe('the mempool', () => {
  it('has the default policy of Core', () => {
    expect(DEFAULT_MEMPOOL_OPTIONS).toEqual({
      minRelayFeeRate: 100n,
      incrementalRelayFeeRate: 100n,
      dustRelayFeeRate: 3000n,
      maxBytes: 300_000_000,
      expirySeconds: 1_209_600,
      limits: { ancestorCount: 25, ancestorSize: 101_000, descendantCount: 25, descendantSize: 101_000 },
      maxDataCarrierBytes: 100_000,
      permitBareMultisig: true,
      requireStandard: true,
    });
  });

  it('counts every change that can affect a block template', async () => {
    const chain = await start();
    const { mempool } = chain;
    const counts = [mempool.updateCount];
    const step = (action: () => unknown) => {
      action();
      counts.push(mempool.updateCount);
    };
    const tx = pay([chain.coinbase(1)], 1000n);
    step(() => mempool.accept(tx));
    step(() => mempool.prioritise(tx.txid, 100n));
    step(() => mempool.remove(tx.txid, 'conflict'));
    step(() => mempool.remove(tx.txid, 'conflict'));
    step(() => mempool.accept(tx, { testOnly: true }));
    expect(counts).toEqual([0, 1, 2, 3, 3, 3]);
  });

  it('forgets a prioritisation that was taken back', async () => {
    const { mempool } = await start();
    const txid = new Uint8Array(32).fill(3);
    mempool.prioritise(txid, 100n);
    mempool.prioritise(txid, 50n);
    expect([...mempool.feeDeltas()]).toEqual([{ txid, delta: 150n }]);
    mempool.prioritise(txid, -150n);
    expect([...mempool.feeDeltas()]).toEqual([]);
  });

  it('numbers its entries in the order of their arrival', async () => {
    const chain = await start();
    for (const height of [1, 2, 3]) chain.mempool.accept(pay([chain.coinbase(height)], 1000n));
    const sequences = [...chain.mempool.entries()].map(({ sequence }) => sequence);
    expect(sequences).toEqual([...sequences].sort((a, b) => a - b));
    expect(new Set(sequences).size).toBe(3);
  });

  it('no longer follows the chain once it is closed', async () => {
    const chain = await start();
    const { mempool } = chain;
    mempool.accept(pay([chain.coinbase(1)], 1000n));
    mempool.close();
    await chain.mine(1);
    expect(mempool.size).toBe(1);
    await chain.chain.invalidateBlock(chain.chain.tip);
    expect(mempool.size).toBe(1);
  });
});
