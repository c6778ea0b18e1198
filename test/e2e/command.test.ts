import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

describe('the built command', () => {
  it('includes every worker script that the sources start', () => {
    const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });
    const names = sources
      .filter((path) => path.endsWith('.ts'))
      .flatMap((path) => [...readFileSync(join(root, 'src', path), 'utf8').matchAll(/workerUrl\('([^']+)'/g)])
      .map(([, name]) => name!);
    expect(names).toContain('script-worker');
    for (const name of names) expect([name, existsSync(join(root, 'dist/cli', `${name}.js`))]).toEqual([name, true]);
  });

  it('includes the licenses of the bundled packages', () => {
    const licenses = readFileSync(join(root, 'dist/cli/LICENSES.txt'), 'utf8');
    for (const name of ['commander', 'zod', '@noble/hashes', '@scure/bip32']) {
      expect(licenses).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+$`, 'm'));
    }
    expect(licenses.match(/Copyright \(c\)/g)?.length).toBeGreaterThan(6);
  });
});
