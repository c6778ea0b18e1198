/** Letters of a name, and of all names of a tip, that are shown. */
const MAX_NAME = 16;
const MAX_TEXT = 44;
/** Pixels of a letter, and between two labels. */
const LETTER = 6.1;
const GAP = 8;

/** The names beside a tip, and where they begin. */
export interface TipLabel {
  readonly text: string;
  readonly lane: number;
  /** Pixels. */
  readonly x: number;
}

/** Names some nodes, as many as there is room for, and counts the others. */
export function namesText(names: readonly string[]): string {
  const short = names.map((name) => (name.length > MAX_NAME ? `${name.slice(0, MAX_NAME - 1)}…` : name));
  let count = short.length;
  const text = () => short.slice(0, count).join(', ') + (count < short.length ? ` +${short.length - count}` : '');
  while (count > 1 && text().length > MAX_TEXT) count--;
  return text();
}

/** Returns the pixels that a label takes. */
export function widthOf(text: string): number {
  return text.length * LETTER;
}

/**
 * Returns a row, from 0, for each label, so that none covers another of its lane, nor the line that leads from a block down to
 * its label: the one that is furthest to the right is uppermost.
 */
export function rowsOf(labels: readonly TipLabel[]): number[] {
  const rows = new Array<number>(labels.length).fill(0);
  const order = labels.map((_, i) => i).sort((a, b) => labels[b]!.x - labels[a]!.x);
  for (const [position, i] of order.entries()) {
    const { x, text, lane } = labels[i]!;
    const end = x + widthOf(text) + GAP;
    // Of those further to the right that it would reach, text takes their row, and their lines the rows above.
    const reached = order.slice(0, position).filter((k) => labels[k]!.lane === lane && labels[k]!.x < end);
    rows[i] = reached.reduce((row, k) => Math.max(row, rows[k]! + 1), 0);
  }
  return rows;
}
