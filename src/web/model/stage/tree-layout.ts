import type { KnownBlock } from '../timeline.ts';

/** A block of the tree and where it stands: columns by height, and a lane for each branch. */
export interface PlacedBlock {
  readonly block: KnownBlock;
  /** From 0, the lowest height that is shown. */
  readonly column: number;
  /** From 0, the branch with the most work. */
  readonly lane: number;
  /** Lane of the block before it; undefined if that is not shown. */
  readonly previousLane: number | undefined;
}

/**
 * Places the blocks of the last `columns` heights. The longest branch is in lane 0, and each other one in the first lane that
 * is free over its whole length.
 */
export function layOutTree(blocks: Iterable<KnownBlock>, columns: number): PlacedBlock[] {
  const all = [...blocks];
  const top = all.reduce((height, block) => Math.max(height, block.height), 0);
  const bottom = Math.max(0, top - columns + 1);
  const shown = new Map(all.filter(({ height }) => height >= bottom).map((block) => [block.hash, block]));
  const parents = new Set([...shown.values()].map(({ previous }) => previous));
  const tips = [...shown.values()].filter(({ hash }) => !parents.has(hash));
  tips.sort((a, b) => b.height - a.height || firstSeen(a) - firstSeen(b));

  const lanes = new Map<string, number>();
  const taken: { readonly lane: number; readonly from: number; readonly to: number }[] = [];
  for (const tip of tips) {
    const branch: KnownBlock[] = [];
    for (let block: KnownBlock | undefined = tip; block && !lanes.has(block.hash); block = shown.get(block.previous)) {
      branch.push(block);
    }
    const [from, to] = [branch.at(-1)!.height, tip.height];
    let lane = 0;
    while (taken.some((each) => each.lane === lane && each.from <= to && from <= each.to)) lane++;
    taken.push({ lane, from, to });
    for (const { hash } of branch) lanes.set(hash, lane);
  }
  return [...shown.values()].map((block) => ({
    block,
    column: block.height - bottom,
    lane: lanes.get(block.hash)!,
    previousLane: lanes.get(block.previous),
  }));
}

function firstSeen({ arrivals }: KnownBlock): number {
  return arrivals.size === 0 ? 0 : Math.min(...arrivals.values());
}
