/**
 * Returns rows as lines whose columns are aligned; numbers to the right, except in the columns `texts`, whose texts may
 * have digits only.
 */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  texts: readonly string[] = [],
): string {
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const isNumeric = header.map(
    (title, i) => !texts.includes(title) && rows.length > 0 && rows.every((row) => /^([\d.]+|-)$/.test(row[i]!)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (isNumeric[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  return [header, ...rows].map(line).join('\n');
}
