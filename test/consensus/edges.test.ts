import { describe, expect, it } from 'vitest';
import type { Coin } from '../../src/consensus/coins.ts';
import { isDeployed } from '../../src/consensus/deployments.ts';
import { medianTimePast } from '../../src/consensus/header-context.ts';
import { calculateSequenceLock, isSequenceLockMet } from '../../src/consensus/locks.ts';
import { chainParams, regtest } from '../../src/consensus/params.ts';
import {
  blockWork,
  checkProofOfWork,
  compactToTarget,
  nextWorkRequired,
  targetToCompact,
} from '../../src/consensus/pow.ts';
import { formatReject, reject } from '../../src/consensus/reject.ts';
import { legacySigOps, transactionSigOpCost } from '../../src/consensus/sigops.ts';
import { checkTransaction } from '../../src/consensus/tx-check.ts';
import { hash160, sha256 } from '../../src/crypto/hash.ts';
import { nullOutPoint } from '../../src/primitives/outpoint.ts';
import type { Transaction } from '../../src/primitives/transaction.ts';
import { ScriptFlag } from '../../src/script/flags.ts';
import { Op } from '../../src/script/opcodes.ts';
import { compileScript } from '../../src/script/script.ts';
import { OP_TRUE, spend } from '../chain/support/builder.ts';
import { TestHeader } from './support/headers.ts';

// Edge cases of the rules, as in Core's pow.cpp, tx_check.cpp, tx_verify.cpp and chain.h.

const prevout = { txid: new Uint8Array(32).fill(1), vout: 0 };

describe('medianTimePast', () => {
  const headers = (...times: number[]) =>
    times.reduce<TestHeader | undefined>((prev, time) => new TestHeader({ time, bits: 0 }, prev), undefined)!;

  it('returns the median of up to eleven times in any order', () => {
    expect(medianTimePast(headers(7))).toBe(7);
    expect(medianTimePast(headers(1, 9))).toBe(9);
    expect(medianTimePast(headers(9, 1))).toBe(9);
    expect(medianTimePast(headers(5, 100, 20))).toBe(20);
    expect(medianTimePast(headers(11, 2, 9, 4, 7, 6, 5, 8, 3, 10, 1))).toBe(6);
    // A twelfth time does not count.
    expect(medianTimePast(headers(100, 101, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11))).toBe(6);
    expect(medianTimePast(headers(0, 100, 2, 90, 4, 80, 6, 70, 8, 60, 10, 50))).toBe(50);
  });
});

describe('BIP68', () => {
  const tip = new TestHeader({ time: 1000, bits: 0 }, new TestHeader({ time: 500, bits: 0 }));

  it('gives no lock without relative lock times, or for version 1', () => {
    const none = { minHeight: -1, minTime: -1 };
    expect(calculateSequenceLock(spend({ inputs: [prevout], outputs: [] }), [1], tip)).toEqual(none);
    const old = spend({ inputs: [prevout], outputs: [], version: 1, sequence: 5 });
    expect(calculateSequenceLock(old, [1], tip)).toEqual(none);
  });

  it('holds up to and including minHeight and minTime', () => {
    const median = tip.medianTimePast();
    const met = (minHeight: number, minTime: number) => isSequenceLockMet({ minHeight, minTime }, tip);
    expect([met(0, -1), met(1, -1), met(2, -1)]).toEqual([true, true, false]);
    expect([met(-1, median - 1), met(-1, median), met(-1, median + 1)]).toEqual([true, false, false]);
    expect(met(-1, 0)).toBe(true);
  });
});

describe('Proof of work', () => {
  const main = chainParams('main');

  it('accepts a hash equal to the target', () => {
    const target = compactToTarget(0x1d00ffff).target;
    const bytes = (value: bigint) =>
      Uint8Array.from(Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse());
    expect(checkProofOfWork(bytes(target), 0x1d00ffff, main)).toBe(true);
    expect(checkProofOfWork(bytes(target + 1n), 0x1d00ffff, main)).toBe(false);
    // The network's limit, and the first target above it.
    expect(checkProofOfWork(bytes(1n), 0x1d00ffff, main)).toBe(true);
    expect(checkProofOfWork(bytes(1n), 0x1d010000, main)).toBe(false);
  });

  it('is 2^255 hashes for the target 1', () => {
    expect(blockWork(0x03000001)).toBe(2n ** 255n);
    expect(blockWork(0x03000002)).toBe(2n ** 256n / 3n);
  });

  it('has compact targets of at most 256 bits', () => {
    expect(compactToTarget(0x220000ff).overflow).toBe(false);
    expect(compactToTarget(0x22000100).overflow).toBe(true);
    expect(compactToTarget(0x2100ffff).overflow).toBe(false);
    expect(compactToTarget(0x21010000).overflow).toBe(true);
    expect(compactToTarget(0xff000000)).toEqual({ target: 0n, negative: false, overflow: false });
    expect(compactToTarget(0x03123456).target).toBe(0x123456n);
    expect([0n, 1n, 0x7fn, 0x80n, 0xffffn, 0x7fffffn, 0x800000n].map(targetToCompact)).toEqual([
      0, 0x01010000, 0x017f0000, 0x02008000, 0x0300ffff, 0x037fffff, 0x04008000,
    ]);
  });

  it('has the same bits within a period, except after a late block on testnet', () => {
    const easiest = targetToCompact(main.powLimit);
    const genesis = new TestHeader({ time: 0, bits: 0x1c05a3f4 });
    const first = new TestHeader({ time: 600, bits: 0x1c0168fd }, genesis);
    const easy = new TestHeader({ time: 9000, bits: easiest }, first);
    expect(nextWorkRequired(first, 100_000, main)).toBe(0x1c0168fd);
    const test = chainParams('test');
    expect(nextWorkRequired(first, 600 + 1201, test)).toBe(easiest);
    expect(nextWorkRequired(first, 600 + 1200, test)).toBe(0x1c0168fd);
    expect(nextWorkRequired(easy, 9001, test)).toBe(0x1c0168fd);
  });
});

