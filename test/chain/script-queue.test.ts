import { describe, expect, it } from 'vitest';
import { ScriptCache } from '../../src/chain/scripts/script-cache.ts';
import type { ScriptCheck } from '../../src/chain/scripts/script-check.ts';
import { inputCost, transactionCost } from '../../src/chain/scripts/script-cost.ts';
import { type ScriptPayer, ScriptQueue } from '../../src/chain/scripts/script-queue.ts';
import { ScriptWorkers } from '../../src/chain/scripts/script-workers.ts';
import { sha256 } from '../../src/crypto/hash.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { Transaction } from '../../src/primitives/transaction.ts';
import { MANDATORY_SCRIPT_VERIFY_FLAGS as FLAGS, ScriptFlag } from '../../src/script/flags.ts';
import { Op } from '../../src/script/opcodes.ts';
import { compileScript } from '../../src/script/script.ts';
import { SignatureCache } from '../../src/script/signature-cache.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { OP_TRUE, spend } from './support/builder.ts';

const OP_FALSE = Uint8Array.of(0);

/** Returns a check that differs for each `vout`. */
function check(vout: number, scriptPubKey = OP_TRUE): ScriptCheck {
  const tx = spend({ inputs: [{ txid: new Uint8Array(32), vout }], outputs: [{ value: 1n, scriptPubKey: OP_TRUE }] });
  return { tx, spentOutputs: [{ value: 1n, scriptPubKey }] };
}

/** A queue without workers, which verifies one transaction at a time. */
function start(clock = new VirtualClock()): { queue: ScriptQueue; cache: ScriptCache } {
  const cache = new ScriptCache();
  const workers = new ScriptWorkers(0, clock, silentLogger);
  return { queue: new ScriptQueue({ workers, cache, signatures: new SignatureCache(), clock }), cache };
}

const payer = (precedence: number): ScriptPayer => ({ precedence, spent: () => {} });

describe('ScriptQueue', () => {
  it('puts valid and invalid results into the cache, for exactly these flags', async () => {
    const { queue, cache } = start();
    await queue.verify(check(1), FLAGS, payer(0));
    await queue.verify(check(2, OP_FALSE), FLAGS, payer(0));
    expect(cache.has(check(1).tx, FLAGS)).toBe(true);
    expect(cache.failure(check(1).tx, FLAGS)).toBeUndefined();
    expect(cache.failure(check(2).tx, FLAGS)).toMatchObject({ inputIndex: 0, error: 'EVAL_FALSE' });
    expect(cache.failure(check(2).tx, FLAGS & ~ScriptFlag.WITNESS)).toBeUndefined();
    expect(cache.has(check(2).tx, FLAGS)).toBe(false);
    expect(queue.size).toBe(0);
  });

  it('lets the lowest precedence go first, of equals the oldest, and reads it when a place becomes free', async () => {
    const { queue } = start();
    const order: number[] = [];
    const changing = { precedence: 9, spent: () => {} };
    const submit = (vout: number, from: ScriptPayer) =>
      queue.verify(check(vout), FLAGS, from).then(() => order.push(vout));
    const all = [
      submit(0, payer(5)),
      submit(1, payer(5)),
      submit(2, payer(0)),
      submit(3, payer(2_000)),
      submit(4, payer(0)),
      submit(5, payer(-1)),
      submit(6, changing),
    ];
    changing.precedence = -2;
    await Promise.all(all);
    // The first started at once.
    expect(order).toEqual([0, 6, 5, 2, 4, 1, 3]);
  });

  it('refuses more than 2,000 waiting transactions, and what waits when it closes', async () => {
    const { queue, cache } = start();
    const accepted = Array.from({ length: 2_001 }, (_, i) => queue.verify(check(i), FLAGS, payer(0)));
    const refused = queue.verify(check(2_001), FLAGS, payer(-1));
    // One that waits already is not another one.
    const again = queue.verify(check(7), FLAGS, payer(0));
    expect(queue.size).toBe(2_001);
    queue.close();
    await expect(refused).rejects.toMatchObject({ code: 'busy' });
    for (const outcome of await Promise.allSettled([...accepted, again])) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'closed' } });
    }
    await expect(queue.verify(check(0), FLAGS, payer(0))).rejects.toMatchObject({ code: 'closed' });
    // A stopped verification is no success.
    expect(cache.has(check(0).tx, FLAGS)).toBe(false);
  });

  it('yields between inputs on the main thread, and charges the time to the payer', async () => {
    const clock = new VirtualClock();
    // Each reading takes a millisecond.
    clock.monotonic = () => {
      clock.advance(1);
      return clock.now();
    };
    const { queue } = start(clock);
    const inputs = Array.from({ length: 40 }, (_, vout) => ({ txid: new Uint8Array(32), vout }));
    const tx = spend({ inputs, outputs: [{ value: 1n, scriptPubKey: OP_TRUE }] });
    let spent = 0;
    let turns = 0;
    let isDone = false;
    const verified = queue
      .verify({ tx, spentOutputs: inputs.map(() => ({ value: 1n, scriptPubKey: OP_TRUE })) }, FLAGS, {
        precedence: 0,
        spent: (ms) => {
          spent += ms;
        },
      })
      .then(() => {
        isDone = true;
      });
    for (; !isDone; turns++) await new Promise((resolve) => setImmediate(resolve));
    await verified;
    expect(turns).toBeGreaterThan(10);
    expect(spent).toBe(40);
  });
});

