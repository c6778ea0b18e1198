import { describe, expect, it, vi } from 'vitest';
import { sha256 } from '../../src/crypto/hash.ts';
import { loadInSteps } from '../../src/mempool/dump.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import { Op } from '../../src/script/opcodes.ts';
import { compileScript } from '../../src/script/script.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { checkMempool } from '../support/mempool-check.ts';
import { RegtestChain, spend, type Utxo, utxo } from '../support/regtest-chain.ts';

// Scripts that are priced by what they could execute: 190 signature checks in a branch that is not.
const costlyScript = (result: number) =>
  Uint8Array.of(Op.OP_0, Op.OP_IF, ...Array<number>(190).fill(Op.OP_CHECKSIG), Op.OP_ENDIF, result);
const VALID = costlyScript(Op.OP_1);
const INVALID = costlyScript(Op.OP_0);
const output = (script: Uint8Array, value = 1_000_000n) => ({
  value,
  scriptPubKey: compileScript(Op.OP_0, sha256(script)),
});
const LAST_FALSE = /Script evaluated without error but finished with a false/;

/** Spends costly outputs to one more. */
function pay(inputs: readonly Utxo[], script: Uint8Array, fee: bigint, version = 2): Transaction {
  let total = -fee;
  for (const each of inputs) total += each.output.value;
  const { outputs, lockTime, ...tx } = spend(inputs, [output(VALID, total)]);
  const satisfied = tx.inputs.map((input) => ({ ...input, witness: [script] }));
  return new Transaction({ version, inputs: satisfied, outputs, lockTime });
}

/** Creates a chain with ten valid and ten invalid costly coins; counts the transactions that the script queue verifies. */
async function start() {
  const chain = await RegtestChain.create({ blocks: 4, coinbaseMaturity: 2, scriptThreads: 0 });
  const scripts = Array.from({ length: 20 }, (_, i) => (i < 10 ? VALID : INVALID));
  const funding = spend(
    [chain.coinbase(1)],
    scripts.map((script) => output(script)),
  );
  await chain.mine(1, { transactions: [funding] });
  const verify = vi.spyOn(chain.chain.scriptQueue, 'verify');
  const verified = () => verify.mock.calls.map(([{ tx }]) => tx.txidHex);
  const [valid, invalid] = [0, 10].map((from) => Array.from({ length: 10 }, (_, i) => utxo(funding, from + i)));
  return { chain, mempool: chain.mempool, valid: valid!, invalid: invalid!, verify, verified };
}

describe('a transaction with costly scripts', () => {
  it('is accepted or refused after its verification', async () => {
    const { chain, mempool, valid, invalid, verified } = await start();
    const [good, bad] = [pay([valid[0]!], VALID, 10_000n), pay([invalid[0]!], INVALID, 10_000n)];
    const pending = mempool.acceptAsync(good);
    expect(pending).toBeInstanceOf(Promise);
    expect(mempool.size).toBe(0);
    expect(await pending).toMatchObject({ entry: { tx: good } });
    expect(mempool.has(good.txid)).toBe(true);
    const refused = await mempool.acceptAsync(bad);
    expect(refused).toMatchObject({ reject: { kind: 'not-standard', reason: expect.stringMatching(LAST_FALSE) } });
    expect(mempool.accept(bad)).toEqual(refused);
    expect(verified()).toEqual([good.txidHex, bad.txidHex]);
    checkMempool(chain);
  });

  it('is refused at once for any other reason', async () => {
    const { mempool, valid, verified } = await start();
    const poor = mempool.acceptAsync(pay([valid[0]!], VALID, 0n));
    expect(poor).toMatchObject({ reject: { reason: 'min relay fee not met' } });
    expect(verified()).toEqual([]);
  });

  it('can be tested, and is verified on behalf of its payer', async () => {
    const { mempool, valid, verify } = await start();
    const spent: number[] = [];
    const payer = { precedence: 3, spent: (ms: number) => void spent.push(ms) };
    const tx = pay([valid[0]!], VALID, 10_000n);
    expect(await mempool.acceptAsync(tx, { testOnly: true, payer })).toMatchObject({ entry: { tx } });
    expect([mempool.size, spent.length, verify.mock.calls[0]![2]]).toEqual([0, 1, payer]);
    // Known to be valid from now on.
    expect(mempool.acceptAsync(tx)).toMatchObject({ entry: { tx } });
    await mempool.acceptAsync(pay([valid[1]!], VALID, 10_000n));
    // The user's own come before those of peers.
    expect(verify.mock.calls[1]![2].precedence).toBeLessThan(0);
  });
});

