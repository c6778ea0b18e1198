import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { RpcNode } from '../../src/api/method/rpc-node.ts';
import { toHex } from '../../src/bytes/hex.ts';
import { Transaction, type TxOut } from '../../src/primitives/transaction.ts';
import { Op } from '../../src/script/opcodes.ts';
import { callInProcess } from '../../src/testing/call-in-process.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { type Bitcoind, BitcoindRpcError, describeBitcoind } from '../support/bitcoind.ts';
import { mineAll, ourEntries, startCorePolicyNode, submitTo, theirEntries } from '../support/core-policy.ts';
import { ownScript, pay, RegtestChain, spend, type Utxo, utxo } from '../support/regtest-chain.ts';

/** Pay-to-anchor (P2A), an anyone-can-spend output. */
const ANCHOR = Uint8Array.of(Op.OP_1, 2, 0x4e, 0x73);
const TRUC = { version: 3 };

type Tree = null | boolean | number | string | Tree[] | { [key: string]: Tree };

/** Knots' reject reasons and the corresponding ones of Core. */
const renamed: readonly [RegExp, string][] = [
  [/\b(non-)?mandatory-script-verify-flag-failed/g, 'mempool-script-verify-flag-failed'],
  [/\btruc-[a-z-]+/g, 'TRUC-violation'],
];

function comparable(value: Tree): Tree {
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value === 'string') return renamed.reduce((text, [pattern, name]) => text.replace(pattern, name), value);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([key]) => key !== 'usage');
  return Object.fromEntries(members.map(([key, member]) => [key, comparable(member)]));
}

