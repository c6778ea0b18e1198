import { describe, expect, it } from 'vitest';
import { fromHex } from '../../src/bytes/hex.ts';
import type { Coin } from '../../src/consensus/coins.ts';
import { hash160 } from '../../src/crypto/hash.ts';
import { DEFAULT_MEMPOOL_OPTIONS } from '../../src/mempool/options.ts';
import { dustThreshold } from '../../src/mempool/policy/dust.ts';
import { feeAtRate, feeRate, formatFeeRate, policyVsize } from '../../src/mempool/policy/fee-rate.ts';
import { areInputsStandard, isWitnessStandard } from '../../src/mempool/policy/standard-inputs.ts';
import { nonStandardReason } from '../../src/mempool/policy/standard-tx.ts';
import { DisconnectedBlockTransactions } from '../../src/mempool/reorg.ts';
import { RollingMinimumFee } from '../../src/mempool/rolling-minimum-fee.ts';
import { Block } from '../../src/primitives/block.ts';
import { BlockHeader } from '../../src/primitives/header.ts';
import { Transaction, type TxOut } from '../../src/primitives/transaction.ts';
import { Op } from '../../src/script/opcodes.ts';
import { compileScript } from '../../src/script/script.ts';
import { ownScript } from '../support/regtest-chain.ts';

const hash20 = new Uint8Array(20).fill(1);
const hash32 = new Uint8Array(32).fill(1);
const key = fromHex('0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798');

describe('dust', () => {
  // The well-known thresholds at 3 satoshis per byte.
  it.each([
    ['P2PKH', compileScript(Op.OP_DUP, Op.OP_HASH160, hash20, Op.OP_EQUALVERIFY, Op.OP_CHECKSIG), 546n],
    ['P2SH', compileScript(Op.OP_HASH160, hash20, Op.OP_EQUAL), 540n],
    ['P2WPKH', compileScript(Op.OP_0, hash20), 294n],
    ['P2WSH', compileScript(Op.OP_0, hash32), 330n],
    ['P2TR', compileScript(Op.OP_1, hash32), 330n],
    ['P2A', compileScript(Op.OP_1, fromHex('4e73')), 240n],
    ['OP_RETURN', compileScript(Op.OP_RETURN, hash20), 0n],
  ])('%s', (_, scriptPubKey, threshold) => {
    expect(dustThreshold({ value: 0n, scriptPubKey }, 3000n)).toBe(threshold);
  });
});

describe('fee rates', () => {
  it('round fees up and rates down', () => {
    expect(feeAtRate(1000n, 141)).toBe(141n);
    expect(feeAtRate(100n, 141)).toBe(15n);
    expect(feeAtRate(1n, 1)).toBe(1n);
    expect(feeAtRate(0n, 400_000)).toBe(0n);
    expect(feeRate(15n, 141)).toBe(106n);
    expect(formatFeeRate(1000n)).toBe('0.00001000 BTC/kvB');
  });

  it('count signature operations as size', () => {
    expect(policyVsize(561, 1)).toBe(141);
    expect(policyVsize(561, 80)).toBe(400);
  });
});

