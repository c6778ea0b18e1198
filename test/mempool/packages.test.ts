import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/bytes/hex.ts';
import { DEFAULT_MEMPOOL_OPTIONS, type MempoolOptions } from '../../src/mempool/options.ts';
import type { PackageResult } from '../../src/mempool/package/result.ts';
import {
  checkWellFormedPackage,
  isChildWithParents,
  isChildWithParentsTree,
  packageHash,
} from '../../src/mempool/package/well-formed.ts';
import { feeRate } from '../../src/mempool/policy/fee-rate.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import { Op } from '../../src/script/opcodes.ts';
import { checkMempool } from '../support/mempool-check.ts';
import { ownScript, pay, RegtestChain, spend, type Utxo, utxo } from '../support/regtest-chain.ts';

// Reasons and error texts are those of Bitcoin Core 30; test/interop/packages.test.ts compares more of them.

const TRUC = { version: 3 };
/** Pay-to-anchor (P2A), an anyone-can-spend output. */
const ANCHOR = Uint8Array.of(Op.OP_1, 2, 0x4e, 0x73);

function start(mempool: Partial<MempoolOptions> = {}): Promise<RegtestChain> {
  return RegtestChain.create({ blocks: 40, coinbaseMaturity: 3, mempool });
}

/** Returns a TRUC transaction that pays `fee` and has a second output of one satoshi. */
function anchored(from: Utxo, fee = 0n): Transaction {
  const outputs = [
    { value: from.output.value - fee - 1n, scriptPubKey: ownScript },
    { value: 1n, scriptPubKey: ANCHOR },
  ];
  return spend([from], outputs, TRUC);
}

/** Returns a child that spends the anchor of `parent` and `from`. */
function bump(parent: Transaction, from: Utxo, fee: bigint, outputs = 1): Transaction {
  const { version, lockTime, inputs, outputs: paid } = pay([from, utxo(parent, 1)], fee, outputs, TRUC);
  return new Transaction({ version, lockTime, outputs: paid, inputs: [inputs[0]!, { ...inputs[1]!, witness: [] }] });
}

/** Returns the reason of the package, and of each transaction: its reject, `ok`, `present` or `-` if not checked. */
function outcome({ reject, results }: PackageResult): string[] {
  const each = results.map((result) => {
    if (!result) return '-';
    if ('reject' in result) return result.reject.reason;
    return 'present' in result ? 'present' : 'ok';
  });
  return [reject ? reject.reason : 'success', ...each];
}

