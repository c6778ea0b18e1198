import { describe, expect, it } from 'vitest';
import { atOnce } from '../../src/platform/slices.ts';
import { COIN, MAX_MONEY } from '../../src/primitives/amount.ts';
import type { TxOut } from '../../src/primitives/transaction.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';
import type { WalletError } from '../../src/wallet/errors.ts';
import { KeyPool } from '../../src/wallet/key-pool.ts';
import { KeyTree } from '../../src/wallet/keys.ts';
import {
  buildingSteps,
  checkPayment,
  choosingSteps,
  type Funds,
  type PaymentOptions,
} from '../../src/wallet/payment.ts';
import type { SpendableCoin } from '../../src/wallet/spend/chain-limits.ts';
import { noChainLimits } from '../../src/wallet/spend/chain-limits.ts';
import { ownScript } from '../support/regtest-chain.ts';
import { coinOf } from './support/coins.ts';

const tree = await KeyTree.fromMnemonic(`${'abandon '.repeat(11)}about`, 1);

/** A P2WPKH output of 31 bytes. */
const pay = (value: bigint): TxOut => ({ value, scriptPubKey: Uint8Array.of(0, 20, ...new Uint8Array(20)) });
const change = pay(0n);
/** Virtual bytes of a transaction with one P2WPKH input and one P2WPKH output. */
const ONE_TO_ONE = 110n;

function fundsOf(spendable: readonly SpendableCoin[], more: Partial<Funds> = {}): Funds {
  return { spendable, immature: 0n, maturesAt: Number.POSITIVE_INFINITY, pending: 0n, chains: noChainLimits, ...more };
}

function choose(amount: bigint, funds: Funds, options: PaymentOptions = {}) {
  return atOnce(choosingSteps([pay(amount)], change, funds, options, new SeededRandom(1)));
}

/** Returns the error with which the choice fails. */
function failure(amount: bigint, funds: Funds, options: PaymentOptions = {}): WalletError {
  try {
    choose(amount, funds, options);
  } catch (error) {
    return error as WalletError;
  }
  throw new Error('coins were chosen');
}

const codeOf = (run: () => unknown) => {
  try {
    run();
    return undefined;
  } catch (error) {
    return (error as WalletError).code;
  }
};

describe('the check of a payment', () => {
  it('limits the sum of the amounts to all money', () => {
    const check = (...values: bigint[]) => codeOf(() => checkPayment(values.map(pay), {}));
    expect(check(MAX_MONEY)).toBeUndefined();
    expect(check(MAX_MONEY - 1000n, 1000n)).toBeUndefined();
    expect(check(MAX_MONEY - 1000n, 1001n)).toBe('bad-amount');
    expect(check(1000n, 0n)).toBe('bad-amount');
  });

  it('rejects dust: less than 294 satoshis for P2WPKH, 330 for P2WSH', () => {
    const check = (output: TxOut) => codeOf(() => checkPayment([output], {}));
    expect([check(pay(293n)), check(pay(294n))]).toEqual(['dust', undefined]);
    const script = (value: bigint) => ({ value, scriptPubKey: ownScript });
    expect([check(script(329n)), check(script(330n))]).toEqual(['dust', undefined]);
  });

  it('allows fee rates above 0 and up to 100,000 sat/vB', () => {
    const check = (feeRate: number) => codeOf(() => checkPayment([pay(1000n)], { feeRate }));
    expect([check(0), check(0.001), check(100_000), check(100_000.001)]).toEqual([
      'bad-fee-rate',
      undefined,
      undefined,
      'bad-fee-rate',
    ]);
  });
});

