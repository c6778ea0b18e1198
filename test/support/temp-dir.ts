import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** A folder of this test file's own, removed when the file is done. */
export function tempDir(name: string): string {
  const path = mkdtempSync(join(tmpdir(), `pier-${name}-`));
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
