import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { describeVectors, vectorBytes, vectorPath } from './support/vectors.ts';

/** Vectors that no test reads yet, each with the feature that Pier lacks or leaves to a dependency. */
const unread: Readonly<Record<string, string>> = {
  'bips/bip322-basic-test-vectors.json': 'signed messages',
  'bips/bip322-generated-test-vectors.json': 'signed messages',
  'core/rpc_bip67.json': 'sorted multisig',
  'core/rpc_psbt.json': 'PSBT',
  'wallet/bip32-hd.json': "HD keys, which are a dependency's",
  'wallet/bip39-english.json': "mnemonics, which are a dependency's",
  'wallet/desc-privatekeys.json': 'descriptors with private keys',
};

/** Returns the files below a folder, as paths relative to it. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(folder.length).replace(/^\//, ''));
}

describeVectors('the vector files', 'core/script_tests.json', () => {
  const files = filesBelow(vectorPath('')).filter((path) => path !== 'README.md');
  const tests = fileURLToPath(new URL('.', import.meta.url));
  const source = filesBelow(tests)
    .filter((path) => path.endsWith('.ts') && path !== 'vectors.test.ts')
    .map((path) => readFileSync(`${tests}/${path}`, 'utf8'))
    .join('\n');

  it('are those that scripts/fetch-vectors.mjs fetches', () => {
    const { files: listed } = JSON.parse(readFileSync(`${tests}/../scripts/vectors.json`, 'utf8')) as {
      readonly files: readonly { readonly path: string; readonly size: number; readonly sha256: string }[];
    };
    const found = files.map((path) => {
      const content = vectorBytes(path);
      return { path, size: content.length, sha256: createHash('sha256').update(content).digest('hex') };
    });
    found.sort((a, b) => (a.path < b.path ? -1 : 1));
    expect(listed.map(({ path, size, sha256 }) => ({ path, size, sha256 }))).toEqual(found);
  });

  it('are each read by a test, except the listed ones', () => {
    // Tests read blocks by name from a table, and compact blocks by height.
    const isRead = (path: string) => {
      if (/^blocks\/compact\d+\.raw$/.test(path)) return source.includes('`blocks/compact$');
      const name = blockName(path);
      return source.includes(`'${path}'`) || (name !== undefined && source.includes(`'${name}'`));
    };
    expect(files.filter((path) => !isRead(path)).sort()).toEqual(Object.keys(unread));
  });
});

function blockName(path: string): string | undefined {
  return /^blocks\/((?:block|mainnet-)[0-9a-f]+?)(?:-undo)?\.raw$/.exec(path)?.[1];
}