describe('ScriptCache', () => {
  it('remembers the last 1,000 failures', () => {
    const cache = new ScriptCache();
    const failure = { inputIndex: 0, error: 'VERIFY' } as const;
    for (let i = 0; i <= 1_000; i++) cache.addFailure(check(i).tx, FLAGS, failure);
    expect(cache.failure(check(0).tx, FLAGS)).toBeUndefined();
    expect(cache.failure(check(1).tx, FLAGS)).toMatchObject(failure);
    expect(cache.failure(check(1_000).tx, FLAGS)).toMatchObject(failure);
  });
});

describe('the price of a script', () => {
  const Signature = 75;
  const costOf = (scriptPubKey: Uint8Array, witness: Uint8Array[] = [], scriptSig: Uint8Array = new Uint8Array(0)) => {
    const input = { prevout: { txid: new Uint8Array(32), vout: 0 }, scriptSig, sequence: 0, witness };
    const tx = new Transaction({ version: 2, inputs: [input], outputs: [], lockTime: 0 });
    return inputCost(tx, [{ value: 1n, scriptPubKey }], 0);
  };
  const wsh = (script: Uint8Array) => costOf(compileScript(Op.OP_0, sha256(script)), [script]);

  it('is about that of its signatures', () => {
    expect(costOf(compileScript(Op.OP_0, new Uint8Array(20)))).toBeLessThan(2 * Signature);
    const keyPath = costOf(compileScript(Op.OP_1, new Uint8Array(32)), [new Uint8Array(64)]);
    expect(keyPath).toBeGreaterThan(Signature);
    expect(keyPath).toBeLessThan(2 * Signature);
    const key = new Uint8Array(33).fill(2);
    const multisig = wsh(compileScript(2n, key, key, key, 3n, Op.OP_CHECKMULTISIG));
    expect(multisig).toBeGreaterThan(3 * Signature);
    expect(multisig).toBeLessThan(4 * Signature);
    expect(wsh(Uint8Array.of(Op.OP_NOP, Op.OP_CHECKMULTISIG))).toBeGreaterThan(20 * Signature);
    expect(wsh(compileScript(key, Op.OP_CHECKMULTISIG))).toBeGreaterThan(20 * Signature);
  });

  it('is high for many hashes, in a tapscript, a witness script, a redeem script, or the spent output', () => {
    const hashes = Uint8Array.from([0x51, ...Array<number>(200).fill(Op.OP_HASH256)]);
    const tapscript = Uint8Array.from({ length: 390_000 }, (_, i) => (i % 3 === 1 ? Op.OP_RIPEMD160 : Op.OP_DUP));
    const control = new Uint8Array(33).fill(0xc0);
    const taproot = compileScript(Op.OP_1, new Uint8Array(32));
    expect(wsh(hashes)).toBeGreaterThan(2_000);
    expect(costOf(hashes)).toBeGreaterThan(2_000);
    expect(costOf(taproot, [hashes, control])).toBeGreaterThan(2_000);
    expect(costOf(taproot, [hashes, control, Uint8Array.of(0x50, 1)])).toBeGreaterThan(2_000);
    expect(costOf(taproot, [tapscript, control])).toBeGreaterThan(1_000_000);
    const p2sh = compileScript(Op.OP_HASH160, new Uint8Array(20), Op.OP_EQUAL);
    expect(costOf(p2sh, [], compileScript(hashes))).toBeGreaterThan(2_000);
    expect(costOf(p2sh, [hashes], compileScript(compileScript(Op.OP_0, new Uint8Array(32))))).toBeGreaterThan(2_000);
  });

  it('is that of one signature for programs whose witness is not run', () => {
    const hashes = new Uint8Array(200).fill(Op.OP_HASH256);
    const key = costOf(compileScript(Op.OP_0, new Uint8Array(20)));
    expect(costOf(compileScript(Op.OP_2, new Uint8Array(32)), [hashes, new Uint8Array(33)])).toBe(key);
    expect(costOf(compileScript(Op.OP_1, new Uint8Array(20)), [hashes, new Uint8Array(33)])).toBe(key);
    // The second item is an annex.
    expect(costOf(compileScript(Op.OP_1, new Uint8Array(32)), [hashes, Uint8Array.of(0x50)])).toBe(key);
  });

  it('is that of its class for each opcode that is not a push', () => {
    const hashes: number[] = [Op.OP_RIPEMD160, Op.OP_SHA1, Op.OP_SHA256, Op.OP_HASH160, Op.OP_HASH256];
    const signatures: number[] = [Op.OP_CHECKSIG, Op.OP_CHECKSIGVERIFY, Op.OP_CHECKSIGADD];
    const multisigs: number[] = [Op.OP_CHECKMULTISIG, Op.OP_CHECKMULTISIGVERIFY];
    const classOf = (opcode: number) => {
      if (hashes.includes(opcode)) return 'hash';
      if (signatures.includes(opcode)) return 'signature';
      return multisigs.includes(opcode) ? 'multisig' : 'other';
    };
    const empty = wsh(new Uint8Array(0));
    for (let opcode: number = Op.OP_16 + 1; opcode <= 0xff; opcode++) {
      const us = (wsh(new Uint8Array(100).fill(opcode)) - empty) / 100;
      const priced = us < 5 ? 'other' : us < Signature ? 'hash' : us < 2 * Signature ? 'signature' : 'multisig';
      expect(priced, `opcode ${opcode}`).toBe(classOf(opcode));
    }
    for (let opcode: number = Op.OP_1NEGATE; opcode <= Op.OP_16; opcode++) {
      expect(wsh(new Uint8Array(100).fill(opcode)) - empty, `opcode ${opcode}`).toBeLessThan(20);
    }
  });

  it('of a multisig is that of its keys, or of twenty if their number is not a constant', () => {
    for (const opcode of [Op.OP_CHECKMULTISIG, Op.OP_CHECKMULTISIGVERIFY]) {
      const keys = (...before: number[]) => Math.round(wsh(Uint8Array.of(...before, opcode)) / Signature);
      expect([Op.OP_1, Op.OP_2, Op.OP_15, Op.OP_16].map((count) => keys(count))).toEqual([1, 2, 15, 16]);
      expect([[], [Op.OP_0], [Op.OP_RESERVED], [Op.OP_NOP], [1, 20]].map((before) => keys(...before))).toEqual([
        20, 20, 20, 20, 20,
      ]);
    }
  });

  it('of an empty witness is low', () => {
    const programs = [compileScript(Op.OP_0, new Uint8Array(32)), compileScript(Op.OP_1, new Uint8Array(32))];
    for (const program of programs) expect(costOf(program)).toBeLessThan(2 * Signature);
    // Without a scriptSig there is no redeem script.
    expect(costOf(compileScript(Op.OP_HASH160, new Uint8Array(20), Op.OP_EQUAL))).toBeLessThan(2 * Signature);
  });

  it('includes the scriptSig', () => {
    const hashes = new Uint8Array(200).fill(Op.OP_HASH256);
    expect(costOf(OP_TRUE, [], hashes)).toBeGreaterThan(2_000);
    // A push is a redeem script only for P2SH.
    expect(costOf(OP_TRUE, [], compileScript(hashes))).toBeLessThan(Signature);
  });

  it('counts pushes as cheap, and each byte of a script of more than 10,000 bytes', () => {
    const taproot = compileScript(Op.OP_1, new Uint8Array(32));
    const pushes = (size: number) => costOf(taproot, [new Uint8Array(size), new Uint8Array(33).fill(0xc0)]);
    expect(pushes(10_000) - pushes(0)).toBeGreaterThan(500);
    expect(pushes(10_000)).toBeLessThan(2_000);
    expect(pushes(10_001)).toBeGreaterThan(40_000);
  });

  it('grows with the size of the transaction for each legacy signature', () => {
    const key = new Uint8Array(33).fill(2);
    const scriptPubKey = compileScript(key, Op.OP_CHECKSIG);
    const cost = (padding: number) => {
      const input = { prevout: { txid: new Uint8Array(32), vout: 0 }, scriptSig: OP_FALSE, sequence: 0, witness: [] };
      const outputs = [{ value: 0n, scriptPubKey: new Uint8Array(padding) }];
      const tx = new Transaction({ version: 2, inputs: Array(3).fill(input), outputs, lockTime: 0 });
      return transactionCost(tx, Array(3).fill({ value: 1n, scriptPubKey }));
    };
    expect(cost(900_000) - cost(0)).toBeGreaterThan(3 * 2_000);
  });
});
