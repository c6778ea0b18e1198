import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { requireOracles, vectorsRoot } from './oracles.ts';

/** The absolute path of a file below `../shared/vectors`. */
export function vectorPath(path: string): string {
  return `${vectorsRoot}${path}`;
}

export function vectorBytes(path: string): Uint8Array {
  return readFileSync(vectorPath(path));
}

export function vectorJson<T>(path: string): T {
  return JSON.parse(readFileSync(vectorPath(path), 'utf8')) as T;
}

/** `describe`, skipped with one line that says so where the vectors are absent (failed where oracles are required). */
export function describeVectors(name: string, path: string, body: () => void): void {
  if (existsSync(vectorPath(path))) {
    describe(name, body);
  } else if (requireOracles) {
    describe(name, () => {
      it(`needs ${path}`, () => {
        throw new Error(`${vectorPath(path)} is absent, and PIER_REQUIRE_ORACLES=1`);
      });
    });
  } else {
    // The body may read the file at once, so it does not even run.
    describe.skip(`${name} (skipped: ../shared/vectors/${path} is absent)`, () => it('is skipped', () => {}));
  }
}

/** The rows of a file of comma-separated values without quotes, by the names in its first line. */
export function csvRows(path: string): Readonly<Record<string, string>>[] {
  const [names, ...rows] = readFileSync(vectorPath(path), 'utf8')
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(','));
  return rows.map((row) => Object.fromEntries(names!.map((name, i) => [name, row[i]!])));
}
