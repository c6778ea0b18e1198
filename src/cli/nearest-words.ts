/** Words that are returned at most. */
const MAX_WORDS = 3;

/** Returns the words that differ least from `word`, in few enough letters to be meant, the nearest first. */
export function nearestWords(word: string, words: readonly string[]): string[] {
  const most = Math.max(1, Math.floor(word.length / 3));
  const lower = word.toLowerCase();
  return words
    .map((each) => ({ each, distance: editDistance(lower, each.toLowerCase()) }))
    .filter(({ distance }) => distance <= most)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, MAX_WORDS)
    .map(({ each }) => each);
}

/** Returns the number of letters to insert, delete or replace that makes one word the other (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const above = row;
    row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(replaced, above[j]! + 1, row[j - 1]! + 1);
    }
  }
  return row[b.length]!;
}
