import { describe, expect, it } from 'vitest';
import { checkBlock, checkBlockContext, checkHeader, checkHeaderContext } from '../../src/consensus/block-check.ts';
import type { CoinView } from '../../src/consensus/coins.ts';
import { type HeaderContext, medianTimePast } from '../../src/consensus/header-context.ts';
import { sequenceLocks } from '../../src/consensus/locks.ts';
import { type ChainParams, chainParams, regtest } from '../../src/consensus/params.ts';
import { checkTxInputs } from '../../src/consensus/tx-inputs.ts';
import { Block } from '../../src/primitives/block.ts';
import { BlockHeader } from '../../src/primitives/header.ts';
import { outPointKey } from '../../src/primitives/outpoint.ts';
import { Transaction, type TxOut } from '../../src/primitives/transaction.ts';
import { Op } from '../../src/script/opcodes.ts';
import { coinbase, mineBlock, OP_TRUE, outpoint, sealBlock, spend } from '../chain/support/builder.ts';
import { invalidBlocks } from '../chain/support/invalid-blocks.ts';

/** A block with its ancestors. */
class Placed implements HeaderContext {
  readonly block: Block;
  readonly prev: Placed | undefined;
  readonly height: number;
  readonly hash: Uint8Array;
  readonly time: number;
  readonly bits: number;
  readonly version: number;

  constructor(block: Block, prev?: Placed) {
    this.block = block;
    this.prev = prev;
    this.height = prev ? prev.height + 1 : 0;
    this.hash = block.hash;
    this.time = block.header.time;
    this.bits = block.header.bits;
    this.version = block.header.version;
  }

  ancestor(height: number): Placed | undefined {
    let at: Placed | undefined = this;
    while (at && at.height > height) at = at.prev;
    return at;
  }

  medianTimePast(): number {
    return medianTimePast(this);
  }
}

let tip = new Placed(regtest.genesis);
while (tip.height < 110) tip = new Placed(mineBlock(tip), tip);
const now = regtest.genesis.header.time + 3600;
const coinbaseAt = (height: number): Transaction => tip.ancestor(height)!.block.transactions[0]!;
const mature = [1, 2, 3, 4].map(coinbaseAt);
const value = mature[0]!.outputs[0]!.value;

/** Returns the kind that belongs to a reject reason (Core: BlockValidationResult). */
function kindOf(reason: string): string {
  if (/^(bad-txnmrklroot|bad-txns-duplicate|bad-witness-.*|unexpected-witness)$/.test(reason)) return 'mutated';
  if (reason === 'time-too-new') return 'time-future';
  return /^(high-hash|bad-diffbits|time-.*|bad-version.*)$/.test(reason) ? 'invalid-header' : 'consensus';
}

/** Checks a block on the tip by all rules of this layer; returns the reject reason. */
function rejectReason(block: Block): string | undefined {
  const failed =
    checkBlock(block, regtest) ??
    checkHeaderContext(block.header, tip, regtest, now) ??
    checkBlockContext(block, tip, regtest);
  if (failed) {
    expect(failed.kind, failed.reason).toBe(kindOf(failed.reason));
    return failed.reason;
  }
  const height = tip.height + 1;
  const coins = new Map(
    Array.from({ length: tip.height }, (_, i) => {
      const tx = coinbaseAt(i + 1);
      return [outPointKey(outpoint(tx)), { output: tx.outputs[0]!, height: i + 1, isCoinbase: true }];
    }),
  );
  const view: CoinView = { getCoin: (name) => coins.get(outPointKey(name)) };
  for (const tx of block.transactions.slice(1)) {
    const result = checkTxInputs(tx, view, height, regtest);
    if (result.reject) return result.reject.reason;
    const heights = result.coins.map((coin) => coin.height);
    if (!sequenceLocks(tx, heights, tip)) return 'bad-txns-nonfinal';
    for (const { prevout } of tx.inputs) coins.delete(outPointKey(prevout));
    for (const [vout, output] of tx.outputs.entries()) {
      coins.set(outPointKey(outpoint(tx, vout)), { output, height, isCoinbase: false });
    }
  }
  return undefined;
}

describe('Blocks that break one rule', () => {
  // test/chain/invalid-blocks verifies the same reasons against bitcoind. Those in `beyond` are rules of the chain
  // layer.
  const beyond = /^(bad-cb-amount|prev-blk-not-found|block-script-verify-flag-failed.*)$/;
  const cases = invalidBlocks({ tip, mature, immature: coinbaseAt(110), now }).filter(
    ({ name, reason }) => !beyond.test(reason) && !/^(P2SH|witness) signature operations$/.test(name),
  );

  it.each(cases)('are rejected: $name', ({ block, reason }) => {
    expect(rejectReason(block)).toBe(reason);
  });

  it('number more than 35', () => {
    expect(cases.length).toBeGreaterThan(35);
  });
});

