import { describe, expect, it } from 'vitest';
import { toSatoshis } from '../../../src/devnet/topology/amount.ts';
import type { NetworkOptions } from '../../../src/devnet/topology/network-options.ts';
import { planNetwork as planWith } from '../../../src/devnet/topology/network-plan.ts';
import { type IndexPair, shapeLinks, shapeNames } from '../../../src/devnet/topology/shapes.ts';
import { findNetwork } from '../../../src/node/networks.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';

/** Returns the number of nodes that links join to the first. */
function reachable(count: number, links: readonly IndexPair[]): number {
  const reached = new Set([0]);
  for (const node of reached) {
    for (const [a, b] of links) {
      if (a === node) reached.add(b);
      if (b === node) reached.add(a);
    }
  }
  return Math.min(reached.size, count);
}

describe('shapeLinks', () => {
  it('joins all nodes, each pair at most once, for any number of nodes', () => {
    for (const shape of shapeNames) {
      for (let count = 1; count <= 40; count++) {
        const links = shapeLinks(shape, count, new SeededRandom(count));
        expect(reachable(count, links), `${shape} ${count}`).toBe(count);
        const pairs = new Set(links.map(([a, b]) => `${Math.min(a, b)} ${Math.max(a, b)}`));
        expect(pairs.size, `${shape} ${count}`).toBe(links.length);
        for (const [a, b] of links) expect(a, `${shape} ${count}`).not.toBe(b);
      }
    }
  });

  it('has the links of each shape', () => {
    const links = (shape: (typeof shapeNames)[number], count: number) => shapeLinks(shape, count, new SeededRandom(7));
    expect(links('line', 3)).toEqual([
      [1, 0],
      [2, 1],
    ]);
    expect(links('ring', 3)).toEqual([
      [1, 0],
      [2, 1],
      [0, 2],
    ]);
    expect(links('star', 3)).toEqual([
      [1, 0],
      [2, 0],
    ]);
    expect(links('mesh', 5)).toHaveLength(10);
    expect(links('random', 20)).toHaveLength(40);
    expect(links('small-world', 20).length).toBeGreaterThan(30);
    expect(links('random', 20)).toEqual(links('random', 20));
    expect(shapeLinks('random', 20, new SeededRandom(8))).not.toEqual(links('random', 20));
  });
});

const processes = { engine: 'processes' } as const;

const planNetwork = (options: NetworkOptions) => planWith(options, findNetwork);