describeBitcoind('packages, compared with bitcoind', () => {
  let node: Bitcoind;
  let ours: RegtestChain;
  let nextCoinbase = 1;

  const coin = () => ours.coinbase(nextCoinbase++);

  /** Calls a method on both nodes and returns the result or error of each. */
  async function both(method: string, ...params: readonly unknown[]): Promise<[theirs: Tree, ours: Tree]> {
    const theirs = await node.rpc<Tree>(method, ...params).catch((error: unknown) => {
      if (error instanceof BitcoindRpcError) return { code: error.code, message: error.message };
      throw error;
    });
    const { chain, mempool, clock } = ours;
    const rpcNode = { chain, mempool, clock, submitTransaction: (tx: Transaction) => mempool.accept(tx) };
    const result = await callInProcess(rpcNode as unknown as RpcNode, method, params, undefined).catch(
      (error: { rpcCode: number; message: string }) => ({ code: error.rpcCode, message: error.message }),
    );
    return [comparable(theirs), comparable(JSON.parse(JSON.stringify(result)) as Tree)];
  }

  async function same(method: string, ...params: readonly unknown[]): Promise<Tree> {
    const [theirs, own] = await both(method, ...params);
    expect(own).toEqual(theirs);
    return own;
  }

  const hexes = (txs: readonly Transaction[]) => txs.map((tx) => toHex(tx.encode()));

  /** Calls testmempoolaccept, then submitpackage, on both nodes; returns their common result. */
  async function submit(...txs: readonly Transaction[]): Promise<string> {
    await same('testmempoolaccept', hexes(txs), 0);
    const result = (await same('submitpackage', hexes(txs), 0)) as { package_msg?: string; message?: string };
    expect(ourEntries(ours)).toEqual(await theirEntries(node));
    return result.package_msg ?? result.message!;
  }

  /** Returns a TRUC parent with an anchor, by default without a fee. */
  function anchored(from: Utxo, fee = 0n, anchorValue = 0n): Transaction {
    const outputs: TxOut[] = [
      { value: from.output.value - fee - anchorValue, scriptPubKey: ownScript },
      { value: anchorValue, scriptPubKey: ANCHOR },
    ];
    return spend([from], outputs, TRUC);
  }

  /** Returns a child that spends the parent's anchor and another coin to pay a fee. */
  function bump(parent: Transaction, from: Utxo, fee: bigint, options = TRUC): Transaction {
    const { outputs, version, lockTime, inputs } = pay([from, utxo(parent, 1)], fee, 1, options);
    const [first, anchor] = inputs;
    return new Transaction({ version, lockTime, outputs, inputs: [first!, { ...anchor!, witness: [] }] });
  }

  beforeAll(async () => {
    node = await startCorePolicyNode();
    ours = await RegtestChain.create({ blocks: 160 });
    await submitTo(node, ours.blocks(1));
  });
  afterAll(() => node?.stop());

  beforeEach(() => mineAll(node, ours));

  it('accepts a zero-fee parent with a child that pays for both', async () => {
    const parent = anchored(coin());
    expect(await submit(parent)).toBe('transaction failed');
    const child = bump(parent, coin(), 10_000n);
    expect(await submit(parent, child)).toBe('success');
    // Again: both are in the mempool already.
    expect(await submit(parent, child)).toBe('success');
  });

  it('rejects a child that pays too little for both, or leaves the ephemeral dust unspent', async () => {
    const parent = anchored(coin(), 0n, 100n);
    expect(await submit(parent, bump(parent, coin(), 15n))).toBe('transaction failed');
    expect(await submit(parent, pay([utxo(parent, 0)], 10_000n, 1, TRUC))).toBe('unspent-dust');
    expect(await submit(anchored(coin(), 100n, 100n), pay([coin()], 1000n))).toMatch(/^package topology disallowed/);
    const paying = anchored(coin(), 100n, 100n);
    expect(await submit(paying, bump(paying, coin(), 1000n))).toBe('transaction failed');
    expect(await submit(parent, bump(parent, coin(), 1000n))).toBe('success');
  });

  it('rejects a parent below the minimum relay fee unless it is TRUC', async () => {
    const parent = pay([coin()], 0n, 2);
    expect(await submit(parent, pay([utxo(parent, 0)], 10_000n))).toBe('transaction failed');
  });

  it('applies the TRUC rules (BIP431)', async () => {
    const parent = anchored(coin());
    expect(await submit(parent, bump(parent, coin(), 10_000n, { version: 2 }))).toMatch(/^TRUC-violation/);
    const old = pay([coin()], 1000n, 2);
    expect(await submit(old, pay([utxo(old, 0)], 10_000n, 1, TRUC))).toBe('transaction failed');
    const large = pay([utxo(parent, 0), utxo(parent, 1), coin()], 50_000n, 40, TRUC);
    const inputs = large.inputs.map((input, i) => (i === 1 ? { ...input, witness: [] } : input));
    const tooLarge = new Transaction({ ...large, inputs, outputs: large.outputs, version: 3, lockTime: 0 });
    expect(await submit(parent, tooLarge)).toMatch(/^TRUC-violation/);
  });

  it('accepts a transaction that pays for itself even if the rest of the package fails', async () => {
    const parent = pay([coin()], 1000n, 2);
    const child = pay([utxo(parent, 0)], 1n);
    expect(await submit(parent, child)).toBe('transaction failed');
    expect(ours.mempool.has(parent.txid)).toBe(true);
    const other = pay([utxo(parent, 1)], 1000n);
    expect(await submit(parent, other)).toBe('success');
  });

  it('accepts several parents', async () => {
    const parents = [pay([coin()], 1000n), pay([coin()], 1000n, 2), pay([coin()], 1000n)];
    const child = pay(
      parents.map((parent) => utxo(parent, 0)),
      5000n,
    );
    expect(await submit(...parents, child)).toBe('success');
  });

  it('reports the same errors for malformed packages', async () => {
    const [a, b] = [pay([coin()], 1000n), pay([coin()], 1000n)];
    const child = pay([utxo(a, 0), utxo(b, 0)], 1000n);
    expect(await submit(child, a)).toMatch(/topology/);
    expect(await submit(a, a, child)).toMatch(/topology|duplicates/);
    // The other parent is neither in the package nor in the mempool.
    expect(await submit(a, child)).toBe('package-not-child-with-unconfirmed-parents');
    await same('submitpackage', []);
    await same('testmempoolaccept', hexes(Array.from({ length: 26 }, () => a)));
    await same('testmempoolaccept', hexes([a, a]));
    await same('testmempoolaccept', hexes([child, a]));
    const from = coin();
    await same('testmempoolaccept', hexes([pay([from], 1000n), pay([from], 2000n)]));
    await same('testmempoolaccept', hexes([a, b, child, pay([utxo(child, 0)], 1000n)]));
    await same('testmempoolaccept', hexes([a, pay([utxo(a, 0)], 49_0000_0000n), child]));
    // A transaction that exceeds the maximum fee rate, and its child.
    const rich = pay([coin()], 49_0000_0000n);
    await same('testmempoolaccept', hexes([a, rich, pay([utxo(rich, 0)], 1000n)]));
    await same('submitpackage', hexes([rich]));
    await same('submitpackage', hexes([a, pay([utxo(a, 0)], 49_0000_0000n)]));
  });

  it('replaces a package with a package', async () => {
    const [from, fees] = [coin(), coin()];
    const parent = anchored(from);
    const child = bump(parent, fees, 10_000n);
    expect(await submit(parent, child)).toBe('success');
    // A different parent that spends the same coin, and a different child.
    const rival = anchored(from, 0n, 240n);
    expect(await submit(rival, bump(rival, fees, 10_000n))).toMatch(/^package RBF failed: insufficient anti-DoS fees/);
    expect(await submit(rival, bump(rival, fees, 10_010n))).toMatch(/^package RBF failed: insufficient anti-DoS fees/);
    expect(await submit(rival, bump(rival, fees, 12_000n))).toBe('success');
    expect(ours.mempool.size).toBe(2);
  });

  it('rejects a replacement package that does not improve the feerate diagram', async () => {
    const from = coin();
    const small = pay([from], 30_000n);
    expect(await submit(small)).toBe('success');
    const parent = anchored(from);
    const large = pay([utxo(parent, 0), utxo(parent, 1), coin()], 32_000n, 20, TRUC);
    const inputs = large.inputs.map((input, i) => (i === 1 ? { ...input, witness: [] } : input));
    const child = new Transaction({ ...large, inputs, outputs: large.outputs, version: 3, lockTime: 0 });
    expect(await submit(parent, child)).toMatch(/does not improve feerate diagram/);
  });

  it('rejects a replacement package whose conflict has more than one descendant', async () => {
    const [from, fees] = [coin(), coin()];
    const first = pay([from], 1000n, 3);
    expect(await submit(first)).toBe('success');
    for (let vout = 0; vout < 2; vout++) expect(await submit(pay([utxo(first, vout)], 1000n))).toBe('success');
    const parent = anchored(from);
    expect(await submit(parent, bump(parent, fees, 100_000n))).toMatch(
      /^package RBF failed: .*(descendants, max 1|only child)/,
    );

    const root = pay([coin()], 1000n, 1, TRUC);
    expect(await submit(root)).toBe('success');
  });

  it('agrees on generated packages', { timeout: 60_000 }, async () => {
    const random = new SeededRandom(5);
    const pick = (bound: number) => random.uint32() % bound;
    const shared = [coin(), coin(), coin()];
    for (let round = 0; round < 60; round++) {
      const from = shared[pick(3)]!;
      const extra = shared[pick(3)]!;
      const version = pick(4) === 0 ? 2 : 3;
      const parent = pay([from], BigInt([0, 5, 50, 500, 3000][pick(5)]!), 1 + pick(3), { version });
      const inputs = from === extra || pick(2) === 0 ? [utxo(parent, 0)] : [utxo(parent, 0), extra];
      const fee = BigInt([10, 300, 2000, 9000, 30_000][pick(5)]!) * BigInt(1 + round);
      const child = pay(inputs, fee, 1 + pick(3), { version: pick(8) === 0 ? 2 : version });
      await submit(parent, child);
    }
  });
});
