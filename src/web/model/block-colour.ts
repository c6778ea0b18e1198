/** The hue of a block, 0 to 359, from its hash: the same wherever the block is drawn. */
export function hueOf(hash: string): number {
  // The last digits: the first are zeros of the proof of work.
  return Number.parseInt(hash.slice(-6, -2), 16) % 360;
}

/** The colour of a block as CSS, readable on both themes. */
export function colourOf(hash: string, isDark: boolean): string {
  return `hsl(${hueOf(hash)} ${isDark ? '62% 58%' : '58% 46%'})`;
}

/** What stands beside the colour, which is never alone: the last four digits of the hash. */
export function tagOf(hash: string): string {
  return hash.slice(-4);
}

/** One of four patterns of a block's square, for readers that see no hues. */
export function patternOf(hash: string): 0 | 1 | 2 | 3 {
  return (Number.parseInt(hash.slice(-1), 16) & 3) as 0 | 1 | 2 | 3;
}