describe('a well-formed package', () => {
  const reason = (...txs: Transaction[]) => checkWellFormedPackage(txs)?.reason ?? 'ok';
  const coin = (vout: number): Utxo => ({
    outpoint: { txid: new Uint8Array(32).fill(9), vout },
    output: { value: 1_000_000n, scriptPubKey: ownScript },
  });
  const make = (vout: number) => pay([coin(vout)], 1000n, 2);

  it('has up to 25 transactions', () => {
    const txs = Array.from({ length: 26 }, (_, vout) => make(vout));
    expect(reason(...txs.slice(1))).toBe('ok');
    expect(reason(...txs)).toBe('package-too-many-transactions');
  });

  it('has up to 404,000 weight units, unless it is a single transaction', () => {
    const weighing = (vout: number, weight: number) => {
      const { version, inputs, outputs, lockTime } = make(vout);
      const padded = (bytes: number, item: number) =>
        new Transaction({
          version,
          inputs: inputs.map((input) => ({ ...input, witness: [new Uint8Array(item), ...input.witness] })),
          outputs: [...outputs, { value: 0n, scriptPubKey: new Uint8Array(bytes) }],
          lockTime,
        });
      const missing = weight - padded(90_000, 0).weight;
      const tx = padded(90_000 + Math.floor(missing / 4), missing % 4);
      expect(tx.weight).toBe(weight);
      return tx;
    };
    const small = make(1);
    expect(reason(weighing(0, 404_000 - small.weight), small)).toBe('ok');
    expect(reason(weighing(0, 404_001 - small.weight), small)).toBe('package-too-large');
    expect(reason(weighing(0, 500_000))).toBe('ok');
  });

  it('has no transaction twice, and parents before children', () => {
    const parent = make(0);
    const child = pay([utxo(parent, 0), coin(1)], 1000n);
    expect(reason(parent, child)).toBe('ok');
    expect(reason(child, parent)).toBe('package-not-sorted');
    expect(reason(parent, parent)).toBe('package-contains-duplicates');
  });

  it('spends each output once', () => {
    const parent = make(0);
    expect(reason(pay([utxo(parent, 0)], 1000n), pay([utxo(parent, 0)], 2000n))).toBe('conflict-in-package');
    expect(reason(pay([utxo(parent, 0)], 1000n), pay([utxo(parent, 1)], 1000n))).toBe('ok');
    const empty = new Transaction({ version: 2, inputs: [], outputs: [], lockTime: 0 });
    expect(reason(make(1), empty)).toBe('conflict-in-package');
    // The same input twice in one transaction is the concern of that transaction.
    expect(reason(pay([coin(0), coin(0)], 1000n))).toBe('ok');
  });

  it('is a child with its parents if each other transaction is a parent of the last', () => {
    const [a, b] = [make(0), make(1)];
    const child = pay([utxo(a, 0), utxo(b, 0)], 1000n);
    expect(isChildWithParents([a, b, child])).toBe(true);
    expect(isChildWithParents([a, child])).toBe(true);
    expect(isChildWithParents([a, make(2), child])).toBe(false);
    expect([isChildWithParents([a]), isChildWithParents([])]).toEqual([false, false]);
  });

  it('is a tree if no parent spends another', () => {
    const [a, b] = [make(0), make(1)];
    const child = pay([utxo(a, 0), utxo(b, 0)], 1000n);
    expect(isChildWithParentsTree([a, b, child])).toBe(true);
    expect(isChildWithParentsTree([a, make(2), child])).toBe(false);
    // Of two inputs, one spends the other parent.
    const dependent = pay([coin(3), utxo(a, 1)], 1000n);
    const last = pay([utxo(a, 0), utxo(dependent, 0)], 1000n);
    expect([isChildWithParents([a, dependent, last]), isChildWithParentsTree([a, dependent, last])]).toEqual([
      true,
      false,
    ]);
  });

  it('may not spend one output of several twice', () => {
    const parent = make(0);
    const first = pay([utxo(parent, 0)], 1000n);
    expect(reason(first, pay([coin(5), utxo(parent, 0)], 1000n))).toBe('conflict-in-package');
  });

  it('has a hash of its wtxids, sorted as numbers', () => {
    // Core's unit test package_hash_tests: the SHA-256 of the wtxids in the order of their displayed hex.
    const txs = [make(0), make(1), make(2)];
    const hashes = [
      [0, 1, 2],
      [2, 1, 0],
      [1, 0, 2],
    ].map((order) => toHex(packageHash(order.map((i) => txs[i]!))));
    expect(new Set(hashes).size).toBe(1);
    expect(toHex(packageHash(txs.slice(1)))).not.toBe(hashes[0]);
  });
});