describe('Reject', () => {
  it('has a debug field only if there is a debug message', () => {
    expect(reject('consensus', 'bad-txns-vin-empty')).toStrictEqual({
      kind: 'consensus',
      reason: 'bad-txns-vin-empty',
    });
    const detailed = reject('consensus', 'bad-txns-vin-empty', 'why');
    expect(detailed).toStrictEqual({ kind: 'consensus', reason: 'bad-txns-vin-empty', debug: 'why' });
    expect(formatReject(detailed)).toBe('bad-txns-vin-empty, why');
    expect(formatReject(reject('consensus', 'bad-txns-vin-empty'))).toBe('bad-txns-vin-empty');
  });
});

describe('isDeployed', () => {
  it('returns true for buried deployments and those with a start time', () => {
    const { taproot, testdummy, segwit } = regtest.deployments;
    expect(isDeployed(taproot)).toBe(true);
    expect(isDeployed(segwit)).toBe(true);
    expect(isDeployed(testdummy)).toBe(true);
    expect(isDeployed(chainParams('main').deployments.testdummy)).toBe(false);
  });
});

describe('Transactions', () => {
  const out = (size = 1) => ({ value: 1n, scriptPubKey: new Uint8Array(size) });

  it('require inputs, outputs, and at most a million bytes without witnesses', () => {
    const invalid = (reason: string) => ({ kind: 'consensus', reason });
    expect(checkTransaction(spend({ inputs: [], outputs: [out()] }))).toEqual(invalid('bad-txns-vin-empty'));
    expect(checkTransaction(spend({ inputs: [prevout], outputs: [] }))).toEqual(invalid('bad-txns-vout-empty'));
    const sized = (size: number) => spend({ inputs: [prevout], outputs: [out(size)], witness: [new Uint8Array(99)] });
    const rest = sized(900_000).strippedSize - 900_000;
    expect(checkTransaction(sized(1_000_000 - rest))).toBeUndefined();
    expect(checkTransaction(sized(1_000_001 - rest))).toEqual(invalid('bad-txns-oversize'));
  });

  it('that are coinbases require a scriptSig of 2 to 100 bytes', () => {
    const coinbase = (size: number) =>
      checkTransaction(spend({ inputs: [nullOutPoint], outputs: [out()], scriptSig: new Uint8Array(size) }))?.reason;
    expect([1, 2, 100, 101].map(coinbase)).toEqual(['bad-cb-length', undefined, undefined, 'bad-cb-length']);
  });

  it('cost 4 per signature operation outside witnesses, and 1 per one in a witness', () => {
    const { P2SH, WITNESS, NONE } = ScriptFlag;
    const multisig = compileScript(2n, new Uint8Array(33), new Uint8Array(33), 2n, Op.OP_CHECKMULTISIG);
    const coin = (scriptPubKey: Uint8Array): Coin => ({
      output: { value: 1n, scriptPubKey },
      height: 1,
      isCoinbase: false,
    });
    const cost = (tx: Transaction, flags: number, ...coins: Coin[]) => transactionSigOpCost(tx, coins, flags);
    const toTrue = { value: 1n, scriptPubKey: OP_TRUE };
    // The cases of Core's GetTxSigOpCost test. A bare multisig counts as 20, in P2SH as its number of keys.
    const bare = spend({ inputs: [prevout], outputs: [{ value: 1n, scriptPubKey: multisig }] });
    expect(legacySigOps(bare)).toBe(20);
    expect(cost(bare, P2SH | WITNESS, coin(OP_TRUE))).toBe(80);
    const scriptSig = compileScript(Op.OP_0, multisig);
    const p2sh = coin(compileScript(Op.OP_HASH160, hash160(multisig), Op.OP_EQUAL));
    const redeeming = spend({ inputs: [prevout], outputs: [toTrue], scriptSig });
    expect(cost(redeeming, P2SH, p2sh)).toBe(8);
    expect(cost(redeeming, NONE, p2sh)).toBe(0);
    const unlocking = spend({ inputs: [prevout], outputs: [toTrue], scriptSig: multisig });
    expect(legacySigOps(unlocking)).toBe(20);
    const p2wsh = coin(compileScript(Op.OP_0, sha256(multisig)));
    const witnessing = spend({ inputs: [prevout], outputs: [toTrue], witness: [multisig] });
    expect(cost(witnessing, P2SH | WITNESS, p2wsh)).toBe(2);
    expect(cost(witnessing, P2SH, p2wsh)).toBe(0);
    const inputs = [prevout, { ...prevout, vout: 1 }];
    expect(cost(spend({ inputs, outputs: [toTrue], witness: [multisig] }), P2SH | WITNESS, p2wsh, p2wsh)).toBe(4);
    // A coinbase has no coins.
    expect(cost(spend({ inputs: [nullOutPoint], outputs: [{ value: 1n, scriptPubKey: multisig }] }), P2SH)).toBe(80);
  });
});