describe('planNetwork', () => {
  it('fills in defaults', () => {
    const { nodes, links, accounts, balance } = planNetwork({});
    expect(nodes.map(({ name, role }) => `${name} ${role}`)).toEqual(['node1 full', 'node2 full', 'node3 full']);
    expect(nodes[0]!.accounts).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(links).toHaveLength(3);
    expect([accounts, balance]).toEqual([10, 5_000_000_000n]);
  });

  it('gives accounts that no node asks for to the first full node', () => {
    const { nodes } = planNetwork({ accounts: 4, nodes: [{ role: 'light' }, {}, { accounts: [2] }] });
    expect(nodes.map((node) => node.accounts)).toEqual([[], [0, 1, 3], [2]]);
  });

  it('gives no accounts to a bitcoind', () => {
    const { nodes } = planNetwork({ ...processes, accounts: 2, nodes: [{ kind: 'bitcoind', path: 'x' }, {}] });
    expect(nodes.map(({ kind, path, accounts }) => [kind, path, accounts])).toEqual([
      ['bitcoind', 'x', []],
      ['pier', undefined, [0, 1]],
    ]);
  });

  it('lets light nodes open the connection', () => {
    const { links } = planNetwork({ shape: 'star', nodes: [{}, { role: 'light' }, {}] });
    expect(links.map(({ from, to }) => `${from} ${to}`)).toEqual(['node2 node1', 'node3 node1']);
    const [link] = planNetwork({
      nodes: [{}, { role: 'light' }],
      links: [{ between: ['node1', 'node2'], latency: 5 }],
    }).links;
    expect(planNetwork({ nodes: [{}, { role: 'light' }, { role: 'light' }] }).links).toHaveLength(2);
    expect(link).toMatchObject({ from: 'node2', to: 'node1', conditions: { latency: 5, jitter: 0, loss: 0 } });
  });

  it('refuses invalid options with their path', () => {
    const cases: [NetworkOptions, string][] = [
      [{ nodes: 0 }, 'nodes: 0 is not a whole number from 1 to 1000'],
      [{ nodes: 1.5 }, 'nodes: 1.5 is'],
      [{ nodes: [] }, 'nodes: a list of 0 is not a list of 1 to 1000 nodes'],
      [{ nodes: '3' as never }, "nodes: '3' is not a number of nodes or a list of nodes"],
      [{ nodes: [3 as never] }, 'nodes[0]: 3 is not a node: an object with name,'],
      [{ nodes: [{ name: '1st' }] }, "nodes[0].name: '1st' is not a name"],
      [{ nodes: [{ name: 'a' }, { name: 'a' }] }, "nodes[1].name: another node is called 'a'"],
      [{ nodes: [{ role: 'seed' as never }] }, "nodes[0].role: 'seed' is not one of central, full,"],
      [{ nodes: [{ role: 'light' }] }, 'nodes: at least one node must be a full node'],
      [{ nodes: [{ accounts: [10] }] }, 'nodes[0].accounts[0]: there is no account 10: 10 are numbered from 0'],
      [{ nodes: [{ accounts: [1] }, { accounts: [1] }] }, 'nodes[1].accounts[0]: account 1 has a node already'],
      [{ nodes: [{}, { role: 'light', accounts: [1] }] }, 'nodes[1].accounts: a light node holds no accounts'],
      [{ nodes: [{ rpc: 0 }, { rpc: 0 }, { rpc: 7 }, { rpc: 7 }] }, 'nodes[3].rpc: node3 has port 7 too'],
      [{ nodes: [{ p2p: 7 }, { rpc: 7 }] }, 'nodes[1].rpc: node1 has port 7 too'],
      [{ nodes: [{}, { rpc: 7, p2p: 7 }] }, 'nodes[1].p2p: its rpc has port 7 too'],
      [{ nodes: [{ p2p: 70_000 }] }, 'nodes[0].p2p: 70000 is not a whole number from 0 to 65535'],
      [{ nodes: [{}, { role: 'light', p2p: true }] }, 'nodes[1].p2p: a light node accepts no peers'],
      [{ nodes: [{ rpc: 70_000 }] }, 'nodes[0].rpc: 70000 is not a whole number from 0 to 65535'],
      [{ nodes: [{ rpc: 'yes' as never }] }, "nodes[0].rpc: 'yes' is not true, false or a port"],
      [{ nodes: [{}, { Role: 'light' } as never] }, 'nodes[1].Role: there is no such option'],
      [{ nodes: [{}, { kind: 'btcd' as never }] }, "nodes[1].kind: 'btcd' is not one of pier, bitcoind"],
      [{ nodes: [{}, { kind: 'bitcoind' }] }, "nodes[1].kind: a bitcoind is a process: give engine 'processes' too"],
      [
        { ...processes, network: 'classroom', nodes: [{}, { kind: 'bitcoind' }] },
        'nodes[1].kind: a bitcoind is a node of regtest only, not of classroom',
      ],
      [{ ...processes, nodes: [{ kind: 'bitcoind' }] }, 'nodes: at least one node must be a full node of Pier'],
      [{ ...processes, nodes: [{ kind: 'bitcoind' }, { role: 'light' }] }, 'nodes: at least one node must be a full'],
      [{ ...processes, nodes: [{}, { kind: 'bitcoind', role: 'light' }] }, 'nodes[1].role: a bitcoind is a full node'],
      [{ ...processes, nodes: [{}, { kind: 'bitcoind', accounts: [0] }] }, 'nodes[1].accounts: a bitcoind holds no ac'],
      [{ ...processes, nodes: [{ path: 'x' }] }, "nodes[0].path: only a node of kind 'bitcoind' has a path"],
      [
        { ...processes, nodes: [{}, { kind: 'bitcoind', path: '' }] },
        "nodes[1].path: '' is not a text with characters",
      ],
      [{ node: 3 } as never, 'node: there is no such option'],
      [null as never, 'null is not an object with the options of a network'],
      [{ accounts: -1 }, 'accounts: -1 is'],
      [{ accounts: 1_001 }, 'accounts: 1001 is'],
      [{ seed: -1 }, 'seed: -1 is'],
      [{ shape: 'tree' as never }, "shape: 'tree' is not one of line, ring,"],
      [{ conditions: { loss: 1 } }, 'conditions.loss: 1 is not a share from 0 to below 1'],
      [{ conditions: { latency: -1 } }, 'conditions.latency: -1 is not a number of milliseconds from 0 to 3600000'],
      [{ conditions: { delay: 1 } as never }, 'conditions.delay: there is no such option'],
      [
        { links: [{ between: ['node1', 'node4'] }] },
        "links[0].between[1]: no node is called 'node4'; there are node1, n",
      ],
      [{ links: [{ between: ['node1', 'node1'] }] }, "links[0].between: 'node1' cannot be linked to itself"],
      [
        { links: [{ between: ['node1', 'node2'] }, { between: ['node2', 'node1'] }] },
        'links[1].between: node2 and node1 are linked already',
      ],
      [
        { nodes: [{}, { role: 'light' }, { role: 'light' }], shape: 'line' },
        'shape: node3 and node2 are light nodes, which do not accept connections',
      ],
      [{ links: [{ between: ['node1'] as never }] }, 'links[0].between: a list of 1 is not a list of the names of two'],
      [{ links: [{} as never] }, 'links[0].between: nothing is not a list of the names of two nodes'],
      [{ links: [{ between: ['node1', 'node2'], loss: '0' as never }] }, "links[0].loss: '0' is not a share from 0"],
      [{ network: 'main' }, 'network: main is public'],
      [{ network: 'mein' }, "network: unknown network 'mein'"],
      [{ mnemonic: 'test test' }, 'mnemonic: not a BIP39 mnemonic'],
      [{ balance: 1.5 as never }, 'balance: 1.5 is not an amount: bitcoins as a decimal string'],
      [{ balance: '1,5' }, "balance: '1,5' is not an amount"],
      [{ balance: '21000001' }, "balance: '21000001' is not an amount"],
      [{ balance: -1n }, 'balance: -1 is not an amount'],
      [{ engine: 'docker' as never }, "engine: 'docker' is not one of memory, processes"],
      [{ dataDir: '/tmp/x' }, "dataDir: a network in memory has no files: give engine 'processes' too"],
      [{ engine: 'processes', dataDir: '' }, "dataDir: '' is not a text with characters"],
    ];
    for (const [options, message] of cases) {
      expect(() => planNetwork(options), message).toThrow(
        expect.objectContaining({ code: 'bad-topology', message: expect.stringContaining(message) }),
      );
    }
  });

  it('reports all faults of the form of options at once', () => {
    const options = { nodes: [{ role: 'seed', color: 'red' }, {}], seed: 0.5, 'a\nb': 1 };
    expect(() => planNetwork(options as never)).toThrow(
      expect.objectContaining({
        message: [
          "nodes[0].role: 'seed' is not one of central, full, miner, wallet, light",
          'nodes[0].color: there is no such option',
          'seed: 0.5 is not a whole number from 0 to 4294967295',
          "['a\\nb']: there is no such option",
        ].join('\n'),
      }),
    );
    const many = { nodes: Array.from({ length: 100 }, () => ({ role: 'seed' })) };
    expect(() => planNetwork(many as never)).toThrow(/nodes\[19\]\.role: .*\nand 80 more$/);
  });

  it('takes options that are undefined as absent', () => {
    const { links, ...plan } = planNetwork({
      ...{ nodes: undefined, seed: undefined, network: undefined, balance: undefined, engine: undefined },
      conditions: { latency: undefined, jitter: 3 },
    });
    expect(plan).toMatchObject({ seed: 1, accounts: 10, balance: 5_000_000_000n, engine: 'memory' });
    expect(links[0]!.conditions).toEqual({ latency: 0, jitter: 3, loss: 0, bandwidth: 0 });
  });

  it('keeps engine and data directory', () => {
    expect(planNetwork({ engine: 'processes', dataDir: '/tmp/x' })).toMatchObject({
      engine: 'processes',
      dataDir: '/tmp/x',
    });
  });
});

describe('toSatoshis', () => {
  it('takes decimal strings and bigints, and refuses floats', () => {
    expect(toSatoshis('1.5')).toBe(150_000_000n);
    expect(toSatoshis('0.00000001')).toBe(1n);
    expect(toSatoshis(7n)).toBe(7n);
    for (const wrong of ['1,5', '1e-8', '', '-1', '0.000000001', -1n, 1.5, undefined]) {
      expect(() => toSatoshis(wrong as never), String(wrong)).toThrow(expect.objectContaining({ code: 'bad-amount' }));
    }
  });
});
