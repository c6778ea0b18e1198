/** Satoshis in one bitcoin. */
export const COIN = 100_000_000n;

/** No output, and no sum of outputs, may exceed this many satoshis (Core: MAX_MONEY). */
export const MAX_MONEY = 21_000_000n * COIN;

/** Whether `value` satoshis lie between zero and MAX_MONEY (Core: MoneyRange). */
export function moneyRange(value: bigint): boolean {
  return value >= 0n && value <= MAX_MONEY;
}

/** Satoshis as bitcoins with eight decimals, as Core's RPC prints them: 150000000n is "1.50000000". */
export function formatAmount(satoshis: bigint): string {
  const sign = satoshis < 0n ? '-' : '';
  const magnitude = satoshis < 0n ? -satoshis : satoshis;
  return `${sign}${magnitude / COIN}.${(magnitude % COIN).toString().padStart(8, '0')}`;
}

/** Satoshis as bitcoins with two to eight decimals, as Core prints them in messages (FormatMoney): "0.0000188", "1.50". */
export function formatMoney(satoshis: bigint): string {
  return formatAmount(satoshis).replace(/0{1,6}$/, '');
}

/**
 * Bitcoins as a decimal string ("1.5", ".5", "1e-3" is refused) in satoshis. Returns undefined for anything that is
 * not a plain decimal of at most eight places within MAX_MONEY; sign and zero are the caller's to judge.
 */
export function parseAmount(text: string): bigint | undefined {
  const match = /^(-?)(\d{1,8})?(?:\.(\d{1,8}))?$/.exec(text);
  if (!match || (match[2] === undefined && match[3] === undefined)) return undefined;
  const magnitude = BigInt(match[2] ?? '0') * COIN + BigInt((match[3] ?? '').padEnd(8, '0'));
  if (magnitude > MAX_MONEY) return undefined;
  return match[1] ? -magnitude : magnitude;
}