describe('standardness rules that cannot be compared with Knots', () => {
  const input = { prevout: { txid: hash32, vout: 0 }, scriptSig: new Uint8Array(0), sequence: 0, witness: [] };
  const reason = (outputs: TxOut[], options = {}) =>
    nonStandardReason(new Transaction({ version: 2, inputs: [input], outputs, lockTime: 0 }), {
      ...DEFAULT_MEMPOOL_OPTIONS,
      ...options,
    });
  const data = (size: number): TxOut => ({
    value: 0n,
    scriptPubKey: compileScript(Op.OP_RETURN, new Uint8Array(size)),
  });

  it('allows 100,000 bytes of OP_RETURN scripts in any number of outputs', () => {
    // Opcode and push take six bytes.
    expect(reason([data(99_994)])).toBe('tx-size');
    expect(reason([data(99_000)])).toBeUndefined();
    expect(reason([data(40_000), data(40_000)])).toBeUndefined();
    expect(reason([data(40), data(40)], { maxDataCarrierBytes: 84 })).toBeUndefined();
    expect(reason([data(40), data(41)], { maxDataCarrierBytes: 84 })).toBe('datacarrier');
  });

  it('allows bare multisig with up to three keys', () => {
    const multisig = (...keys: Uint8Array[]): TxOut => ({
      value: 1000n,
      scriptPubKey: compileScript(Op.OP_1, ...keys, Op.OP_1 + keys.length - 1, Op.OP_CHECKMULTISIG),
    });
    expect(reason([multisig(key, key, key)])).toBeUndefined();
    expect(reason([multisig(key, key, key, key)])).toBe('scriptpubkey');
    expect(reason([multisig(key)], { permitBareMultisig: false })).toBe('bare-multisig');
  });

  it('allows one dust output', () => {
    const dust = { value: 329n, scriptPubKey: ownScript };
    expect(reason([dust])).toBeUndefined();
    expect(reason([dust, dust])).toBe('dust');
  });
});

describe('standardness of inputs', () => {
  const coin = (scriptPubKey: Uint8Array): Coin => ({
    output: { value: 1n, scriptPubKey },
    height: 1,
    isCoinbase: false,
  });
  const spending = (inputs: { scriptSig?: Uint8Array; witness?: Uint8Array[] }[]) =>
    new Transaction({
      version: 2,
      inputs: inputs.map(({ scriptSig = new Uint8Array(0), witness = [] }, vout) => {
        return { prevout: { txid: hash32, vout }, scriptSig, sequence: 0, witness };
      }),
      outputs: [{ value: 1n, scriptPubKey: ownScript }],
      lockTime: 0,
    });

  it('limits the signature operations of all inputs together (BIP54)', () => {
    // 166 redeem scripts with 15 each make 2,490; ten P2PK inputs more make 2,500.
    const redeemScript = compileScript(...Array.from({ length: 15 }, () => Op.OP_CHECKSIG));
    const p2sh = compileScript(Op.OP_HASH160, hash160(redeemScript), Op.OP_EQUAL);
    const p2pk = compileScript(key, Op.OP_CHECKSIG);
    const isStandard = (keys: number) => {
      const inputs = [...Array.from({ length: 166 }, () => ({ scriptSig: compileScript(redeemScript) }))];
      const coins = [...inputs.map(() => coin(p2sh)), ...Array.from({ length: keys }, () => coin(p2pk))];
      return areInputsStandard(spending([...inputs, ...Array.from({ length: keys }, () => ({}))]), coins);
    };
    expect(isStandard(10)).toBe(true);
    expect(isStandard(11)).toBe(false);
  });

  it('requires a non-empty control block, and no annex', () => {
    const p2tr = [coin(compileScript(Op.OP_1, hash32))];
    const isStandard = (...witness: Uint8Array[]) => isWitnessStandard(spending([{ witness }]), p2tr);
    const control = Uint8Array.of(0xc0, ...hash32);
    expect(isStandard(hash32)).toBe(true);
    expect(isStandard(Uint8Array.of(Op.OP_1), control)).toBe(true);
    expect(isStandard(Uint8Array.of(Op.OP_1), new Uint8Array(0))).toBe(false);
    expect(isStandard(hash32, Uint8Array.of(0x50))).toBe(false);
    expect(isStandard(new Uint8Array(81), Uint8Array.of(Op.OP_1), control)).toBe(false);
  });
});