describe('the choice of coins', () => {
  it('leaves unconfirmed coins alone while the confirmed ones are enough', () => {
    const confirmed = coinOf(COIN);
    const unconfirmed = coinOf(COIN, { isConfirmed: false });
    for (let i = 0; i < 10; i++) {
      expect(choose(COIN / 2n, fundsOf([unconfirmed, confirmed])).coins).toEqual([confirmed]);
    }
  });

  it('takes unconfirmed coins with few ancestors and descendants before others: 2, 4, 12, then any', () => {
    const sizes = [1000, 13, 12, 5, 4, 3, 2, 1];
    const coins = sizes.map((size) => ({ ...coinOf(COIN, { isConfirmed: false }), size }));
    const sizeOf = new Map(coins.map((coin) => [coin.outpoint, coin.size]));
    const chains = {
      spendableTogether: (unconfirmed: readonly SpendableCoin[], limit: number) =>
        unconfirmed.filter(({ outpoint }) => sizeOf.get(outpoint)! <= limit),
    };
    const confirmed = coinOf(COIN);
    /** Returns the sizes of the unconfirmed coins in a payment that needs so many beside the confirmed one. */
    const taken = (count: number) =>
      choose((COIN * (2n * BigInt(count) + 1n)) / 2n, fundsOf([...coins, confirmed], { chains }))
        .coins.flatMap(({ outpoint }) => sizeOf.get(outpoint) ?? [])
        .sort((a, b) => a - b);
    expect(taken(0)).toEqual([]);
    expect(taken(2)).toEqual([1, 2]);
    expect(taken(4)).toEqual([1, 2, 3, 4]);
    expect(taken(6)).toEqual([1, 2, 3, 4, 5, 12]);
    expect(taken(8)).toEqual([1, 2, 3, 4, 5, 12, 13, 1000]);
  });

  it('fails with too-long-chain only if coins that cannot be spent together would be enough', () => {
    const chains = { spendableTogether: () => [] };
    const coins = [coinOf(COIN), coinOf(COIN, { isConfirmed: false })];
    expect(failure((COIN * 3n) / 2n, fundsOf(coins, { chains })).code).toBe('too-long-chain');
    expect(failure(COIN * 2n, fundsOf(coins, { chains })).code).toBe('insufficient-funds');
  });

  it('fails with too-many-inputs if the coins that can be spent are enough, but do not fit', () => {
    const many = Array.from({ length: 1600 }, () => coinOf(100_000n));
    const large = coinOf(10n * COIN, { isConfirmed: false });
    const chains = { spendableTogether: () => [] };
    expect(failure(150_000_000n, fundsOf(many)).code).toBe('too-many-inputs');
    expect(failure(150_000_000n, fundsOf([...many, large], { chains })).code).toBe('too-many-inputs');
    expect(failure(170_000_000n, fundsOf(many)).code).toBe('insufficient-funds');
    // Coins with many ancestors may leave no room for others.
    const pending = many.map(({ value }) => coinOf(value, { isConfirmed: false }));
    const some = {
      spendableTogether: (coins: readonly SpendableCoin[], limit: number) => (limit === 2 ? coins : coins.slice(0, 9)),
    };
    expect(failure(150_000_000n, fundsOf(pending, { chains: some })).code).toBe('too-many-inputs');
  });

  it('names immature rewards as the reason if the payment is possible with them, and when they mature', () => {
    const coins = [coinOf(COIN), coinOf(COIN)];
    const funds = fundsOf(coins, { immature: 3n * COIN, maturesAt: 123 });
    const error = failure(5n * COIN, funds);
    expect([error.code, error.hint]).toEqual(['immature-coins', 'The first reward can be spent in block 123.']);
    expect(failure(5n * COIN + 1n, funds).code).toBe('insufficient-funds');
    expect(failure(2n * COIN, fundsOf(coins)).code).toBe('insufficient-funds');
  });

  it('says what is missing', () => {
    const coins = [coinOf(COIN), coinOf(COIN, { isConfirmed: false })];
    const missing = '3.00000000 BTC plus the fee exceeds the spendable 2.00000000 BTC';
    expect(failure(3n * COIN, fundsOf(coins)).message).toBe(`Insufficient funds: ${missing}`);
    expect(failure(3n * COIN, fundsOf(coins, { immature: COIN })).message).toBe(
      `${missing}: 1.00000000 BTC of block rewards are immature`,
    );
  });

  it('mentions unconfirmed payments from others if the funds are not enough', () => {
    expect(failure(COIN, fundsOf([], { pending: COIN })).hint).toBe('1.00000000 BTC from others is unconfirmed.');
    expect(failure(COIN, fundsOf([])).hint).toBeUndefined();
  });

  it('pays exactly the fee rate, to a thousandth of a satoshi', () => {
    const fee = (feeRate?: number) =>
      choose(COIN / 2n, fundsOf([coinOf(COIN)]), feeRate === undefined ? {} : { feeRate }).fee;
    // 31 more bytes for the change.
    const size = ONE_TO_ONE + 31n;
    expect(fee()).toBe(size);
    expect(fee(1)).toBe(size);
    expect(fee(2.5)).toBe((size * 5n + 1n) / 2n);
    expect(fee(1.0014)).toBe((size * 1001n + 999n) / 1000n);
    expect(fee(1.0016)).toBe((size * 1002n + 999n) / 1000n);
  });

  it('gives change from the dust threshold on, and adds less to the fee', () => {
    const size = ONE_TO_ONE + 31n;
    const coin = () => fundsOf([coinOf(COIN)]);
    expect(choose(COIN - size - 294n, coin())).toMatchObject({ change: 294n, fee: size });
    expect(choose(COIN - size - 293n, coin())).toMatchObject({ change: 0n, fee: size + 293n });
  });

  it('pays a fee of at most 0.1 BTC, and not a satoshi more', () => {
    const feeRate = 80_000;
    const coin = coinOf(COIN + COIN / 10n);
    expect(choose(COIN, fundsOf([coin]), { feeRate })).toMatchObject({ change: 0n, fee: COIN / 10n });
    expect(failure(COIN - 1n, fundsOf([coin]), { feeRate }).code).toBe('max-fee');
  });
});

