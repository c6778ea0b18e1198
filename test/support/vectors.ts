import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { requireOracles, vectorsRoot } from './oracles.ts';

/** Returns the absolute path of a file below `../shared/vectors`. */
export function vectorPath(path: string): string {
  return `${vectorsRoot}${path}`;
}

/** Reads a vector file as bytes. */
export function vectorBytes(path: string): Uint8Array {
  return readFileSync(vectorPath(path));
}

/** Reads a vector file as JSON. */
export function vectorJson<T>(path: string): T {
  return JSON.parse(readFileSync(vectorPath(path), 'utf8')) as T;
}

/** `describe`, skipped with a note if the vector file is absent; a failure if PIER_REQUIRE_ORACLES=1. */
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
    // The body may read the file during collection, so it is not called.
    describe.skip(`${name} (skipped: ../shared/vectors/${path} is absent)`, () => it('is skipped', () => {}));
  }
}

/** Reads a CSV file without quoted values as rows, keyed by the column names in its first line. */
export function csvRows(path: string): Readonly<Record<string, string>>[] {
  const [names, ...rows] = readFileSync(vectorPath(path), 'utf8')
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(','));
  return rows.map((row) => Object.fromEntries(names!.map((name, i) => [name, row[i]!])));
}