describe('RollingMinimumFee', () => {
  const fullHalfLife = 12 * 60 * 60;
  const make = () => new RollingMinimumFee(1000n, 1000, 0);

  it('is the evicted fee rate plus the increment, until the next block', () => {
    const fee = make();
    expect(fee.current(0, 1000)).toBe(0n);
    fee.trackPackageRemoved(5000n);
    expect(fee.current(0, 1000)).toBe(6000n);
    fee.trackPackageRemoved(3000n);
    expect(fee.current(10 * fullHalfLife, 1000)).toBe(6000n);
  });

  it('halves in 12 hours, in 6 below half of the limit, in 3 below a quarter', () => {
    for (const [usage, halfLife] of [
      [1000, fullHalfLife],
      [500, fullHalfLife],
      [499, fullHalfLife / 2],
      [249, fullHalfLife / 4],
    ] as const) {
      const fee = make();
      fee.trackPackageRemoved(9000n);
      fee.blockConnected(100);
      expect(fee.current(100, usage)).toBe(10_000n);
      expect(fee.current(100 + halfLife, usage)).toBe(5000n);
    }
  });

  it('waits for a block again after another eviction', () => {
    const fee = make();
    fee.trackPackageRemoved(9000n);
    fee.blockConnected(0);
    fee.trackPackageRemoved(19_000n);
    expect(fee.current(fullHalfLife, 1000)).toBe(20_000n);
    fee.blockConnected(fullHalfLife);
    expect(fee.current(2 * fullHalfLife, 1000)).toBe(10_000n);
  });

  it('falls to the increment, then to zero', () => {
    const fee = make();
    fee.trackPackageRemoved(1000n);
    fee.blockConnected(0);
    expect(fee.current(fullHalfLife, 1000)).toBe(1000n);
    // The unrounded rate is about 600 here, and later below half of the increment.
    expect(fee.current(1.7 * fullHalfLife, 1000)).toBe(1000n);
    expect(fee.current(2.3 * fullHalfLife, 1000)).toBe(0n);
    expect(fee.current(0, 1000)).toBe(0n);
  });
});

describe('DisconnectedBlockTransactions', () => {
  const header = new BlockHeader({ version: 1, prevHash: hash32, merkleRoot: hash32, time: 0, bits: 0, nonce: 0 });
  const tx = (lockTime: number, size = 0) =>
    new Transaction({
      version: 2,
      inputs: [{ prevout: { txid: hash32, vout: 0 }, scriptSig: new Uint8Array(0), sequence: 0, witness: [] }],
      outputs: [{ value: 1n, scriptPubKey: new Uint8Array(size) }],
      lockTime,
    });

  it('returns the transactions that the new branch does not confirm, oldest first', () => {
    const [a, b, c, d] = [tx(1), tx(2), tx(3), tx(4)];
    const disconnected = new DisconnectedBlockTransactions();
    expect(disconnected.add(new Block(header, [c, d]))).toEqual([]);
    expect(disconnected.add(new Block(header, [a, b]))).toEqual([]);
    disconnected.remove(new Block(header, [b]));
    expect(disconnected.take()).toEqual([a, c, d]);
    expect(disconnected.isEmpty).toBe(true);
  });

  it('keeps up to 20 MB, and drops the latest first', () => {
    const large = Array.from({ length: 8 }, (_, i) => tx(i, 4_000_000));
    const disconnected = new DisconnectedBlockTransactions();
    expect(disconnected.add(new Block(header, large.slice(4)))).toEqual([]);
    expect(disconnected.add(new Block(header, large.slice(0, 4)))).toEqual([large[7], large[6], large[5], large[4]]);
    disconnected.remove(new Block(header, large.slice(0, 1)));
    expect(disconnected.add(new Block(header, large.slice(7)))).toEqual([]);
    expect(disconnected.take()).toHaveLength(4);
  });

  it('keeps as much again once its transactions have left', () => {
    const disconnected = new DisconnectedBlockTransactions();
    for (let round = 0; round < 3; round++) {
      const large = Array.from({ length: 4 }, (_, i) => tx(10 * round + i, 4_000_000));
      expect(disconnected.add(new Block(header, large))).toEqual([]);
      if (round === 1) disconnected.remove(new Block(header, large));
      else expect(disconnected.take()).toEqual(large);
    }
  });
});