describe('the transaction of a payment', () => {
  function build(outputs: readonly TxOut[], selection: { fee: bigint; change: bigint }, subtractFee = false, seed = 1) {
    const pool = new KeyPool(1, tree, { keys: [], next: [] });
    pool.open('bech32');
    const { key } = pool.take({ type: 'bech32', change: false });
    const coin = { ...coinOf(COIN), key };
    const output = { value: COIN, scriptPubKey: key.output.scriptPubKey };
    const chosen = { ...selection, coins: [{ ...coin, output }] };
    return atOnce(buildingSteps(outputs, change, chosen, pool, { subtractFee }, new SeededRandom(seed)));
  }

  it('has the change at any position, and says at which', () => {
    const positions = new Set<number>();
    for (let seed = 1; seed <= 20; seed++) {
      const { tx, changeIndex } = build([pay(1000n), pay(2000n)], { fee: 500n, change: 7000n }, false, seed);
      positions.add(changeIndex!);
      expect(tx.outputs[changeIndex!]).toEqual({ ...change, value: 7000n });
      expect(tx.outputs.toSpliced(changeIndex!, 1)).toEqual([pay(1000n), pay(2000n)]);
    }
    expect([...positions].sort()).toEqual([0, 1, 2]);
  });

  it('without change has the outputs alone', () => {
    const payment = build([pay(1000n), pay(2000n)], { fee: 500n, change: 0n });
    expect(payment.tx.outputs).toEqual([pay(1000n), pay(2000n)]);
    expect(payment.fee).toBe(500n);
    expect(payment).not.toHaveProperty('changeIndex');
  });

  it('subtracts the fee in equal parts, and the remainder from the first output', () => {
    const outputs = [1000n, 2000n, 3000n].map(pay);
    const { tx } = build(outputs, { fee: 302n, change: 0n }, true);
    expect(tx.outputs.map(({ value }) => value)).toEqual([898n, 1900n, 2900n]);
  });

  it('is refused if an output is dust once the fee is subtracted', () => {
    const least = (value: bigint) => codeOf(() => build([pay(5000n), pay(value)], { fee: 200n, change: 0n }, true));
    expect([least(394n), least(393n)]).toEqual([undefined, 'dust']);
  });
});