describe('Blocks at a limit', () => {
  const input = outpoint(mature[0]!);
  const out = (amount = value, scriptPubKey: Uint8Array = OP_TRUE): TxOut => ({ value: amount, scriptPubKey });
  const holding = (...transactions: Transaction[]) => rejectReason(mineBlock(tip, { transactions }));

  it('are valid', () => {
    expect(rejectReason(mineBlock(tip))).toBeUndefined();
    expect(holding(spend({ inputs: [input], outputs: [out()] }))).toBeUndefined();
    expect(rejectReason(mineBlock(tip, { noCommitment: true }))).toBeUndefined();
  });

  it('of time: a second after the median, two hours ahead of the clock', () => {
    expect(rejectReason(mineBlock(tip, { time: tip.medianTimePast() + 1 }))).toBeUndefined();
    expect(rejectReason(mineBlock(tip, { time: now + 7200 }))).toBeUndefined();
  });

  it('of signature operations: 20,000 outside witnesses', () => {
    const operations = (count: number) =>
      holding(spend({ inputs: [input], outputs: [out(value, new Uint8Array(count).fill(Op.OP_CHECKSIG))] }));
    expect(operations(20_000)).toBeUndefined();
    expect(operations(20_001)).toBe('bad-blk-sigops');
    // Those in scriptSigs count too, even if they never run.
    const scriptSig = new Uint8Array(10_000).fill(Op.OP_CHECKSIGVERIFY);
    const inputs = mature.slice(0, 2).map((tx) => outpoint(tx));
    expect(holding(spend({ inputs, scriptSig, outputs: [out()] }))).toBeUndefined();
    const one = out(0n, Uint8Array.of(Op.OP_CHECKSIG));
    expect(holding(spend({ inputs, scriptSig, outputs: [out(), one] }))).toBe('bad-blk-sigops');
  });

  it('of size: a million bytes without witnesses, a weight of four million', () => {
    // The size of the block changes by as much as that of this output.
    const sized = (size: number) => mineBlock(tip, { coinbaseOutputs: [out(0n, new Uint8Array(size).fill(0x6a))] });
    const rest = sized(900_000).strippedSize - 900_000;
    const fullest = sized(1_000_000 - rest);
    expect(fullest.strippedSize).toBe(1_000_000);
    expect(rejectReason(fullest)).toBe('bad-blk-weight');
    expect(checkBlock(fullest, regtest)).toBeUndefined();
    expect(checkBlock(sized(1_000_001 - rest), regtest)?.reason).toBe('bad-blk-length');

    const weighty = (size: number) =>
      mineBlock(tip, { transactions: [spend({ inputs: [input], outputs: [out()], witness: [new Uint8Array(size)] })] });
    const others = weighty(3_900_000).weight - 3_900_000;
    expect(rejectReason(weighty(4_000_000 - others))).toBeUndefined();
    expect(rejectReason(weighty(4_000_001 - others))).toBe('bad-blk-weight');
  });

  it('of the number of transactions: more than a million are too many, whatever their size', () => {
    const header = { prevHash: tip.hash, time: tip.time + 1, bits: tip.bits, version: 4 };
    const many = new Array(1_000_001).fill(coinbase(111));
    const block = new Block(sealBlock([], header).header, many);
    expect(checkBlock(block, regtest, { merkleRoot: false })?.reason).toBe('bad-blk-length');
  });

  it('of lock times: below the height and the median time past', () => {
    const locked = (lockTime: number, sequence = 0) =>
      holding(spend({ inputs: [input], outputs: [out()], sequence, lockTime }));
    expect(locked(tip.height)).toBeUndefined();
    expect(locked(tip.height + 1)).toBe('bad-txns-nonfinal');
    expect(locked(tip.medianTimePast() - 1)).toBeUndefined();
    // BIP113: the median time past of the parent counts, not the block's own time.
    expect(locked(tip.time)).toBe('bad-txns-nonfinal');
    // Input 0 spends a coin of block 1, which is 110 blocks deep at height 111.
    expect(locked(0, 110)).toBeUndefined();
    expect(locked(0, 111)).toBe('bad-txns-nonfinal');
  });

  it('of coinbase maturity: a depth of 100', () => {
    const spending = (height: number) =>
      holding(spend({ inputs: [outpoint(coinbaseAt(height))], outputs: [out(coinbaseAt(height).outputs[0]!.value)] }));
    expect(spending(11)).toBeUndefined();
    expect(spending(12)).toBe('bad-txns-premature-spend-of-coinbase');
  });

  it('of the witness commitment: it may be longer, and the last one counts', () => {
    const plain = coinbase(tip.height + 1);
    const [reward, commitment] = plain.outputs;
    const header = { prevHash: tip.hash, time: tip.time + 1, bits: tip.bits, version: 4 };
    const { version, inputs, lockTime } = plain;
    const withOutputs = (...outputs: TxOut[]) =>
      rejectReason(sealBlock([new Transaction({ version, inputs, lockTime, outputs })], header));
    const changed = (at: number, length = 38) => {
      const scriptPubKey = new Uint8Array(length);
      scriptPubKey.set(commitment!.scriptPubKey.subarray(0, length));
      if (at >= 0) scriptPubKey[at]! ^= 1;
      return { value: 0n, scriptPubKey };
    };
    expect(withOutputs(reward!, changed(-1, 60))).toBeUndefined();
    expect(withOutputs(reward!, changed(37), commitment!)).toBeUndefined();
    expect(withOutputs(reward!, commitment!, changed(37))).toBe('bad-witness-merkle-match');
    expect(withOutputs(commitment!)).toBeUndefined();
    // An output that is too short or has another prefix is not a commitment, so the coinbase's witness is unexpected.
    expect(withOutputs(reward!, changed(-1, 37))).toBe('unexpected-witness');
    for (let at = 0; at < 6; at++) expect(withOutputs(reward!, changed(at))).toBe('unexpected-witness');
    expect(withOutputs(reward!, commitment!, changed(5))).toBeUndefined();
  });

  it('before mining: proof of work and merkle root can be skipped', () => {
    const { header, transactions } = mineBlock(tip);
    let nonce = 0;
    let bad = header;
    do bad = new BlockHeader({ ...header, merkleRoot: new Uint8Array(32), nonce: nonce++ });
    while (checkHeader(bad, regtest) === undefined);
    const block = new Block(bad, transactions);
    expect(checkHeader(bad, regtest)).toMatchObject({ kind: 'invalid-header', reason: 'high-hash' });
    expect(checkBlock(block, regtest)).toMatchObject({ kind: 'invalid-header', reason: 'high-hash' });
    expect(checkBlock(block, regtest, { merkleRoot: false })?.reason).toBe('high-hash');
    expect(checkBlock(block, regtest, { proofOfWork: false })?.reason).toBe('bad-txnmrklroot');
    expect(checkBlock(block, regtest, { proofOfWork: false, merkleRoot: false })).toBeUndefined();
  });
});

