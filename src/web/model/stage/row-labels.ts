/** Pixels of a line of small text, and of its letters. */
const LINE = 14;
const LETTER = 7.3;
const WIDE_LETTER = 12.5;
/** Widest label; a longer name is cut off. */
const MAX_WIDTH = 74;
/** Columns in which labels stand side by side at most. */
const MAX_COLUMNS = 3;

/** Where the names of the diagram's lines stand: in several columns where the lines are nearer to each other than words. */
export interface RowLabels {
  /** Pixels at the left of the diagram. */
  readonly margin: number;
  /** Pixels of one column. */
  readonly width: number;
  /** Returns the column of a line's label, from the left; undefined if it has none. */
  column(row: number): number | undefined;
}

/** Returns where the labels of so many lines stand in a diagram of a height. */
export function layOutLabels(names: readonly string[], height: number): RowLabels {
  const letters = (name: string) => [...name].reduce((sum, letter) => sum + (letter > '⺀' ? WIDE_LETTER : LETTER), 0);
  const width = Math.ceil(Math.min(MAX_WIDTH, names.reduce((most, name) => Math.max(most, letters(name)), 0) + 8));
  const needed = Math.max(1, Math.ceil((LINE * names.length) / Math.max(1, height)));
  const columns = Math.min(MAX_COLUMNS, needed);
  // Where three columns are too few, every second line has a label, or every third.
  const step = Math.ceil(needed / columns);
  return {
    margin: columns * width,
    width,
    column: (row) => (row % step === 0 ? (row / step) % columns : undefined),
  };
}
