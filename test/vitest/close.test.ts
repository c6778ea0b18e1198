import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { tempDir } from '../support/temp-dir.ts';

const cli = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));

it('the network of a test file is closed at its end, once', { timeout: 60_000 }, () => {
  const file = join(tempDir('closing'), 'closed');
  const root = fileURLToPath(new URL('closing/', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, 'run', '--root', root], {
    env: {
      ...process.env,
      PIER_CLOSED_FILE: file,
      VITEST: undefined,
      VITEST_WORKER_ID: undefined,
      VITEST_POOL_ID: undefined,
    },
    encoding: 'utf8',
  });
  expect([status, `${stdout}${stderr}`]).toEqual([0, expect.stringContaining('2 passed')]);
  expect(readFileSync(file, 'utf8')).toBe('closed');
});