describe('Rules that apply from a height on', () => {
  const main = chainParams('main');
  const header = mineBlock(tip).header;

  /**
   * Returns a parent at this height, one minute older than `header`, with a median time past half an hour before it.
   */
  function parent(height: number, bits: number): HeaderContext {
    const { time } = header;
    const first: HeaderContext = {
      ...{ hash: header.prevHash, height: height - 2015, time: time - 2016 * 600, bits, version: 4, prev: undefined },
      ancestor: () => undefined,
      medianTimePast: () => time - 2017 * 600,
    };
    return { ...first, height, time: time - 60, ancestor: () => first, medianTimePast: () => time - 1800 };
  }
  const reason = (fields: Partial<BlockHeader>, prev: HeaderContext, params: ChainParams) => {
    const changed = new BlockHeader({ ...header, bits: prev.bits, ...fields });
    const failed = checkHeaderContext(changed, prev, params, header.time);
    if (failed) expect(failed.kind).toBe('invalid-header');
    return failed?.reason;
  };

  it('reject outdated block versions (BIP34, BIP66, BIP65)', () => {
    const at = (height: number, version: number) => reason({ version }, parent(height - 1, 0x18000001), main);
    expect(at(227_930, 1)).toBeUndefined();
    expect(at(227_931, 1)).toBe('bad-version(0x00000001)');
    expect(at(227_931, 2)).toBeUndefined();
    expect(at(363_724, 2)).toBeUndefined();
    expect(at(363_725, 2)).toBe('bad-version(0x00000002)');
    expect(at(363_725, 3)).toBeUndefined();
    expect(at(388_380, 3)).toBeUndefined();
    expect(at(388_381, 3)).toBe('bad-version(0x00000003)');
    expect(at(388_381, 4)).toBeUndefined();
    expect(at(388_381, -1)).toBe('bad-version(0xffffffff)');
  });

  it('reject a future time before an outdated version, since the time is checked again later', () => {
    const future = new BlockHeader({ ...header, version: 1, bits: 0x18000001 });
    const check = (nowSeconds: number) =>
      checkHeaderContext(future, parent(227_930, 0x18000001), main, nowSeconds)?.reason;
    expect(check(header.time - 7200)).toBe('bad-version(0x00000001)');
    expect(check(header.time - 7201)).toBe('time-too-new');
  });

  it('reject time warps on testnet4 only (BIP94)', () => {
    const testnet4 = chainParams('testnet4');
    const bits = 0x1d00ffff;
    const late = (seconds: number, height: number, params: ChainParams) => {
      const prev = { ...parent(height - 1, bits), time: header.time + seconds };
      return reason({}, prev, params);
    };
    expect(late(600, 2016, testnet4)).toBeUndefined();
    expect(late(601, 2016, testnet4)).toBe('time-timewarp-attack');
    expect(late(601, 2017, testnet4)).toBeUndefined();
    expect(late(601, 2016, chainParams('test'))).toBeUndefined();
  });

  it('require coinbase heights (BIP34), use median time past for locks (BIP113), and allow witnesses (BIP141)', () => {
    const reasonAt = (height: number, ...list: Transaction[]) =>
      checkBlockContext(new Block(header, list), parent(height - 1, 0), main)?.reason;
    const bare = coinbase(300_000, { noCommitment: true });
    expect(reasonAt(227_930, bare)).toBeUndefined();
    expect(reasonAt(227_931, bare)).toBe('bad-cb-height');
    expect(reasonAt(300_000, bare)).toBeUndefined();

    const locked = spend({
      inputs: [outpoint(mature[0]!)],
      outputs: [{ value: 1n, scriptPubKey: OP_TRUE }],
      sequence: 0,
      lockTime: header.time - 1,
    });
    expect(reasonAt(419_327, coinbase(419_327, { noCommitment: true }), locked)).toBeUndefined();
    expect(reasonAt(419_328, coinbase(419_328, { noCommitment: true }), locked)).toBe('bad-txns-nonfinal');

    // Before segwit a commitment has no meaning, and witnesses are not allowed.
    expect(reasonAt(481_823, coinbase(481_823))).toBe('unexpected-witness');
    expect(reasonAt(481_824, coinbase(481_824))).toBeUndefined();
  });
});

