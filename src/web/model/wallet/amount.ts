const COIN = 100_000_000n;

/** Returns the satoshis of an amount in a node's JSON, which has up to eight decimals. */
export function satoshisOf(bitcoins: number): bigint {
  return BigInt(Math.round(bitcoins * 1e8));
}

/** Returns satoshis as bitcoins with eight decimals. */
export function bitcoinsOf(satoshis: bigint): string {
  const size = satoshis < 0n ? -satoshis : satoshis;
  return `${satoshis < 0n ? '−' : ''}${size / COIN}.${String(size % COIN).padStart(8, '0')}`;
}

/** Returns the satoshis of a text with up to eight decimals; undefined if it is no amount above 0. */
export function parseBitcoins(text: string): bigint | undefined {
  const [, whole = '', decimals = ''] = /^(\d{0,8})(?:\.(\d{0,8}))?$/.exec(text.trim()) ?? [];
  const satoshis = BigInt(whole || 0) * COIN + BigInt(decimals.padEnd(8, '0'));
  return satoshis > 0n ? satoshis : undefined;
}
