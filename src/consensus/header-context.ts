/** A block header in its place in the tree of headers: what the contextual rules need to know of it. */
export interface HeaderContext {
  /** 32 bytes, internal order. */
  readonly hash: Uint8Array;
  readonly height: number;
  /** uint32, seconds since the Unix epoch. */
  readonly time: number;
  /** The target in compact form. */
  readonly bits: number;
  /** int32 */
  readonly version: number;
  /** The parent; undefined for genesis. */
  readonly prev: HeaderContext | undefined;
  /** The block at `height` on the path from genesis to this one; undefined above this one or below 0. */
  ancestor(height: number): HeaderContext | undefined;
  /** The median time of this block and the ten before it (BIP113). */
  medianTimePast(): number;
}

const MEDIAN_TIME_SPAN = 11;

/** The median of the times of `header` and its ten predecessors, or of as many as there are. */
export function medianTimePast(header: Pick<HeaderContext, 'time' | 'prev'>): number {
  const times: number[] = [];
  let at: Pick<HeaderContext, 'time' | 'prev'> | undefined = header;
  for (let i = 0; i < MEDIAN_TIME_SPAN && at; i++, at = at.prev) times.push(at.time);
  times.sort((a, b) => a - b);
  return times[times.length >> 1]!;
}
