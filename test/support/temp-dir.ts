import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const made: string[] = [];

// Here, not where a folder is made: inside a test it is too late to say what is to be done after all of them.
afterAll(() => {
  for (const path of made) rmSync(path, { recursive: true, force: true });
});

/** A folder of this test file's own, removed when the file is done. */
export function tempDir(name: string): string {
  const path = mkdtempSync(join(tmpdir(), `pier-${name}-`));
  made.push(path);
  return path;
}