describe('acceptPackage', () => {
  it('accepts a zero-fee parent with a child that pays for both, and reports the common fee rate', async () => {
    const chain = await start();
    const { mempool } = chain;
    const parent = anchored(chain.coinbase(1));
    expect(outcome(mempool.acceptPackage([parent]))).toEqual(['transaction failed', 'min relay fee not met']);
    const child = bump(parent, chain.coinbase(2), 10_000n);
    const events: string[] = [];
    mempool.events.on('added', ({ entry }) => events.push(entry.tx.txidHex));
    const result = mempool.acceptPackage([parent, child]);
    expect(outcome(result)).toEqual(['success', 'ok', 'ok']);
    const effective = {
      effectiveFeeRate: feeRate(10_000n, parent.vsize + child.vsize),
      effectiveIncludes: [parent.wtxid, child.wtxid],
    };
    expect(result.results).toMatchObject([effective, effective]);
    expect(events).toEqual([parent.txidHex, child.txidHex]);
    expect(mempool.get(parent.txid)).toMatchObject({ descendantCount: 2, descendantFees: 10_000n });
    checkMempool(chain);
    expect(outcome(mempool.acceptPackage([parent, child]))).toEqual(['success', 'present', 'present']);
  });

  it('accepts each transaction that pays for itself, with its own fee rate', async () => {
    const chain = await start();
    const { mempool } = chain;
    const parent = pay([chain.coinbase(1)], 1000n, 2);
    const child = pay([utxo(parent, 0)], 1n);
    expect(outcome(mempool.acceptPackage([parent, child]))).toEqual([
      'transaction failed',
      'ok',
      'min relay fee not met',
    ]);
    expect(mempool.has(parent.txid)).toBe(true);
    const other = pay([utxo(parent, 1)], 5000n);
    const { results } = mempool.acceptPackage([parent, other]);
    expect(results[1]).toMatchObject({
      effectiveFeeRate: feeRate(5000n, other.vsize),
      effectiveIncludes: [other.wtxid],
      replaced: [],
    });
  });

  it('tries what remains together, or alone if it is one', async () => {
    const chain = await start();
    const { mempool } = chain;
    const [poor, rich] = [anchored(chain.coinbase(1)), pay([chain.coinbase(2)], 1000n, 1, TRUC)];
    expect(outcome(mempool.acceptPackage([rich, pay([utxo(rich, 0)], 1000n, 1, TRUC)]))).toEqual([
      'success',
      'ok',
      'ok',
    ]);
    // The child's parents are not all TRUC: it fails for a reason that no package can mend.
    const mixed = pay([chain.coinbase(3)], 1000n, 2);
    const child = pay([utxo(mixed, 0)], 9000n, 1, TRUC);
    expect(outcome(mempool.acceptPackage([mixed, child]))).toEqual(['transaction failed', 'ok', 'TRUC-violation']);
    // Its script cannot be checked without the parent, and fails once both are tried together.
    const { version, inputs, outputs, lockTime } = bump(poor, chain.coinbase(4), 10_000n);
    const [first, anchor] = inputs;
    const unsigned = [{ ...first!, witness: [Uint8Array.of(Op.OP_2)] }, anchor!];
    expect(
      outcome(mempool.acceptPackage([poor, new Transaction({ version, inputs: unsigned, outputs, lockTime })])),
    ).toEqual([
      'transaction failed',
      'min relay fee not met',
      'mempool-script-verify-flag-failed (Witness program hash mismatch)',
    ]);
    expect(mempool.has(poor.txid)).toBe(false);
  });

  it('is atomic for the transactions that need each other', async () => {
    const chain = await start();
    const { mempool } = chain;
    const parent = anchored(chain.coinbase(1));
    expect(outcome(mempool.acceptPackage([parent, bump(parent, chain.coinbase(2), 15n)]))).toEqual([
      'transaction failed',
      'min relay fee not met',
      'min relay fee not met',
    ]);
    // The second output, one satoshi, is ephemeral dust, which the child must spend.
    expect(outcome(mempool.acceptPackage([parent, pay([utxo(parent, 0)], 10_000n, 1, TRUC)]))).toEqual([
      'unspent-dust',
      'min relay fee not met',
      'missing-ephemeral-spends',
    ]);
    expect(mempool.size).toBe(0);
  });

  it('rejects other shapes of packages', async () => {
    const chain = await start();
    const { mempool } = chain;
    const [a, b] = [pay([chain.coinbase(1)], 1000n, 2), pay([chain.coinbase(2)], 1000n, 2)];
    const child = pay([utxo(a, 0), utxo(b, 0)], 1000n);
    expect(outcome(mempool.acceptPackage([a, b]))).toEqual(['package-not-child-with-parents', '-', '-']);
    expect(outcome(mempool.acceptPackage([a, child]))).toEqual([
      'package-not-child-with-unconfirmed-parents',
      '-',
      '-',
    ]);
    expect(outcome(mempool.acceptPackage([child, a]))).toEqual(['package-not-sorted', '-', '-']);
    expect(outcome(mempool.acceptPackage([a, b, child]))).toEqual(['success', 'ok', 'ok', 'ok']);
    expect(mempool.acceptPackage([a, b, child]).reject).toBeUndefined();
    for (const txs of [
      [a, b],
      [a, child],
      [child, a],
    ]) {
      expect(mempool.acceptPackage(txs).reject).toMatchObject({ kind: 'package-policy' });
    }
    expect(mempool.acceptPackage([pay([chain.coinbase(3)], 1n)]).reject).toMatchObject({ kind: 'package-tx' });
  });

  it('submits what it rejects alone only once, and tries nothing together that failed for other reasons', async () => {
    const chain = await start();
    const { mempool } = chain;
    // The parent pays too little, and the child is not standard: together they would fail for the child.
    const parent = anchored(chain.coinbase(1));
    const child = bump(parent, chain.coinbase(2), 10_000n);
    const { version, inputs, outputs } = child;
    const odd = new Transaction({
      version,
      inputs,
      outputs: [...outputs, { value: 0n, scriptPubKey: Uint8Array.of(Op.OP_1) }],
      lockTime: 0,
    });
    const result = mempool.acceptPackage([parent, odd]);
    expect(outcome(result)).toEqual(['transaction failed', 'min relay fee not met', 'scriptpubkey']);
    expect(result.results[1]).toMatchObject({ reject: { kind: 'not-standard' } });
    // One transaction alone is never tried as a package, in which it could pay less than the mempool's minimum.
    const poor = pay([chain.coinbase(3)], 1n, 1, TRUC);
    const single = mempool.acceptPackage([poor]);
    expect(single.results[0]).toMatchObject({ reject: { kind: 'reconsiderable', reason: 'min relay fee not met' } });
  });

  it('tries the child alone again when its parent is in the mempool', async () => {
    const chain = await start();
    const { mempool } = chain;
    const parent = pay([chain.coinbase(1)], 1000n, 2, TRUC);
    const child = pay([utxo(parent, 0)], 1n, 1, TRUC);
    // The parent is accepted alone; the child fails alone, and once more as the only one that remains.
    const result = mempool.acceptPackage([parent, child]);
    expect(outcome(result)).toEqual(['transaction failed', 'ok', 'min relay fee not met']);
    expect(result.reject).toEqual({ kind: 'package-tx', reason: 'transaction failed' });
    expect(outcome(mempool.acceptPackage([parent, pay([utxo(parent, 1)], 1000n, 1, TRUC)]))).toEqual([
      'success',
      'present',
      'ok',
    ]);
  });

  it('has no ephemeral dust rule where everything is allowed', async () => {
    const chain = await start({ requireStandard: false });
    const { mempool } = chain;
    const parent = anchored(chain.coinbase(1));
    expect(outcome(mempool.acceptPackage([parent, pay([utxo(parent, 0)], 10_000n, 1, TRUC)]))).toEqual([
      'success',
      'ok',
      'ok',
    ]);
  });

  it('ends at the first transaction above the maximum fee rate', async () => {
    const chain = await start();
    const { mempool } = chain;
    const parent = pay([chain.coinbase(1)], 10_000n, 2);
    const maxFeeRate = feeRate(10_000n, parent.vsize);
    const result = mempool.acceptPackage([parent, pay([utxo(parent, 0)], 1000n)], { maxFeeRate: maxFeeRate - 1n });
    expect(outcome(result)).toEqual(['transaction failed', 'max feerate exceeded', 'bad-txns-inputs-missingorspent']);
    expect(result.results[0]).toMatchObject({ reject: { kind: 'mempool-policy' } });
    expect(outcome(mempool.acceptPackage([parent], { maxFeeRate }))).toEqual(['success', 'ok']);
  });

  it('reports transactions that do not fit into the memory limit, without events', async () => {
    const chain = await start({ maxBytes: 13_000 });
    const { mempool } = chain;
    for (let height = 1; height < 8; height++) mempool.accept(pay([chain.coinbase(height)], 10_000n * BigInt(height)));
    const before = [...mempool.entries()];
    const events: string[] = [];
    mempool.events.on('added', ({ entry }) => events.push(`+${entry.fee}`));
    mempool.events.on('removed', ({ entry, reason }) => events.push(`-${entry.fee} ${reason}`));
    const barely = pay([chain.coinbase(9)], before[0]!.fee - 5000n);
    const result = mempool.acceptPackage([barely]);
    expect(outcome(result)).toEqual(['transaction failed', 'mempool full']);
    expect(result.results).toEqual([{ reject: { kind: 'mempool-policy', reason: 'mempool full' } }]);
    expect(events).toEqual([]);
    expect([...mempool.entries()]).toEqual(before);
  });
});

