import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { NodeOptions } from '../../../src/devnet/topology/network-options.ts';
import { readTopology } from '../../../src/devnet/topology/read-topology.ts';
import { tempDir } from '../../support/temp-dir.ts';

const dir = tempDir('topology');

function write(name: string, text: string | Uint8Array): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
}

const YAML = `# yaml-language-server: $schema=topology.schema.json
nodes:
  - &miner { name: pool, role: miner }
  - name: shop
    accounts: [0, 1]
    rpc: 13001
links:
  - between: [pool, shop]
    latency: 20
conditions: { jitter: 0.5 }
accounts: 2
balance: '1.5'
seed: 7
network: classroom
`;
const options = {
  nodes: [
    { name: 'pool', role: 'miner' },
    { name: 'shop', accounts: [0, 1], rpc: 13_001 },
  ],
  links: [{ between: ['pool', 'shop'], latency: 20 }],
  conditions: { jitter: 0.5 },
  accounts: 2,
  balance: '1.5',
  seed: 7,
  network: 'classroom',
};

it('reads the options of createNetwork from YAML and from JSON', async () => {
  expect(await readTopology(write('a.yaml', YAML))).toEqual(options);
  expect(await readTopology(write('a.YML', YAML))).toEqual(options);
  const json = JSON.stringify({ $schema: './topology.schema.json', ...options });
  expect(await readTopology(write('a.json', `\uFEFF${json}`))).toEqual(options);
  expect(await readTopology(write('empty.json', '{}'))).toEqual({});
});

it("resolves paths from the file's folder, whatever the working directory is", async () => {
  mkdirSync(join(dir, 'chains'));
  write('chains/mine.json', '{ "name": "mine", "extends": "regtest" }');
  const path = write('paths.yaml', 'network: chains/mine.json\nengine: processes\ndataDir: ../nodes\n');
  expect(await readTopology(path)).toEqual({
    network: join(dir, 'chains', 'mine.json'),
    engine: 'processes',
    dataDir: join(dir, '..', 'nodes'),
  });
});

it("resolves the path of a bitcoind from the file's folder, unless it is a name on PATH", async () => {
  const node = (path: string) => `  - { kind: bitcoind, path: ${path} }\n`;
  const paths = ['bin/bitcoind', './bitcoind', '/opt/bitcoind', 'bitcoind'];
  const path = write('programs.yaml', `engine: processes\nnodes:\n  - {}\n${paths.map(node).join('')}`);
  const { nodes } = await readTopology(path);
  expect((nodes as NodeOptions[]).map((each) => each.path)).toEqual([
    undefined,
    join(dir, 'bin', 'bitcoind'),
    join(dir, 'bitcoind'),
    '/opt/bitcoind',
    'bitcoind',
  ]);
});

it('reads the example, which the documents show', async () => {
  const file = (path: string) => new URL(`../../../${path}`, import.meta.url);
  const { nodes, balance } = await readTopology(fileURLToPath(file('examples/network.yaml')));
  expect((nodes as NodeOptions[]).map(({ name }) => name)).toEqual(['shop', 'exchange', 'pool', 'phone']);
  expect(balance).toBe('10');
  const example = readFileSync(file('examples/network.yaml'), 'utf8');
  for (const path of ['docs/test-networks.md', 'docs/zh/test-networks.md']) {
    expect(readFileSync(file(path), 'utf8')).toContain(`\`\`\`yaml\n${example}\`\`\``);
  }
});