describe('checkTxInputs', () => {
  const million = 1_000_000_00000000n;
  const heightOfSpend = 500;
  const tx = (...values: bigint[]) =>
    spend({
      inputs: mature.slice(0, 2).map((each) => outpoint(each)),
      outputs: values.map((each) => ({ value: each, scriptPubKey: OP_TRUE })),
    });
  const check = (spending: Transaction, ...values: bigint[]) => {
    let i = 0;
    const view: CoinView = {
      getCoin: () => {
        const output = { value: values[i++]!, scriptPubKey: OP_TRUE };
        return { output, height: 1, isCoinbase: false };
      },
    };
    return checkTxInputs(spending, view, heightOfSpend, regtest);
  };

  it('returns the fee and the spent coins', () => {
    const result = check(tx(7n, 5n), 10n, 5n);
    expect(result).toMatchObject({ fee: 3n, coins: [{ output: { value: 10n } }, { output: { value: 5n } }] });
    expect(result.reject).toBeUndefined();
    expect(check(tx(15n), 10n, 5n)).toMatchObject({ fee: 0n });
    expect(check(tx(0n), 21n * million, 0n)).toMatchObject({ fee: 21n * million });
  });

  it('rejects outputs above inputs, and input values out of range', () => {
    expect(check(tx(16n), 10n, 5n)).toMatchObject({
      reject: { kind: 'consensus', reason: 'bad-txns-in-belowout' },
    });
    const outOfRange = { reject: { kind: 'consensus', reason: 'bad-txns-inputvalues-outofrange' } };
    expect(check(tx(1n), 21n * million, 1n)).toMatchObject(outOfRange);
    expect(check(tx(1n), 21n * million + 1n, 0n)).toMatchObject(outOfRange);
    expect(check(tx(1n), 5n, -1n)).toMatchObject(outOfRange);
  });

  it('rejects missing inputs and immature coinbases', () => {
    const missing = { reject: { kind: 'missing-inputs', reason: 'bad-txns-inputs-missingorspent' } };
    expect(checkTxInputs(tx(1n), { getCoin: () => undefined }, 500, regtest)).toMatchObject(missing);
    const young = (depth: number) => {
      const coin = { output: { value: 1n, scriptPubKey: OP_TRUE }, height: 500 - depth, isCoinbase: true };
      return checkTxInputs(tx(1n), { getCoin: () => coin }, 500, regtest);
    };
    expect(young(99)).toMatchObject({
      reject: { kind: 'premature-spend', reason: 'bad-txns-premature-spend-of-coinbase' },
    });
    expect(young(100)).toMatchObject({ fee: 1n });
  });
});