describe('testPackage', () => {
  it('lets children spend parents of the package, and changes nothing', async () => {
    const chain = await start();
    const { mempool } = chain;
    const parent = pay([chain.coinbase(1)], 1000n, 2);
    const child = pay([utxo(parent, 0)], 3000n);
    const result = mempool.testPackage([parent, child]);
    expect(outcome(result)).toEqual(['success', 'ok', 'ok']);
    expect(result.results).toMatchObject([
      { effectiveFeeRate: feeRate(1000n, parent.vsize), effectiveIncludes: [parent.wtxid], replaced: [] },
      { effectiveFeeRate: feeRate(3000n, child.vsize), effectiveIncludes: [child.wtxid], replaced: [] },
    ]);
    expect(mempool.size).toBe(0);
    expect(outcome(mempool.testPackage([child, parent]))).toEqual(['package-not-sorted', '-', '-']);
    expect(outcome(mempool.testPackage([parent, pay([utxo(parent, 2 - 1)], 1n)]))).toEqual([
      'transaction failed',
      '-',
      'min relay fee not met',
    ]);
    // An output that the parent does not have.
    const absent = { outpoint: { txid: parent.txid, vout: 2 }, output: { value: 1000n, scriptPubKey: ownScript } };
    expect(outcome(mempool.testPackage([parent, pay([absent], 500n)]))).toEqual([
      'transaction failed',
      '-',
      'bad-txns-inputs-missingorspent',
    ]);
  });

  it('allows no replacements', async () => {
    const chain = await start();
    chain.mempool.accept(pay([chain.coinbase(1)], 1000n));
    const rival = pay([chain.coinbase(1)], 9000n, 2);
    expect(chain.mempool.testPackage([rival]).results).toEqual([
      { reject: { kind: 'mempool-policy', reason: 'bip125-replacement-disallowed' } },
    ]);
    expect(outcome(chain.mempool.testPackage([rival, pay([utxo(rival, 0)], 1000n)]))).toEqual([
      'transaction failed',
      'bip125-replacement-disallowed',
      '-',
    ]);
  });

  it('counts all of the package as related to each other', async () => {
    const limits = { ancestorCount: 3, ancestorSize: 2000, descendantCount: 4, descendantSize: 5000 };
    const chain = await start({ limits });
    const { mempool } = chain;
    const debug = (...txs: Transaction[]) => {
      const { reject } = mempool.testPackage(txs);
      return reject ? `${reject.reason}: ${reject.debug}` : 'ok';
    };
    const own = [1, 2, 3, 4].map((height) => pay([chain.coinbase(height)], 1000n, 2));
    const prefix = 'package-mempool-limits: ';
    expect(debug(...own.slice(0, 3))).toBe('ok');
    expect(debug(...own)).toBe(`${prefix}package count 4 exceeds ancestor count limit [limit: 3]`);
    const large = pay([chain.coinbase(5)], 9000n, 40);
    const vsize = large.vsize + own[0]!.vsize;
    expect(debug(large, own[0]!)).toBe('ok');
    const larger = pay([chain.coinbase(5)], 9000n, 44);
    expect(debug(larger, own[0]!)).toBe(
      `${prefix}package size ${larger.vsize + own[0]!.vsize} exceeds ancestor size limit [limit: 2000]`,
    );
    expect(vsize).toBeLessThanOrEqual(2000);

    for (const tx of own.slice(0, 3)) mempool.accept(tx);
    const [a, b, c] = own;
    const of = (tx: Transaction, vout = 0) => pay([utxo(tx, vout)], 1000n);
    expect(debug(of(a!), of(b!))).toBe(`${prefix}too many unconfirmed parents [limit: 3]`);
    expect(debug(of(a!))).toBe('ok');
    const child = of(a!);
    mempool.accept(child);
    // Two ancestors of one, and two transactions.
    expect(debug(of(child), own[3]!)).toBe(`${prefix}possibly too many unconfirmed ancestors [limit: 3]`);
    expect(c).toBeDefined();
  });

  it('may reach each limit', async () => {
    const make = async (limits: Partial<MempoolOptions['limits']>) => {
      const chain = await start({ limits: { ...DEFAULT_MEMPOOL_OPTIONS.limits, ...limits } });
      const txs = [1, 2, 3].map((height) => pay([chain.coinbase(height)], 1000n));
      const { reject } = chain.mempool.testPackage(txs);
      return { vsize: txs.reduce((sum, tx) => sum + tx.vsize, 0), reject };
    };
    const { vsize } = await make({});
    for (const [limit, at] of [
      ['ancestorCount', 3],
      ['descendantCount', 3],
      ['ancestorSize', vsize],
      ['descendantSize', vsize],
    ] as const) {
      expect((await make({ [limit]: at })).reject).toBeUndefined();
      expect((await make({ [limit]: at - 1 })).reject).toMatchObject({
        kind: 'package-policy',
        reason: 'package-mempool-limits',
      });
    }
  });

  it('counts all of the package as descendants of each ancestor', async () => {
    const limits = { ancestorCount: 25, ancestorSize: 101_000, descendantCount: 3, descendantSize: 1000 };
    const chain = await start({ limits });
    const { mempool } = chain;
    const parent = pay([chain.coinbase(1)], 1000n, 4);
    mempool.accept(parent);
    mempool.accept(pay([utxo(parent, 0)], 1000n));
    const others = [2, 3, 4, 5].map((height) => pay([chain.coinbase(height)], 1000n));
    const debug = (...txs: Transaction[]) => mempool.testPackage(txs).reject?.debug ?? 'ok';
    expect(debug(pay([utxo(parent, 1)], 1000n))).toBe('ok');
    expect(debug(pay([utxo(parent, 1)], 1000n), others[0]!)).toBe(
      `possibly too many descendants for tx ${parent.txidHex} [limit: 3]`,
    );
    expect(debug(...others)).toBe('package count 4 exceeds descendant count limit [limit: 3]');
    const large = pay([chain.coinbase(6)], 9000n, 24);
    expect(debug(large)).toBe(`package size ${large.vsize} exceeds descendant size limit [limit: 1000]`);
    const medium = pay([chain.coinbase(6)], 9000n, 12);
    expect(debug(pay([utxo(parent, 1)], 1000n), medium)).toMatch(/^possibly (exceeds descendant size|too many)/);
  });
});