/** Files that are refused: name, content, and the error after the folder. */
const refused: readonly [name: string, content: string | Uint8Array, message: string | RegExp][] = [
  ['unknown.yaml', 'nodes: 2\n\nnode: 3\n', 'unknown.yaml:3: node: there is no such option'],
  ['unknown.json', '{\n  "nodes": 2,\n\t"node": 3\n}', 'unknown.json:3: node: there is no such option'],
  [
    'role.yaml',
    'nodes:\n  - name: a\n  - name: b\n  - name: c\n    role: seed\n',
    "role.yaml:5: nodes[2].role: 'seed' is not one of central, full, miner, wallet, light",
  ],
  [
    'role.json',
    '{ "nodes": [\n{},\n{},\n{ "name": "c",\n"role": "seed" }] }',
    "role.json:5: nodes[2].role: 'seed' is not one of central, full, miner, wallet, light",
  ],
  ['two.yaml', 'seed: -1\nnodes: 0\n', /^two\.yaml:2: nodes: 0 is not .*\ntwo\.yaml:1: seed: -1 is not [^\n]*$/],
  [
    'missing.yaml',
    'nodes: 2\nlinks:\n  - latency: 3\n',
    "missing.yaml:3: links[0].between: nothing is not a list of the names of two nodes, such as ['node1', 'node2']",
  ],
  ['float.yaml', 'balance: 1.5\n', "float.yaml:1: balance: 1.5 is not a text with bitcoins, such as '1.5'"],
  ['amount.yaml', "balance: '1,5'\n", "amount.yaml:1: balance: '1,5' is not bitcoins, such as '1.5'"],
  [
    'much.yaml',
    "balance: '21000001'\n",
    "much.yaml:1: balance: '21000001' is not an amount of at most 21 million bitcoins",
  ],
  ['words.yaml', 'nodes: 1\nmnemonic: test test\n', /^words\.yaml:2: mnemonic: not a BIP39 mnemonic/],
  ['main.yaml', 'network: main\n', 'main.yaml:1: network: main is public: its chain cannot be mined here'],
  ['no-chain.yaml', 'network: ./none.json\n', /^no-chain\.yaml:1: network: cannot use network file .*none\.json/],
  [
    'link.yaml',
    'nodes: 2\nlinks:\n  - between:\n      - node1\n      - node3\n',
    "link.yaml:5: links[0].between[1]: no node is called 'node3'; there are node1, node2",
  ],
  ['same.yaml', 'nodes:\n  - {}\n  - name: node1\n', "same.yaml:3: nodes[1].name: another node is called 'node1'"],
  [
    'held.yaml',
    'accounts: 1\nnodes:\n - accounts: [0,\n     1]\n',
    /^held\.yaml:4: nodes\[0\]\.accounts\[1\]: there is no/,
  ],
  ['alias.yaml', 'nodes:\n  - &a { role: full }\n  - *a\n  - { color: *a }\n', /^alias\.yaml:4: nodes\[2\]\.color: /],
  ['dir.yaml', 'dataDir: x\n', /^dir\.yaml:1: dataDir: a network in memory has no files/],
  ['list.yaml', '- nodes\n', 'list.yaml:1: a list of 1 is not an object with the options of a network'],
  ['empty.yaml', '', /^empty\.yaml(:1)?: null is not an object with the options of a network$/],
  ['proto.json', '{ "__proto__": { "nodes": 3 } }', 'proto.json:1: __proto__: there is no such option'],
  ['syntax.json', '{\n  "nodes": 2,\n}', /^syntax\.json: .*JSON/],
  ['syntax.yaml', 'nodes: 2\nlinks: [a\n', /^syntax\.yaml:\d: /],
  ['twice.yaml', 'nodes: 2\nnodes: 3\n', /^twice\.yaml:2: Map keys must be unique/],
  ['numbers.yaml', 'nodes: 2\n3: 4\n', 'numbers.yaml:2: 3: there is no such option'],
  ['tag.yaml', 'nodes: 2\nseed: !!js/function "x"\n', /^tag\.yaml:2: Unresolved tag/],
  ['documents.yaml', 'nodes: 2\n---\nnodes: 3\n', /^documents\.yaml:2: Source contains multiple documents/],
  [
    'laughs.yaml',
    `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefg'].map((name, i) => `${name}: &${name} [${`*${'abcdef'[i]},`.repeat(9)}]\n`).join('')}`,
    /^laughs\.yaml: Excessive alias count/,
  ],
  ['deep.yaml', '['.repeat(20_000), /^deep\.yaml/],
  ['deep.json', `{"nodes":${'['.repeat(20_000)}${']'.repeat(20_000)}}`, /^deep\.json: /],
  ['latin.yaml', Uint8Array.of(0x6e, 0xe9, 0x3a), 'latin.yaml: the file is not UTF-8'],
  ['big.yaml', '#'.repeat(2 ** 20 + 1), 'big.yaml: the file exceeds 1048576 bytes'],
  ['topology.toml', 'nodes = 3', 'topology.toml: the name ends in neither .json, .yaml nor .yml'],
];

it.each(refused)('refuses %s', async (name, content, message) => {
  const path = write(name, content);
  const error = await readTopology(path).then(
    () => undefined,
    (reason: Error & { code?: string }) => reason,
  );
  expect(error?.code).toBe('bad-topology');
  const text = error!.message.replaceAll(`${dir}/`, '').replaceAll(`${dir}\\`, '');
  if (typeof message === 'string') expect(text).toBe(message);
  else expect(text).toMatch(message);
});

it('refuses a file that does not exist and a folder', async () => {
  await expect(readTopology(join(dir, 'none.yaml'))).rejects.toMatchObject({
    code: 'bad-topology',
    message: `${join(dir, 'none.yaml')}: the file does not exist`,
  });
  mkdirSync(join(dir, 'folder.yaml'));
  await expect(readTopology(join(dir, 'folder.yaml'))).rejects.toMatchObject({ code: 'bad-topology' });
});

it('says of a network file where it belongs', async () => {
  const path = write('chain.json', '{ "name": "mine", "extends": "regtest" }');
  await expect(readTopology(path)).rejects.toMatchObject({
    message: `${path}: this is a network file, with the parameters of a chain, and no topology file`,
    hint: 'It is for the option `network`.',
  });
});
