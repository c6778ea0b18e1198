import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atFileEnd } from './file-end.ts';

/** A folder of this test file's own, removed when the file is done. */
export function tempDir(name: string): string {
  const path = mkdtempSync(join(tmpdir(), `pier-${name}-`));
  atFileEnd(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
