/** Sign, integer digits, fraction digits and exponent of a JSON number. */
const DECIMAL = /^(-)?(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
/** Digits of the largest result: 10^18 - 1. */
const MAX_DIGITS = 18;

/**
 * Parses a decimal number, possibly with an exponent, and returns it times 10^`decimals`. Returns undefined for other
 * text, for more decimals, and beyond 10^18 - 1 (Core: ParseFixedPoint).
 */
export function parseFixedPoint(text: string, decimals: number): bigint | undefined {
  const match = DECIMAL.exec(text);
  if (!match) return undefined;
  const [, sign, integer = '', fraction = '', exponent = '0'] = match;
  const digits = `${integer === '0' ? '' : integer}${fraction}`;
  let end = digits.length;
  while (digits[end - 1] === '0') end--;
  let start = 0;
  while (start < end && digits[start] === '0') start++;
  const zeros = digits.length - end - fraction.length + Number(exponent) + decimals;
  // Core refuses an exponent outside this range even for zero.
  if (zeros < 0 || zeros >= MAX_DIGITS || (start < end && end - start + zeros > MAX_DIGITS)) return undefined;
  const mantissa = digits.slice(start, end);
  const magnitude = BigInt(`${mantissa}${'0'.repeat(zeros)}`);
  return sign ? -magnitude : magnitude;
}
