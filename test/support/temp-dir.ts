import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atFileEnd } from './file-end.ts';

/** Creates a temporary folder that is removed at the end of the test file. Returns its path. */
export function tempDir(name: string): string {
  const path = mkdtempSync(join(tmpdir(), `pier-${name}-`));
  atFileEnd(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
