import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { tempDir } from '../support/temp-dir.ts';
import { installPackage, manifest, root, run } from './support/installed-package.ts';

const node = process.execPath;
const tsc = join(root, 'node_modules/@typescript/native/bin/tsc');
/** The import specifiers: `pier`, `pier/bytes`, … */
const entries = Object.keys(manifest.exports)
  .filter((key) => !key.endsWith('.json'))
  .map((key) => `pier${key.slice(1)}`);
/** Those that need nothing but the package: Vitest is an optional peer, and can only be imported. */
const independent = entries.filter((entry) => entry !== 'pier/vitest');

let project: string;

beforeAll(async () => {
  project = tempDir('package');
  await installPackage(project);
}, 180_000);

describe('the installed package', () => {
  it('has no install scripts', () => {
    expect(Object.keys(manifest.scripts).filter((name) => /^(pre|post)?install$/.test(name))).toEqual([]);
  });

  it('contains the licence, networks, documents and examples, and neither tests nor sources', () => {
    const files = readdirSync(join(project, 'node_modules/pier')).sort();
    const expected = ['LICENSE', 'README.md', 'README.zh-CN.md', 'bin', 'dist', 'docs', 'examples', 'networks'];
    expected.push('package.json', 'topology.schema.json');
    expect(files).toEqual(expected.filter((name) => existsSync(join(root, name))));
  });

  it('loads the same modules by import and by require', { timeout: 60_000 }, async () => {
    const script = `
      const { createRequire } = await import('node:module');
      const require = createRequire(process.cwd() + '/x.cjs');
      const counts = {};
      for (const entry of ${JSON.stringify(independent)}) {
        const [imported, required] = [await import(entry), require(entry)];
        for (const [name, value] of Object.entries(imported)) {
          if (required[name] !== value) throw new Error(entry + ' exports two instances of ' + name);
        }
        counts[entry] = Object.keys(imported).length;
      }
      console.log(JSON.stringify(counts));`;
    writeFileSync(join(project, 'load.mjs'), script);
    const counts = JSON.parse(await run(node, ['load.mjs'], project)) as Record<string, number>;
    expect(Object.keys(counts)).toEqual(independent);
    expect(Math.min(...Object.values(counts))).toBeGreaterThan(0);
  });

  it('resolves only its entries', async () => {
    const json = ['pier/topology.schema.json', 'pier/package.json'];
    const dist = join(project, 'node_modules/pier/dist');
    const modules = readdirSync(dist, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.js'))
      .flatMap((path) => [`pier/${path.slice(0, -3)}`, `pier/dist/${path}`]);
    const names = [...entries, ...json, 'pier/p2p/peer/peer', 'pier/commands', 'pier/cli', ...modules];
    const script = `
      const names = ${JSON.stringify(names)};
      const isResolved = (resolve) => (name) => {
        try {
          return Boolean(resolve(name));
        } catch (error) {
          if (error.code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') return false;
          throw error;
        }
      };
      const { createRequire } = await import('node:module');
      const require = createRequire(import.meta.url);
      const imported = names.filter(isResolved((name) => import.meta.resolve(name)));
      const required = names.filter(isResolved(require.resolve));
      console.log(JSON.stringify({ imported, required }));`;
    writeFileSync(join(project, 'resolve.mjs'), script);
    const found = JSON.parse(await run(node, ['resolve.mjs'], project));
    const expected = [...entries, ...json];
    expect(found).toEqual({ imported: expected, required: expected.filter((name) => name !== 'pier/vitest') });
  });

  it.for(['docs/library.md', 'docs/zh/library.md'])('has its entries listed in %s', (path) => {
    const rows = readFileSync(join(root, path), 'utf8').matchAll(/^\| `(pier.*?)`( \*)? \|/gm);
    expect([...rows].map((row) => row[1]).sort()).toEqual(entries.toSorted());
  });

  it('gives the tests of a project a network', { timeout: 180_000 }, async () => {
    symlinkSync(join(root, 'node_modules/vitest'), join(project, 'node_modules/vitest'), 'junction');
    const test = `
      import { expect } from 'vitest';
      import { networkTest } from 'pier/vitest';
      const test = networkTest({ nodes: 1, accounts: 1 });
      for (const name of ['first', 'second']) {
        test(name, async ({ network }) => {
          expect(await network.nodes[0].call('getrawmempool')).toEqual([]);
          await network.accounts[0].pay(network.accounts[0].address, '1');
        });
      }`;
    writeFileSync(join(project, 'network.test.mjs'), test);
    const result = await run(
      node,
      ['node_modules/vitest/vitest.mjs', 'run', '--reporter=json', '--testTimeout=60000'],
      project,
    );
    expect(JSON.parse(result)).toMatchObject({ success: true, numPassedTests: 2 });
  });

  it('installs the command', async () => {
    expect(await run('npx', ['--no-install', 'pier', '--version'], project)).toBe(`${manifest.version}\n`);
  });
});

describe('the types of the installed package', () => {
  const names = independent.map((entry) => entry.replace('/', '_'));
  const imports = independent.map((entry, i) => `import * as ${names[i]} from '${entry}';`).join('\n');
  const requires = independent.map((entry, i) => `import ${names[i]} = require('${entry}');`).join('\n');
  const use = `
import { RpcClient, type NodeConfigInput } from 'pier';
import { Emitter } from 'pier/platform';
import { Transaction, type TxOut } from 'pier/primitives';

class Events extends Emitter<{ block: { readonly height: number } }> {}
export function count(events: Emitter<{ block: { readonly height: number } }>, input: NodeConfigInput): void {
  events.on('block', ({ height }) => height.toFixed() + input.nodeId);
}
count(new Events(), { nodeId: 3000 });
export const outputs: readonly TxOut[] = Transaction.decode(new Uint8Array()).outputs;
export const client: RpcClient = new RpcClient({ host: '', port: 1, cookieFile: '' });
`;
  const touch = `export const all: readonly object[] = [${names.join(', ')}];`;
  const wrong = `
// @ts-expect-error: modules that are not entries are private.
export type Peer = import('pier/p2p/peer/peer').Peer;
`;

  beforeAll(() => {
    mkdirSync(join(project, 'node_modules/@types'), { recursive: true });
    for (const name of ['node', 'undici-types']) {
      const folder = name === 'node' ? '@types/node' : name;
      symlinkSync(join(root, 'node_modules', folder), join(project, 'node_modules', folder), 'junction');
    }
    writeFileSync(join(project, 'module.mts'), `${imports}\n${use}${touch}${wrong}`);
    writeFileSync(join(project, 'common.cts'), `${imports}\n${use}${touch}${wrong}`);
    writeFileSync(join(project, 'require.cts'), `${requires}\n${touch}`);
  });

  it.for([
    { module: 'node16', moduleResolution: 'node16', files: ['module.mts', 'common.cts', 'require.cts'] },
    { module: 'nodenext', moduleResolution: 'nodenext', files: ['module.mts', 'common.cts', 'require.cts'] },
    { module: 'preserve', moduleResolution: 'bundler', files: ['module.mts', 'require.cts'] },
  ])('resolve under $moduleResolution', { timeout: 60_000 }, async ({ files, ...resolution }) => {
    const compilerOptions = {
      ...{ ...resolution, target: 'es2023', lib: ['es2023', 'dom'], types: ['node'] },
      ...{ strict: true, noEmit: true, skipLibCheck: false, skipDefaultLibCheck: true },
    };
    const config = `tsconfig.${resolution.moduleResolution}.json`;
    writeFileSync(join(project, config), JSON.stringify({ compilerOptions, files }));
    expect(await run(node, [tsc, '-p', config, '--pretty', 'false'], project)).toBe('');
  });
});