describe('a package that replaces (Core: PackageRBFChecks)', () => {
  const failed = 'package RBF failed: ';

  /** Accepts a parent and a child; returns the coins that they spend. */
  async function pair(fee = 10_000n): Promise<{ chain: RegtestChain; from: Utxo; fees: Utxo; entries: Transaction[] }> {
    const chain = await start();
    const [from, fees] = [chain.coinbase(1), chain.coinbase(2)];
    const parent = anchored(from);
    const child = bump(parent, fees, fee);
    expect(outcome(chain.mempool.acceptPackage([parent, child]))[0]).toBe('success');
    return { chain, from, fees, entries: [parent, child] };
  }

  /** Returns a parent that differs from `anchored` and pays nothing. */
  function rival(from: Utxo): Transaction {
    const outputs = [
      { value: from.output.value - 2n, scriptPubKey: ownScript },
      { value: 2n, scriptPubKey: ANCHOR },
    ];
    return spend([from], outputs, TRUC);
  }

  it('pays the fees of the replaced and its own relay', async () => {
    const { chain, from, fees, entries } = await pair();
    const { mempool } = chain;
    const parent = rival(from);
    const child = (fee: bigint) => bump(parent, fees, fee);
    const relay = (BigInt(parent.vsize + child(0n).vsize) * 100n + 999n) / 1000n;
    const reject = (fee: bigint) => mempool.acceptPackage([parent, child(fee)]).reject;
    const low = `rejecting replacement ${child(9999n).txidHex}, less fees than conflicting txs; 0.00009999 < 0.0001`;
    expect(reject(9999n)).toEqual({
      kind: 'package-policy',
      reason: `${failed}insufficient anti-DoS fees`,
      debug: low,
    });
    expect(reject(10_000n + relay - 1n)).toMatchObject({ reason: `${failed}insufficient anti-DoS fees` });
    expect(reject(10_000n + relay - 1n)!.debug).toContain('not enough additional fees to relay');
    const removed: string[] = [];
    mempool.events.on('removed', ({ reason }) => removed.push(reason));
    const result = mempool.acceptPackage([parent, child(10_000n + relay)]);
    expect(outcome(result)).toEqual(['success', 'ok', 'ok']);
    expect(removed).toEqual(['replaced', 'replaced']);
    // Reported once.
    expect(result.results.map((each) => (each && 'replaced' in each ? each.replaced.map(({ tx }) => tx) : []))).toEqual(
      [entries.toReversed(), []],
    );
    expect(mempool.size).toBe(2);
    checkMempool(chain);
  });

  it('has one parent and one child', async () => {
    const { chain, from } = await pair();
    const parents = [rival(from), anchored(chain.coinbase(3))];
    const child = pay(
      parents.map((parent) => utxo(parent, 0)),
      90_000n,
      1,
      TRUC,
    );
    // TRUC allows one parent, and is checked before.
    expect(chain.mempool.acceptPackage([...parents, child]).reject?.reason).toBe('TRUC-violation');
    const free = await start({ minRelayFeeRate: 0n });
    for (const height of [1, 2]) free.mempool.accept(pay([free.coinbase(height)], 10_000n));
    const [a, b] = [pay([free.coinbase(1)], 0n, 2), pay([free.coinbase(2)], 0n)];
    const both = pay([utxo(a, 0), utxo(b, 0)], 90_000n);
    expect(free.mempool.acceptPackage([a, b, both]).reject?.reason).toBe(`${failed}package must be 1-parent-1-child`);
  });

  it('has no ancestors in the mempool', async () => {
    const chain = await start({ minRelayFeeRate: 0n });
    const { mempool } = chain;
    const [root, conflict] = [pay([chain.coinbase(1)], 1000n, 2), pay([chain.coinbase(2)], 10_000n)];
    for (const tx of [root, conflict]) mempool.accept(tx);
    const parent = pay([utxo(root, 0), chain.coinbase(2)], 0n);
    expect(mempool.acceptPackage([parent, pay([utxo(parent, 0)], 90_000n)]).reject?.reason).toBe(
      `${failed}new transaction cannot have mempool ancestors`,
    );
  });

  it('evicts up to 100 transactions', async () => {
    const limits = { ancestorCount: 200, ancestorSize: 1_000_000, descendantCount: 200, descendantSize: 1_000_000 };
    const chain = await start({ minRelayFeeRate: 0n, limits });
    const { mempool } = chain;
    let from = pay([chain.coinbase(1)], 10n);
    mempool.accept(from);
    for (let i = 0; i < 100; i++) {
      from = pay([utxo(from, 0)], 10n);
      mempool.accept(from);
    }
    const parent = pay([chain.coinbase(1)], 0n, 2);
    const child = pay([utxo(parent, 0)], 90_000n);
    expect(mempool.acceptPackage([parent, child]).reject).toMatchObject({
      reason: `${failed}too many potential replacements`,
      debug: `rejecting replacement ${child.txidHex}; too many potential replacements (101 > 100)`,
    });
  });

  it('pays a higher rate than its parent alone', async () => {
    const chain = await start();
    const { mempool } = chain;
    mempool.accept(pay([chain.coinbase(1)], 30_000n));
    // The parent pays more per byte than the package, but less than what it replaces.
    const parent = pay([chain.coinbase(1)], 29_900n, 2);
    const child = pay([utxo(parent, 0)], 400n, 12);
    const { reject } = mempool.acceptPackage([parent, child]);
    expect(reject?.reason).toBe(`${failed}package feerate is less than or equal to parent feerate`);
    expect(reject?.debug).toMatch(/^package feerate 0\.\d{8} BTC\/kvB <= parent feerate is 0\.\d{8} BTC\/kvB$/);
  });

  it('does not pay the same rate as its parent alone', async () => {
    const chain = await start();
    const { mempool } = chain;
    mempool.accept(pay([chain.coinbase(1)], 30_000n));
    const { vsize } = pay([chain.coinbase(1)], 0n, 2);
    const rate = 29_900n / BigInt(vsize);
    const parent = pay([chain.coinbase(1)], rate * BigInt(vsize), 2);
    const childSize = pay([utxo(parent, 0)], 0n, 12).vsize;
    const child = pay([utxo(parent, 0)], rate * BigInt(childSize), 12);
    expect(mempool.acceptPackage([parent, child]).reject?.reason).toBe(
      `${failed}package feerate is less than or equal to parent feerate`,
    );
  });

  it('replaces only clusters of up to two transactions', async () => {
    const chain = await start({ minRelayFeeRate: 0n });
    const { mempool } = chain;
    const reason = (from: Utxo) => {
      const parent = pay([from], 0n, 2);
      return mempool.acceptPackage([parent, pay([utxo(parent, 0)], 900_000n)]).reject?.reason;
    };
    const [a, b, c, d] = [1, 2, 3, 4].map((height) => chain.coinbase(height));
    const accept = (tx: Transaction) => {
      expect(mempool.accept(tx)).toHaveProperty('entry');
      return tx;
    };
    const twoChildren = accept(pay([a!], 100n, 2));
    const [first] = [0, 1].map((vout) => accept(pay([utxo(twoChildren, vout)], 100n)));
    expect(reason(a!)).toMatch(
      new RegExp(
        `^${failed}(${twoChildren.txidHex} has 2 descendants, max 1 allowed|\\w+ is not the only child of parent)`,
      ),
    );
    const root = accept(pay([b!], 100n, 2));
    const middle = accept(pay([utxo(root, 0), c!], 100n));
    accept(pay([utxo(middle, 0), d!], 100n));
    expect(reason(d!)).toMatch(/ has 2 ancestors, max 1 allowed$/);
    expect(reason(c!)).toMatch(
      / has (2 ancestors, max 1 allowed|both ancestor and descendant, exceeding cluster limit of 2)$/,
    );
    const [e, f] = [5, 6].map((height) => accept(pay([chain.coinbase(height)], 100n, 2)));
    accept(pay([utxo(e!, 0), utxo(f!, 0)], 100n));
    expect(reason(chain.coinbase(5))).toMatch(/( is not the only parent of child | has 2 ancestors, max 1 allowed)/);
    const shared = accept(pay([chain.coinbase(7)], 100n, 2));
    accept(pay([utxo(shared, 0)], 100n));
    const sibling = accept(pay([utxo(shared, 1), chain.coinbase(8)], 100n));
    expect(reason(chain.coinbase(8))).toBe(
      `${failed}${sibling.txidHex} is not the only child of parent ${shared.txidHex}`,
    );
    expect(first).toBeDefined();
    checkMempool(chain);
  });

  it('improves the fee rate diagram', async () => {
    const chain = await start();
    const { mempool } = chain;
    mempool.accept(pay([chain.coinbase(1)], 30_000n));
    const parent = pay([chain.coinbase(1)], 12n, 2, TRUC);
    // More fees in total, at a lower rate.
    const child = pay([utxo(parent, 0)], 32_000n, 20, TRUC);
    expect(mempool.acceptPackage([parent, child]).reject?.reason).toBe(
      `${failed}insufficient feerate: does not improve feerate diagram`,
    );
    const dense = pay([utxo(parent, 0)], 90_000n, 1, TRUC);
    expect(outcome(mempool.acceptPackage([parent, dense]))).toEqual(['success', 'ok', 'ok']);
  });
});

describe('a child that fails after its parents were accepted', () => {
  it('is tried once more alone, and keeps its reason', async () => {
    const chain = await start();
    const { mempool } = chain;
    const rival = pay([chain.coinbase(2)], 50_000n);
    expect(mempool.accept(rival)).toHaveProperty('entry');
    const parent = pay([chain.coinbase(1)], 5_000n);
    const child = pay([utxo(parent, 0), chain.coinbase(2)], 1_000n);
    const result = mempool.acceptPackage([parent, child]);
    expect(result).toMatchObject({
      reject: { reason: 'transaction failed' },
      results: [{ entry: { tx: parent } }, { reject: { kind: 'reconsiderable', reason: 'insufficient fee' } }],
    });
    expect([mempool.has(parent.txid), mempool.has(child.txid), mempool.has(rival.txid)]).toEqual([true, false, true]);
    checkMempool(chain);
  });
});
