import { displayWidth, padEnd, padStart } from '../text/width.ts';

/**
 * Returns rows as lines whose columns are aligned; numbers to the right, except in the columns `texts`, whose texts may
 * have digits only.
 */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  texts: readonly string[] = [],
): string {
  const widths = header.map((title, i) => Math.max(displayWidth(title), ...rows.map((row) => displayWidth(row[i]!))));
  const isNumeric = header.map(
    (title, i) => !texts.includes(title) && rows.length > 0 && rows.every((row) => /^([\d.]+|-)$/.test(row[i]!)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (isNumeric[i] ? padStart(cell, widths[i]!) : padEnd(cell, widths[i]!)))
      .join('  ')
      .trimEnd();
  return [header, ...rows].map(line).join('\n');
}
