/** A header in the block tree, as the contextual rules see it (Core: CBlockIndex). */
export interface HeaderContext {
  /** 32 bytes, internal order. */
  readonly hash: Uint8Array;
  readonly height: number;
  /** uint32, seconds since the Unix epoch. */
  readonly time: number;
  /** The target in compact form, uint32. */
  readonly bits: number;
  /** int32. */
  readonly version: number;
  /** The parent; undefined for genesis. */
  readonly prev: HeaderContext | undefined;
  /** Returns the ancestor (or this block) at `height`; undefined above this block or below 0 (Core: GetAncestor). */
  ancestor(height: number): HeaderContext | undefined;
  /** Returns the median time of this block and the ten before it, Unix seconds (BIP113; Core: GetMedianTimePast). */
  medianTimePast(): number;
}

const MEDIAN_TIME_SPAN = 11;

/** Returns the median time of `header` and up to ten blocks before it, Unix seconds. */
export function medianTimePast(header: Pick<HeaderContext, 'time' | 'prev'>): number {
  const times: number[] = [];
  let at: Pick<HeaderContext, 'time' | 'prev'> | undefined = header;
  for (let i = 0; i < MEDIAN_TIME_SPAN && at; i++, at = at.prev) times.push(at.time);
  times.sort((a, b) => a - b);
  return times[times.length >> 1]!;
}
