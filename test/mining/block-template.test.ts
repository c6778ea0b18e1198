import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/bytes/hex.ts';
import { committedWitnessHash, witnessCommitmentOutputIndex } from '../../src/consensus/witness-commitment.ts';
import { createBlockTemplate } from '../../src/mining/block-template.ts';
import { createCoinbase } from '../../src/mining/coinbase.ts';
import { unixSeconds } from '../../src/platform/clock.ts';
import { COIN } from '../../src/primitives/amount.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { MINUTES, ownScript, pay, RegtestChain, utxo } from '../support/regtest-chain.ts';

describe('createCoinbase', () => {
  const make = (height: number, extraNonce = 0) =>
    createCoinbase({ height, extraNonce, scriptPubKey: ownScript, value: 5n, committed: [] });

  // The heights as bitcoind encodes them on regtest, followed by OP_0.
  it.each([
    [1, '5100'],
    [16, '6000'],
    [17, '011100'],
    [127, '017f00'],
    [128, '02800000'],
    [500, '02f40100'],
    [840_000, '0340d10c00'],
  ])('begins with the height %i', (height, scriptSig) => {
    expect(toHex(make(height).inputs[0]!.scriptSig)).toBe(scriptSig);
  });

  it('contains the extra nonce, and has the previous height as its lock time', () => {
    expect(toHex(make(1, 1).inputs[0]!.scriptSig)).toBe('5151');
    expect(toHex(make(1, 300).inputs[0]!.scriptSig)).toBe('51022c01');
    expect(make(200)).toMatchObject({ version: 2, lockTime: 199, isCoinbase: true });
    expect(make(200).inputs[0]!.sequence).toBe(0xffff_fffe);
  });

  it('commits only to its own witness in an empty block', () => {
    const coinbase = make(1);
    // The commitment of every empty block of Core.
    expect(toHex(coinbase.outputs[1]!.scriptPubKey)).toBe(
      '6a24aa21a9ede2f61c3f71d1defd3fa999dfa36953755c690689799962b48bebd836974e8cf9',
    );
    expect(coinbase.inputs[0]!.witness).toEqual([new Uint8Array(32)]);
    const old = createCoinbase({ height: 1, extraNonce: 0, scriptPubKey: ownScript, value: 5n, committed: undefined });
    expect(old.outputs).toHaveLength(1);
    expect(old.hasWitness).toBe(false);
  });
});

describe('createBlockTemplate', () => {
  it('creates a valid block from the mempool', async () => {
    const chain = await RegtestChain.create({ blocks: 20, coinbaseMaturity: 3 });
    const { mempool, clock } = chain;
    const first = pay([chain.coinbase(1)], 1000n, 2);
    const second = pay([utxo(first, 0)], 9000n);
    mempool.accept(first);
    mempool.accept(second);
    const template = createBlockTemplate(chain.chain, mempool, ownScript, { clock });
    const { block } = template;
    expect(block.transactions.slice(1)).toEqual([first, second]);
    expect(template).toMatchObject({ height: 21, fees: [1000n, 9000n], coinbaseValue: 50n * COIN + 10_000n });
    expect(template.sigOpCosts).toEqual([0, 0]);
    expect(template.target).toBe(0x7fffffn << 232n);
    expect(block.transactions[0]!.outputs[0]).toEqual({ value: template.coinbaseValue, scriptPubKey: ownScript });
    expect(block.header).toMatchObject({ version: 0x2000_0000, bits: 0x207fffff, nonce: 0 });
    expect(chain.chain.checkBlockTemplate(block)).toBeUndefined();

    // The commitment differs from that of an empty block.
    const coinbase = block.transactions[0]!;
    const committed = committedWitnessHash(coinbase.outputs[witnessCommitmentOutputIndex(coinbase)]!.scriptPubKey);
    expect(toHex(committed)).not.toBe('e2f61c3f71d1defd3fa999dfa36953755c690689799962b48bebd836974e8cf9');
  });

  it('uses exactly the given transactions', async () => {
    const chain = await RegtestChain.create({ blocks: 20, coinbaseMaturity: 3 });
    const given = pay([chain.coinbase(1)], 1000n);
    chain.mempool.accept(pay([chain.coinbase(2)], 1000n));
    const options = { clock: chain.clock, transactions: [given] };
    const template = createBlockTemplate(chain.chain, chain.mempool, ownScript, options);
    expect(template.block.transactions.slice(1)).toEqual([given]);
    expect(template).toMatchObject({ coinbaseValue: 50n * COIN, fees: [0n] });
    expect(chain.chain.checkBlockTemplate(template.block)).toBeUndefined();
    const invalid = { ...options, transactions: [given, given] };
    const rejected = createBlockTemplate(chain.chain, chain.mempool, ownScript, invalid).block;
    expect(chain.chain.checkBlockTemplate(rejected)?.reason).toBe('bad-txns-inputs-missingorspent');
  });

  it('stays within the given weight', async () => {
    const chain = await RegtestChain.create({ blocks: 20, coinbaseMaturity: 3 });
    for (let height = 1; height <= 10; height++) chain.mempool.accept(pay([chain.coinbase(height)], 10_000n, 50));
    const all = createBlockTemplate(chain.chain, chain.mempool, ownScript, { clock: chain.clock });
    const maxWeight = 50_000;
    const { block, fees } = createBlockTemplate(chain.chain, chain.mempool, ownScript, {
      clock: chain.clock,
      maxWeight,
    });
    expect(all.fees).toHaveLength(10);
    expect(fees.length).toBeGreaterThan(2);
    expect(fees.length).toBeLessThan(10);
    expect(block.weight).toBeLessThan(maxWeight);
  });

  it('has a time after the median time past, or the later time of the clock', async () => {
    const chain = await RegtestChain.create({ blocks: 20 });
    const { tip } = chain.chain;
    const header = (clock: VirtualClock) =>
      createBlockTemplate(chain.chain, undefined, ownScript, { clock }).block.header;
    expect(header(chain.clock).time).toBe(unixSeconds(chain.clock));
    // Blocks are one minute apart, so the median is five minutes before the tip.
    expect(header(new VirtualClock(0)).time).toBe(tip.time - 300 + 1);
  });

  it('limits the time warp at the start of a difficulty period (BIP94)', async () => {
    const chain = await RegtestChain.create({ blocks: 142 });
    chain.clock.advance(100 * MINUTES);
    await chain.mine();
    const { tip } = chain.chain;
    expect(tip.height + 1).toBe(144);
    const template = createBlockTemplate(chain.chain, undefined, ownScript, { clock: new VirtualClock(0) });
    expect(template.minTime).toBe(tip.time - 600);
    expect(template.block.header.time).toBe(tip.time - 600);
    await chain.mine();
    const next = createBlockTemplate(chain.chain, undefined, ownScript, { clock: new VirtualClock(0) });
    expect(next.minTime).toBe(chain.chain.tip.medianTimePast() + 1);
    expect(next.minTime).toBeLessThan(tip.time - 600);
  });

  it('halves the subsidy', async () => {
    const chain = await RegtestChain.create({ blocks: 149 });
    const value = () => createBlockTemplate(chain.chain, undefined, ownScript, { clock: chain.clock }).coinbaseValue;
    expect(value()).toBe(25n * COIN);
    await chain.mine(1);
    expect(value()).toBe(25n * COIN);
  });
});
