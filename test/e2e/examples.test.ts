import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { tempDir } from '../support/temp-dir.ts';
import { manifest, root, run } from './support/installed-package.ts';

const hash = '[0-9a-f]{64}';

/** What each example prints, as a regular expression. */
const expected: Readonly<Record<string, string>> = {
  'decode-a-script': `pubkeyhash: OP_DUP [^]*
witness_v0_keyhash: 0 751e76e8199196d454941c45d1b3a323f1433bd6
  address: bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4
[^]*  address: none
2 3 solves it: yes
2 2 solves it: Script evaluated without error but .*
`,
  'network-child-pays-for-parent': 'confirmed with its child\n',
  'network-double-spend': 'the shop has lost the payment\n',
  'network-multisig-psbt': 'spent with two of three signatures\n',
  'network-payment': 'confirmed\n',
  'network-reorganisation': 'confirmed twice\n',
  'network-replace-by-fee': 'replaced\n',
  'network-timelock': 'spent a week later\nspent 10 blocks later\n',
  'pay-and-mine': `transaction ${hash}
block ${hash}
alice: 98\\.4999\\d* BTC
bob: 1\\.5 BTC
`,
  'read-blocks-by-rpc': `99 ${hash} pays 50 BTC
100 ${hash} pays 50 BTC
101 ${hash} pays 50 BTC
error -8: Block height out of range
`,
  'start-a-node': `network: regtest
height: 101
best block: ${hash}
P2P: 127\\.0\\.0\\.1:\\d+, RPC: 127\\.0\\.0\\.1:\\d+
new tip: 102
`,
  'verify-a-payment': `proved: ${hash} in block 102
forged proof refused: wrong-position
`,
};

/** Packages that examples use beside this one. */
const libraries = ['bitcoinjs-lib', 'ecpair', 'tiny-secp256k1'];

const names = readdirSync(join(root, 'examples'))
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.slice(0, -3));

/** What each example has printed, by its name, and the files that they have left in the folder of temporary files. */
const printed = new Map<string, string>();
let left: string[];

beforeAll(async () => {
  const tsc = join(root, 'node_modules/@typescript/native/bin/tsc');
  await run(process.execPath, [tsc, '-p', 'examples'], root);
  // One after the other in one process, which ends if none of them keeps it alive: each alone would load the package
  // and make a chain.
  const [folder, scripts] = [tempDir('example'), tempDir('examples')];
  const script = join(scripts, 'all.mjs');
  const files = names.map((name) => [name, pathToFileURL(join(root, 'build/examples', `${name}.js`)).href]);
  writeFileSync(
    script,
    `for (const [name, file] of ${JSON.stringify(files)}) {
       console.log('example ' + name);
       await import(file);
     }`,
  );
  const { NODE_ID: _id, PIER_DATADIR: _dataDir, PIER_NETWORK: _network, ...rest } = process.env;
  const env = { ...rest, TMPDIR: folder, TEMP: folder, TMP: folder };
  for (const part of (await run(process.execPath, [script], folder, env)).split(/^example /m).slice(1)) {
    const end = part.indexOf('\n');
    printed.set(part.slice(0, end), part.slice(end + 1));
  }
  left = readdirSync(folder);
}, 300_000);

describe('the examples', () => {
  it('are each tested', () => {
    expect(names.sort()).toEqual(Object.keys(expected));
  });

  it.for(names)('%s imports only Node, the entries of the package, and libraries of other makers', (name) => {
    const code = readFileSync(join(root, 'examples', `${name}.ts`), 'utf8');
    const imported = [...code.matchAll(/ from '(.*?)'/g)].map((match) => match[1]!);
    const entries = [...Object.keys(manifest.exports).map((key) => key.replace('.', 'pier')), ...libraries];
    expect(imported.filter((id) => !id.startsWith('node:') && !entries.includes(id))).toEqual([]);
  });

  it.for(names)('%s prints what it should', (name) => {
    expect(printed.get(name)).toMatch(new RegExp(`^${expected[name]}$`));
  });

  it('leave no files', () => {
    expect(left).toEqual([]);
  });
});