describe('a package with costly scripts', () => {
  it('is accepted after the verification of each transaction', async () => {
    const { chain, mempool, valid, verified } = await start();
    const parent = pay([valid[0]!], VALID, 0n, 3);
    const child = pay([utxo(parent, 0)], VALID, 30_000n, 3);
    expect(await mempool.acceptPackageAsync([parent, child])).not.toHaveProperty('reject');
    expect(mempool.size).toBe(2);
    expect(new Set(verified())).toEqual(new Set([parent.txidHex, child.txidHex]));
    checkMempool(chain);
    // Nothing is left to verify.
    const again = mempool.acceptPackageAsync([parent, child]);
    expect(again).toMatchObject({ results: [{ present: { tx: parent } }, { present: { tx: child } }] });
    expect(verified()).toHaveLength(2);
  });

  it('is not verified if it pays too little, or is malformed', async () => {
    const { mempool, valid, verified } = await start();
    const parent = pay([valid[0]!], VALID, 0n);
    const child = pay([utxo(parent, 0)], VALID, 10n);
    expect(mempool.acceptPackageAsync([parent, child])).toMatchObject({ reject: { reason: 'transaction failed' } });
    expect(mempool.acceptPackageAsync([child, parent])).toMatchObject({ reject: { reason: 'package-not-sorted' } });
    const alone = pay([valid[1]!], VALID, 0n);
    expect(mempool.acceptPackageAsync([alone])).toMatchObject({ reject: { reason: 'transaction failed' } });
    expect(verified()).toEqual([]);
  });

  it('is tested up to the first transaction that fails', async () => {
    const { mempool, valid, invalid, verified } = await start();
    const parent = pay([valid[0]!], VALID, 10_000n);
    const child = pay([utxo(parent, 0)], VALID, 10_000n);
    expect(await mempool.testPackageAsync([parent, child])).not.toHaveProperty('reject');
    expect(new Set(verified())).toEqual(new Set([parent.txidHex, child.txidHex]));
    const bad = pay([invalid[0]!], INVALID, 10_000n);
    const { results, reject } = await mempool.testPackageAsync([bad, pay([valid[1]!], VALID, 10_000n)]);
    expect(reject).toMatchObject({ reason: 'transaction failed' });
    expect(results[0]).toMatchObject({ reject: { reason: expect.stringMatching(LAST_FALSE) } });
    expect(mempool.size).toBe(0);
    const malformed = await mempool.testPackageAsync([child, parent]);
    expect(malformed).toMatchObject({ reject: { reason: 'package-not-sorted' }, results: [undefined, undefined] });
  });
});

describe('a stored mempool with costly scripts', () => {
  it('is loaded step by step, and each transaction is awaited', async () => {
    const { mempool, valid, verified } = await start();
    const parent = pay([valid[0]!], VALID, 10_000n);
    const txs = [parent, pay([utxo(parent, 0)], VALID, 10_000n), pay([valid[1]!], VALID, 10_000n)];
    const transactions = txs.map((tx) => ({ tx, time: 2_000_000_000, feeDelta: 5n }));
    const steps = loadInSteps(mempool, { transactions, feeDeltas: [] }, new VirtualClock());
    for (;;) {
      const { done, value } = steps.next();
      if (done) {
        expect(value).toEqual({ accepted: 3, total: 3 });
        break;
      }
      expect(value).toBeInstanceOf(Promise);
      await value;
    }
    expect(verified()).toEqual(txs.map(({ txidHex }) => txidHex));
    expect(mempool.get(parent.txid)).toMatchObject({ time: 2_000_000_000, modifiedFee: 10_005n });
  });
});
