/** Satoshis in one bitcoin. */
export const COIN = 100_000_000n;

/** Satoshis an output, or a sum of outputs, may have: 21 million bitcoins (Core: MAX_MONEY). */
export const MAX_MONEY = 21_000_000n * COIN;

/** Returns whether `value` satoshis are from 0 to MAX_MONEY (Core: MoneyRange). */
export function moneyRange(value: bigint): boolean {
  return value >= 0n && value <= MAX_MONEY;
}

/** Formats satoshis as bitcoins with eight decimals: "1.50000000" (Core: ValueFromAmount). */
export function formatAmount(satoshis: bigint): string {
  const sign = satoshis < 0n ? '-' : '';
  const magnitude = satoshis < 0n ? -satoshis : satoshis;
  return `${sign}${magnitude / COIN}.${(magnitude % COIN).toString().padStart(8, '0')}`;
}

/** Formats satoshis as bitcoins with two to eight decimals: "0.0000188", "1.50" (Core: FormatMoney). */
export function formatMoney(satoshis: bigint): string {
  return formatAmount(satoshis).replace(/0{1,6}$/, '');
}

/**
 * Parses bitcoins as a plain decimal with at most eight places ("1.5", ".5", not "1e-3"); returns satoshis. Returns
 * undefined for any other text, and for amounts beyond MAX_MONEY. Accepts zero and negative amounts.
 *
 * @example
 * ```ts
 * import { formatAmount, parseAmount } from 'pier/primitives';
 *
 * console.log(parseAmount('1.5')); // 150000000
 * console.log(parseAmount('0.000000001')); // undefined
 * console.log(formatAmount(150_000_000n)); // 1.50000000
 * ```
 */
export function parseAmount(text: string): bigint | undefined {
  const match = /^(-?)(\d{1,8})?(?:\.(\d{1,8}))?$/.exec(text);
  if (!match || (match[2] === undefined && match[3] === undefined)) return undefined;
  const magnitude = BigInt(match[2] ?? '0') * COIN + BigInt((match[3] ?? '').padEnd(8, '0'));
  if (magnitude > MAX_MONEY) return undefined;
  return match[1] ? -magnitude : magnitude;
}
