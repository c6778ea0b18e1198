import { describe, expect, it } from 'vitest';
import { COIN } from '../../src/primitives/amount.ts';
import type { Transaction, TxOut } from '../../src/primitives/transaction.ts';
import { compileScript } from '../../src/script/script.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import { findSelection, type SelectionTarget } from '../../src/wallet/coin-selection.ts';
import { ownScript, RegtestChain, spend } from '../support/regtest-chain.ts';
import { script, WalletFixture } from './support/wallet-fixture.ts';

/** A wallet with confirmed coins of these values. */
async function walletWith(...values: readonly bigint[]) {
  const regtest = await RegtestChain.create({ blocks: 2, coinbaseMaturity: 1 });
  const fixture = await WalletFixture.create(undefined, regtest);
  const wallet = await fixture.file.createWallet('w');
  const to = script(await wallet.newAddress());
  const source = regtest.coinbase(1);
  const outputs: TxOut[] = values.map((value) => ({ scriptPubKey: to, value }));
  await regtest.mine(1, { transactions: [spend([source], outputs)] });
  return { fixture, wallet, regtest };
}

describe('a payment', () => {
  it('uses no coin at the limits of ancestors and descendants: two coins make 50 payments of 60', async () => {
    const { fixture, wallet, regtest } = await walletWith(20n * COIN, 20n * COIN);
    const outcomes: string[] = [];
    for (let i = 0; i < 60; i++) {
      outcomes.push(
        await fixture.send(wallet, ownScript, COIN / 10n).then(
          () => 'sent',
          ({ code }) => code,
        ),
      );
    }
    expect(outcomes).toEqual([...Array(50).fill('sent'), ...Array(10).fill('too-long-chain')]);
    expect(regtest.mempool.size).toBe(50);
    await regtest.mine();
    await fixture.send(wallet, ownScript, COIN / 10n);
  });

  it('spends coins of several unconfirmed transactions only as far as the limits allow', async () => {
    const { fixture, wallet, regtest } = await walletWith(...Array<bigint>(12).fill(4n * COIN));
    for (let i = 0; i < 36; i++) await fixture.send(wallet, ownScript, COIN / 10n);
    // More than any coin is worth, until they are too long together.
    const outcomes: string[] = [];
    for (let i = 0; i < 8; i++) {
      outcomes.push(
        await fixture.send(wallet, ownScript, 5n * COIN).then(
          () => 'sent',
          ({ code }) => code,
        ),
      );
    }
    expect(outcomes).not.toContain('refused');
    expect(outcomes[0]).toBe('sent');
    expect(regtest.mempool.size).toBe(36 + outcomes.filter((outcome) => outcome === 'sent').length);
  });

  it('pays at most 0.1 BTC as fee', async () => {
    const { fixture, wallet, regtest } = await walletWith(40n * COIN);
    const wrong = fixture.send(wallet, ownScript, COIN, { feeRate: 100_000 });
    await expect(wrong).rejects.toMatchObject({ code: 'max-fee', message: /^Fee exceeds maximum configured by user/ });
    const subtracted = fixture.send(wallet, ownScript, COIN, { feeRate: 100_000, subtractFee: true });
    await expect(subtracted).rejects.toMatchObject({ code: 'max-fee' });
    expect(regtest.mempool.size).toBe(0);
    const { fee } = await fixture.send(wallet, ownScript, COIN, { feeRate: 60_000 });
    expect(fee).toBeLessThanOrEqual(COIN / 10n);
  });

  it('with more inputs than fit is refused before any is signed, and says why', async () => {
    const { fixture, wallet } = await walletWith(...Array<bigint>(1600).fill(100_000n));
    const before = wallet.addresses().length;
    await expect(fixture.send(wallet, ownScript, 150_000_000n)).rejects.toMatchObject({ code: 'too-many-inputs' });
    expect(wallet.addresses()).toHaveLength(before);
    await fixture.send(wallet, ownScript, 140_000_000n);
  });
});

describe('coin selection', () => {
  const target: SelectionTarget = {
    ...{ amount: 0n, outputWeight: 124, outputCount: 1, changeWeight: 124, minimumChange: 294n, feeRate: 1000n },
    subtractFee: false,
  };

  it('leaves out the smallest coins when not all fit, for random coins', () => {
    const random = new SeededRandom(3);
    for (let round = 0; round < 40; round++) {
      const count = 20 + (random.uint32() % 60);
      const coins = Array.from({ length: count }, () => {
        return { value: BigInt(1000 + (random.uint32() % 100_000)), type: 'bech32' as const };
      });
      const maxWeight = 1000 + 272 * (5 + (random.uint32() % 15));
      // What the largest coins that fit are worth, by the definition.
      const fits = Math.floor((maxWeight - 42 - 124) / 272);
      const largest = coins
        .map(({ value }) => value)
        .sort((a, b) => Number(b - a))
        .slice(0, fits);
      const most =
        largest.reduce((sum, value) => sum + value, 0n) - BigInt(Math.ceil((42 + 124 + 272 * largest.length) / 4));
      const wanted = { ...target, maxWeight };
      const found = findSelection(coins, { ...wanted, amount: most }, random);
      expect(typeof found).toBe('object');
      if (typeof found === 'string') continue;
      expect(42 + 124 + 272 * found.coins.length).toBeLessThanOrEqual(maxWeight);
      expect(found.coins.reduce((sum, { value }) => sum + value, 0n)).toBe(most + found.fee + found.change);
      const total = coins.reduce((sum, { value }) => sum + value, 0n);
      const tooMuch = findSelection(coins, { ...wanted, amount: most + 1n }, random);
      expect(tooMuch).toBe(total - BigInt(68 * count) - 42n > most + 1n && count > fits ? 'too-heavy' : 'not-enough');
    }
  });

  it('draws each coin at most once, and looks at no coin twice', () => {
    let draws = 0;
    const seeded = new SeededRandom(4);
    const counting = Object.assign(Object.create(seeded) as SeededRandom, {
      uint32: () => {
        draws++;
        return seeded.uint32();
      },
      bytes: (length: number) => {
        draws++;
        return seeded.bytes(length);
      },
    });
    const coins = Array.from({ length: 3000 }, () => ({ value: 100_000n, type: 'bech32' as const }));
    expect(findSelection(coins, { ...target, amount: 160_000_000n }, counting)).toBe('too-heavy');
    expect(draws).toBeLessThan(3100);
    expect(findSelection(coins, { ...target, amount: 300_000_000n }, counting)).toBe('not-enough');
    expect(draws).toBeLessThan(3100);
  });
});

it('signs and selects in slices: other work gets its turn', async () => {
  const { fixture, wallet, regtest } = await walletWith(...Array<bigint>(300).fill(100_000n));
  // Each reading of the clock takes a millisecond, so that a slice lasts for a few steps.
  let reading = 0;
  regtest.clock.monotonic = () => reading++;
  let turns = 0;
  let isDone = false;
  const count = () => {
    turns++;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  const { tx } = await fixture.send(wallet, compileScript(0, new Uint8Array(20)), 25_500_000n);
  isDone = true;
  const inputs = (tx as Transaction).inputs.length;
  expect(inputs).toBeGreaterThan(252);
  // Coins are collected, sorted, prepared and signed: each step is checked.
  expect(turns).toBeGreaterThan(inputs / 4);
});
