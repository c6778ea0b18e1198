import { PierError } from '../../platform/errors.ts';
import { formatAmount, parseAmount } from '../../primitives/amount.ts';

/** Bitcoins as a decimal string such as `'1.5'`, or satoshis as a bigint. A float would not be exact. */
export type Amount = string | bigint;

/** Returns an amount in satoshis. Throws `PierError` 'bad-amount', which calls the amount `what`. */
export function toSatoshis(amount: Amount, what = 'amount'): bigint {
  const satoshis = typeof amount === 'string' ? parseAmount(amount) : amount;
  if (typeof satoshis === 'bigint' && satoshis >= 0n) return satoshis;
  const given = typeof amount === 'string' ? `'${amount}'` : `${String(amount)} (${typeof amount})`;
  throw new PierError('bad-amount', `the ${what} ${given} is not an amount of bitcoins`, {
    hint: "Give bitcoins as a decimal string, such as '1.5', or satoshis as a bigint, such as 150_000_000n.",
  });
}

/** Returns satoshis as bitcoins with eight decimals, as RPC methods take them. */
export const toBitcoins = formatAmount;
