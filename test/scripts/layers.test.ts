import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { tempDir } from '../support/temp-dir.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Forbidden imports to plant in a copy of the project, by the rule that forbids each. */
const planted: Readonly<Record<string, readonly [path: string, text: string]>> = {
  'p2p-net-imports-up': ['p2p/net/planted.ts', "export * from '../wire/protocol.ts';"],
  'chain-tree-imports-up': ['chain/tree/planted.ts', "export * from '../connect/pause.ts';"],
  'api-json-imports-up': ['api/json/planted.ts', "export * from '../rpc/cookie.ts';"],
  'connections-know-no-chain': [
    'p2p/connections/planted.ts',
    "import type { Chain } from '../../chain/chain.ts';\nexport type X = Chain;",
  ],
  'chain-sublayer-imports-the-layer': ['chain/records/planted.ts', "export * from '../chain.ts';"],
  'p2p-unlisted-folder': ['p2p/odds/planted.ts', "export * from '../net/endpoint.ts';"],
  'unlisted-folder': ['odds/planted.ts', "export * from '../bytes/hex.ts';"],
  'script-imports-up': ['script/planted.ts', "export * from '../consensus/params.ts';"],
  'testing-is-for-tests': ['spv/planted.ts', "export * from '../testing/virtual-clock.ts';"],
  'browser-safe': ['bytes/planted.ts', "export * from 'node:fs';"],
  'no-cycle': ['platform/planted.ts', "export * from './planted-2.ts';"],
};

/** What nothing planted imports, and takes half of the time to check. Nothing below imports it either. */
const later = ['index.ts', 'cli', 'vitest', 'web', 'browser', 'control', 'devnet', 'commands', 'daemon'].map((name) =>
  join(root, 'src', name),
);

describe('checks of layers', () => {
  const copy = tempDir('layers');
  const run = (script: string) => spawnSync(process.execPath, [script], { cwd: copy, encoding: 'utf8' });
  let result: ReturnType<typeof run>;

  beforeAll(() => {
    for (const name of [
      'src',
      'scripts',
      '.dependency-cruiser.cjs',
      'tsconfig.json',
      'tsconfig.page.json',
      'package.json',
      'ARCHITECTURE.md',
    ]) {
      cpSync(join(root, name), join(copy, name), { recursive: true, filter: (path) => !later.includes(path) });
    }
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction');
    const write = (path: string, text: string) => {
      mkdirSync(dirname(join(copy, 'src', path)), { recursive: true });
      writeFileSync(join(copy, 'src', path), text);
    };
    for (const [path, text] of Object.values(planted)) write(path, text);
    write('chain/planted-page.ts', "export * from '../store/lmdb/checksum.ts';");
    write('wallet/planted-page.ts', 'export const planted = Buffer.alloc(1);');
    write('store/lmdb/planted-page.ts', 'export const allowed = Buffer.alloc(1);');
    write('platform/planted-2.ts', "export * from './planted.ts';");
    for (let i = 0; i < 21; i++) write(`crowd/${i}.ts`, 'export {};');
    write('busy/planted.ts', Array.from({ length: 21 }, (_, i) => `import '../crowd/${i}.ts';`).join('\n'));
    result = run('scripts/check-layers.mjs');
  }, 300_000);

  it('fail on each planted import, by its rule', () => {
    expect(result.status).toBe(1);
    const violated = result.stdout
      .split('\n')
      .flatMap((line) => /^\s*error ([\w-]+): (.*)/.exec(line)?.slice(1, 3).join(' ') ?? []);
    for (const [rule, [path]] of Object.entries(planted)) {
      expect(
        violated.filter((line) => line.startsWith(`${rule} src/${dirname(path)}/planted`)),
        rule,
      ).not.toEqual([]);
    }
    expect(violated.filter((line) => !line.includes('planted'))).toEqual([]);
  });

  it('fail on what a page cannot load, in layers for pages and in what they import', () => {
    const lines = result.stderr.split('\n').filter((line) => line.includes('planted-page'));
    expect(lines.sort()).toEqual([
      'reaches-node: src/chain/planted-page.ts reaches zlib',
      expect.stringMatching(/src\/wallet\/planted-page\.ts\(1,24\): error .*'Buffer'/),
    ]);
    expect(result.stderr).toContain('src/store/lmdb/checksum.ts(1,');
  });

  it('fail on a folder with too many files and on a file with too many imports', () => {
    // ARCHITECTURE.md names files of all layers.
    for (const path of later) cpSync(path, join(copy, relative(root, path)), { recursive: true });
    const { status, stderr } = run('scripts/check-rooms.mjs');
    expect(status).toBe(1);
    expect(stderr).toBe(
      'src/busy/planted.ts has 21 imports; split it, or state the reason in ARCHITECTURE.md\n' +
        'src/crowd/ holds 21 source files, at most 20 allowed\n',
    );
  });
});
