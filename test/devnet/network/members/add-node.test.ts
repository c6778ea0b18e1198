import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createNetwork } from '../../../../src/devnet/network/create-network.ts';
import type { NetworkEvent } from '../../../../src/devnet/network/events/network-events.ts';
import type { FeedEvent } from '../../../../src/devnet/network/events/network-feed.ts';
import { planAddedNode } from '../../../../src/devnet/network/members/plan-added-node.ts';
import type { NetworkNode } from '../../../../src/devnet/network/network-node.ts';
import type { NodeNetwork } from '../../../../src/devnet/network/node-network.ts';
import { InProcessNode } from '../../../../src/devnet/nodes/in-process-node.ts';
import { NodeProcess } from '../../../../src/devnet/processes/node-process.ts';
import { engineNames, type NetworkOptions } from '../../../../src/devnet/topology/network-options.ts';
import { planNetwork } from '../../../../src/devnet/topology/network-plan.ts';
import { findNetwork } from '../../../../src/node/networks.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { waitFor } from '../../../support/wait.ts';

/** Processes may be slow to answer on a busy machine. */
const wait = { timeout: 60_000 };

let network: NodeNetwork;
afterEach(async () => {
  vi.restoreAllMocks();
  await network?.close();
});

const names = () => network.nodes.map(({ name }) => name);
const ends = () => network.links.map(({ from, to }) => `${from} ${to}`);
const heights = () => Promise.all(network.nodes.map(async (node) => (await node.view()).height));

describe.each(engineNames)('addNode with the engine %s', { timeout: 120_000 }, (engine) => {
  const create = async (options: NetworkOptions) => {
    network = await createNetwork({ engine, accounts: 2, ...options });
  };

  it('adds a node that has chain and mempool of its peers, and takes part in everything', async () => {
    await create({ nodes: [{}, { role: 'light' }] });
    const [alice, bob] = network.accounts;
    const payment = await alice!.pay(bob!, '1');
    const fed: FeedEvent[] = [];
    const off = network.follow(['node', 'link', 'block', 'transaction', 'log'], (event) => fed.push(event));
    const ending = new AbortController();
    const events: NetworkEvent[] = [];
    const iterated = (async () => {
      for await (const event of network.events({ signal: ending.signal })) events.push(event);
    })();
    const nodes = network.nodes;
    const node = await network.addNode({ role: 'miner', links: ['node1', { to: 'node2', latency: 2 }], ...wait });
    expect([node.name, node.role, node.status, node.isFull]).toEqual(['node3', 'miner', 'running', true]);
    expect(network.nodes).toBe(nodes);
    expect([names(), network.node('node3')]).toEqual([['node1', 'node2', 'node3'], node]);
    // A light node opens the connection.
    expect(ends()).toEqual(['node2 node1', 'node3 node1', 'node2 node3']);
    expect(network.links.map(({ conditions }) => conditions.latency)).toEqual([0, 0, 2]);
    const base = (await network.node('node1').view()).height;
    expect(await node.view()).toMatchObject({ height: base, mempool: new Set([payment.txid]) });
    await waitFor(async () => (await node.view()).peers === 2);

    // It mines by default, as a miner of the topology does.
    const [hash] = await network.mine(1, wait);
    expect((await node.call<{ height: number }>('getmininginfo')).height ?? base + 1).toBe(base + 1);
    const { blockhash } = await alice!.node.call<{ blockhash: string }>(
      'gettransaction',
      [payment.txid],
      alice!.wallet,
    );
    expect(blockhash).toBe(hash);
    await network.synced(wait);
    expect(await heights()).toEqual([base + 1, base + 1, base + 1]);

    const known = () => events.filter((event) => event.type === 'block' && event.node === node).length;
    await waitFor(() => known() === base + 1);
    off();
    ending.abort();
    await iterated;
    const own = fed.filter((event) => 'node' in event && event.node === 'node3');
    expect(own[0]).toMatchObject({ type: 'node', role: 'miner', status: 'running', height: 0, peers: 0 });
    expect(fed.filter(({ type }) => type === 'link').slice(0, 2)).toMatchObject([
      { from: 'node3', to: 'node1', isCut: false },
      { from: 'node2', to: 'node3', conditions: { latency: 2 } },
    ]);
    // Its download is seen from the first block on.
    const blocks = own.filter((event) => event.type === 'block');
    expect(blocks.map(({ height }) => height)).toEqual(Array.from({ length: base + 1 }, (_, i) => i + 1));
    expect(own.some((event) => event.type === 'transaction' && event.change === 'added')).toBe(true);
    expect(own.some((event) => event.type === 'log')).toBe(true);
    const seen = events.filter((event) => event.type === 'link' || event.node === node);
    expect(seen[0]).toMatchObject({ type: 'node', node, status: 'running' });
    expect(seen.filter(({ type }) => type === 'link').map((event) => 'link' in event && event.link)).toEqual(
      network.links.slice(1),
    );
    expect(seen.filter(({ type }) => type === 'block')).toHaveLength(base + 1);
  });

  it('lets it be divided from the others, mine by itself, wait and pay as the others do', async () => {
    await create({ nodes: 2 });
    const node = await network.addNode({ name: 'pool', role: 'miner', ...wait });
    expect(ends()).toEqual(['node2 node1', 'pool node1', 'pool node2']);
    const base = (await node.view()).height;
    await network.partition([[node]]);
    expect(network.links.map(({ isCut }) => isCut)).toEqual([false, true, true]);
    await network.mine(2, { by: node, ...wait });
    await network.mine(1, { by: 'node1', ...wait });
    expect(await heights()).toEqual([base + 1, base + 1, base + 2]);
    await network.heal(wait);
    expect(await heights()).toEqual([base + 2, base + 2, base + 2]);
    network.time.freeze();
    network.time.increase(86_400);
    const [hash] = await network.mine(1, wait);
    const { time } = await node.call<{ time: number }>('getblockheader', [hash]);
    expect(time).toBe(network.time.now());
    await node.call('createwallet', ['own']);
    const address = await node.call<string>('getnewaddress', [], 'own');
    network.mining = { transactions: 1 };
    const payment = await network.accounts[0]!.pay(address, '1.5');
    await payment.confirmed(1, wait);
    await network.synced(wait);
    expect(await node.call('getbalance', [], 'own')).toBe(1.5);
    await node.kill();
    await node.start();
    await network.synced(wait);
    expect((await node.view()).height).toBe((await network.node('node1').view()).height);
  });

  it('keeps it beyond states without it, and has it in later ones', async () => {
    await create({ nodes: 2, conditions: { latency: 1 } });
    const before = await network.snapshot();
    const node = await network.addNode({ role: 'wallet', name: 'late', links: ['node2'], ...wait });
    await node.call('createwallet', ['own']);
    const link = network.link('late', 'node2');
    expect(link.conditions.latency).toBe(1);
    const after = await network.snapshot();
    const [lost] = await network.mine(1, wait);
    const base = (await node.view()).height - 1;
    link.set({ latency: 7 });
    await link.cut();
    await node.stop();

    await network.revert(before);
    expect([link.isCut, link.conditions.latency, node.status]).toEqual([false, 1, 'running']);
    expect(await heights()).toEqual([base, base, base]);
    expect(await node.call('listwallets')).toEqual([]);
    // Nothing of the time that is undone is left on it.
    await expect(node.call('getblockheader', [lost])).rejects.toMatchObject({ code: 'rpc-error' });
    await network.revert(after);
    expect(await node.call('listwallets')).toEqual(['own']);
    await network.mine(1, wait);
    await network.reset();
    expect(await heights()).toEqual([base, base, base]);
    expect(await node.call('listwallets')).toEqual([]);

    await network.revert(after);
    await node.pause();
    const state = await network.saveState();
    await network.addNode({ links: ['node1'], ...wait });
    await expect(network.load(state)).rejects.toMatchObject({
      code: 'bad-state',
      message: expect.stringContaining('nodes: 4 instead of 3'),
    });
    await network.close();
    network = await createNetwork({ engine, state });
    expect(names()).toEqual(['node1', 'node2', 'late']);
    expect([network.node('late').role, network.node('late').status, ends()]).toEqual([
      ...['wallet', 'paused'],
      ['node2 node1', 'late node2'],
    ]);
    await network.node('late').resume();
    expect(await network.node('late').call('listwallets')).toEqual(['own']);
    const other = await network.addNode(wait);
    expect([other.name, network.links.at(-1)!.conditions.latency]).toEqual(['node4', 1]);
  });

  it('has no effect if the node does not start, or the network closes meanwhile', async () => {
    await create({ nodes: 1 });
    const failure = new Error('the disk is full');
    const mock = () =>
      engine === 'memory'
        ? vi.spyOn(InProcessNode.prototype, 'start').mockRejectedValueOnce(failure)
        : vi.spyOn(NodeProcess, 'start').mockRejectedValueOnce(failure);
    mock();
    const fed: FeedEvent[] = [];
    network.follow(['node', 'link'], (event) => fed.push(event));
    await expect(network.addNode()).rejects.toBe(failure);
    expect([names(), ends(), fed]).toEqual([['node1'], [], []]);
    const folder = network.node('node1').logFile && join(network.node('node1').logFile!, '..', '..');
    if (folder) expect(await readdir(folder)).toEqual(['node1']);
    const id = await network.snapshot();
    // Two at once: each has a name of its own.
    const [a, b] = await Promise.all([network.addNode(wait), network.addNode(wait)]);
    expect([a!.name, b!.name]).toEqual(['node2', 'node3']);
    expect(ends()).toEqual(['node2 node1', 'node3 node1', 'node3 node2']);
    await network.revert(id);
    await network.synced(wait);

    const nodes: NetworkNode[] = [...network.nodes];
    const adding = network.addNode();
    adding.catch(() => {});
    await network.close();
    await expect(adding).rejects.toMatchObject({ code: 'network-closed' });
    expect(names()).toEqual(['node1', 'node2', 'node3']);
    expect(nodes.map(({ status }) => status)).toEqual(['stopped', 'stopped', 'stopped']);
    if (folder) expect(existsSync(folder)).toBe(false);
    await expect(network.addNode()).rejects.toMatchObject({ code: 'network-closed' });
  });
});

describe('addNode', () => {
  it('links a node to the central one, or to full nodes that run', async () => {
    const nodes = [{ name: 'phone', role: 'light' }, { name: 'a' }, { name: 'hub', role: 'central' }] as const;
    network = await createNetwork({ nodes, accounts: 1 });
    const linked = async (options = {}) => {
      const { name } = await network.addNode(options);
      return network.links.filter(({ from, to }) => [from, to].includes(name)).map(({ from, to }) => [from, to]);
    };
    expect(await linked({ role: 'light', name: 'other' })).toEqual([['other', 'hub']]);
    await network.node('hub').stop();
    expect(await linked({ name: 'node6' })).toEqual([['node6', 'a']]);
    // The name of the sixth is taken.
    expect(await linked()).toEqual([
      ['node7', 'a'],
      ['node7', 'node6'],
    ]);
    expect((await network.node('other').view()).height).toBe((await network.node('a').view()).height);
    for (const name of ['a', 'node6', 'node7']) await network.node(name).stop();
    await expect(network.addNode()).rejects.toMatchObject({ code: 'no-peer', hint: expect.stringContaining('start') });
  });

  it('refuses what cannot be, without effect', async () => {
    const nodes = [{ name: 'a' }, { name: 'off' }, { name: 'held' }, { name: 'phone', role: 'light' }] as const;
    network = await createNetwork({ nodes, accounts: 1 });
    await network.node('off').stop();
    await network.node('held').pause();
    const before = [names(), ends()];
    const cases: [Parameters<NodeNetwork['addNode']>[0], object][] = [
      [{ name: 'a' }, { code: 'node-exists', message: expect.stringContaining("'a' already") }],
      [{ links: ['x'] }, { code: 'unknown-node', message: expect.stringMatching(/links\[0\].*there are a, off/) }],
      [{ links: [network.node('a'), 'a'] }, { code: 'bad-argument', message: expect.stringContaining('twice') }],
      [{ links: ['phone'] }, { code: 'bad-argument', message: expect.stringContaining('a full node') }],
      [
        { role: 'light', links: ['a', 'phone'] },
        { code: 'bad-argument', message: expect.stringMatching(/s\[1\]/) },
      ],
      [{ links: ['off'] }, { code: 'node-stopped', message: expect.stringContaining('off is stopped') }],
      [{ links: ['held', 'off'] }, { code: 'node-paused' }],
      [{ role: 'boss' as never }, { code: 'bad-argument', message: expect.stringContaining('one of central, full') }],
      [{ name: '../a' }, { code: 'bad-argument' }],
    ];
    for (const [options, error] of cases) {
      await expect(network.addNode(options)).rejects.toMatchObject(error);
      expect([names(), ends()]).toEqual(before);
    }
    const added = await network.addNode({ links: ['off', 'a'] });
    expect(added.rpc ?? added.p2p).toBeUndefined();
    const many = Array.from({ length: 1_000 }, (_, i) => ({ ...network.nodes[0]!, name: `n${i}` }) as NetworkNode);
    const plan = planNetwork({ nodes: 1 }, findNetwork);
    expect(() => planAddedNode(plan, many, {})).toThrow(expect.objectContaining({ code: 'too-many-nodes' }));
  });

  it('gives it RPC and a port if all others have them', async () => {
    network = await createNetwork({ nodes: [{ rpc: true, p2p: true }], accounts: 1 });
    const { rpc, p2p } = await network.addNode();
    expect([rpc?.port, p2p]).toEqual([expect.any(Number), expect.stringMatching(/^127\.0\.0\.1:\d+$/)]);
    expect((await network.addNode({ role: 'light' })).p2p).toBeUndefined();
  });

  it('does not let a miner mine by default before it has the chain', async () => {
    network = await createNetwork({ nodes: 1, accounts: 2 });
    const base = (await network.node('node1').view()).height;
    const adding = network.addNode({ role: 'miner', links: [{ to: 'node1', latency: 200 }], ...wait });
    await waitFor(() => network.nodes.length === 2);
    expect((await network.nodes[1]!.view()).height).toBe(0);
    await network.mine(1, wait);
    expect((await network.node('node1').view()).height).toBe(base + 1);
    // A wait from before it was there does not end without it.
    await network.synced(wait);
    expect(await heights()).toEqual([base + 1, base + 1]);
    const payment = await network.accounts[0]!.pay(network.accounts[1]!, '1');
    await adding;
    network.link('node1', 'node2').set({ latency: 0 });
    await payment.seenBy('all', wait);
  });

  it('rejects after the time to wait, and the node stays and goes on', async () => {
    network = await createNetwork({ nodes: 1, accounts: 1 });
    const options = { role: 'miner', links: [{ to: 'node1', latency: 300 }] } as const;
    await expect(network.addNode({ ...options, timeout: 10 })).rejects.toMatchObject({
      code: 'wait-timeout',
      message: expect.stringContaining('node2 in sync'),
    });
    expect(names()).toEqual(['node1', 'node2']);
    network.link('node1', 'node2').set({ latency: 0 });
    await network.synced(wait);
    const miners: string[] = [];
    network.follow(['block'], (event) => {
      if (event.type === 'block') miners.push(event.node);
    });
    // Once it is in sync it mines by default: it is the first to have a block.
    await waitFor(async () => {
      miners.length = 0;
      await network.mine(1, wait);
      return miners[0] === 'node2';
    });
  });

  it('is over before the network has closed', async () => {
    network = await createNetwork({ nodes: 1, accounts: 1 });
    const { start } = InProcessNode.prototype;
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const spy = vi.spyOn(InProcessNode.prototype, 'start').mockImplementationOnce(async function (this: InProcessNode) {
      await held;
      await start.call(this);
    });
    const adding = network.addNode();
    adding.catch(() => {});
    await waitFor(() => spy.mock.contexts.length === 1);
    const order: string[] = [];
    const closing = network.close().then(() => order.push('closed'));
    for (let turn = 0; turn < 20; turn++) await setImmediate();
    order.push('started');
    release();
    await closing;
    expect(order).toEqual(['started', 'closed']);
    await expect(adding).rejects.toMatchObject({ code: 'network-closed' });
    expect((spy.mock.contexts[0] as InProcessNode).status).toBe('stopped');
  });

  it('follows a wait that began before it', async () => {
    network = await createNetwork({ nodes: 2, accounts: 1 });
    await network.link('node1', 'node2').cut();
    await network.mine(1, { by: 'node1' });
    const adding = network.addNode({ links: ['node1', 'node2'], ...wait });
    await adding;
    // Over it, the two halves agree.
    await network.synced(wait);
    expect(new Set(await heights()).size).toBe(1);
  });
});

describe('addNode of a network whose files stay', { timeout: 120_000 }, () => {
  const folder = tempDir('added-nodes');
  let count = 0;
  const open = async (dataDir: string, options: NetworkOptions = { nodes: 2 }) => {
    network = await createNetwork({ engine: 'processes', accounts: 1, dataDir, ...options });
  };

  it('continues with it, whether the options describe it or not', async () => {
    const dataDir = join(folder, `network${++count}`);
    await open(dataDir);
    await network.addNode({ name: 'pool', role: 'miner', links: [{ to: 'node2', latency: 3 }], ...wait });
    await network.addNode({ name: 'phone', role: 'light', links: ['pool'], ...wait });
    const [hash] = await network.mine(1, wait);
    const { height } = await network.node('pool').view();
    const ports = network.nodes.map(({ p2p }) => p2p);
    await network.close();
    expect((await readdir(dataDir)).sort()).toEqual(['network.json', 'node1', 'node2', 'phone', 'pool']);

    for (const options of [
      { nodes: 2 },
      {
        nodes: [{}, {}, { name: 'pool', role: 'miner' }, { name: 'phone', role: 'light' }],
        links: [
          { between: ['node2', 'node1'] },
          { between: ['pool', 'node2'], latency: 3 },
          { between: ['phone', 'pool'] },
        ],
      },
      { nodes: 2 },
    ] as const) {
      await open(dataDir, options);
      expect(names()).toEqual(['node1', 'node2', 'pool', 'phone']);
      expect(ends()).toEqual(['node2 node1', 'pool node2', 'phone pool']);
      expect(network.nodes.map(({ p2p }) => p2p)).toEqual(ports);
      expect(network.link('pool', 'node2').conditions.latency).toBe(3);
      expect(await network.node('pool').view()).toMatchObject({ height, tip: hash });
      await network.close();
    }
    await expect(open(dataDir, { nodes: 3 })).rejects.toMatchObject({ code: 'datadir-in-use' });

    // The state that it was created with has neither: both begin anew.
    await open(dataDir);
    await network.reset();
    expect(new Set(await heights())).toEqual(new Set([height - 1]));
  });

  it('continues with it after its process was killed, and without one whose addition was interrupted', async () => {
    const dataDir = join(folder, `network${++count}`);
    await open(dataDir);
    await network.addNode({ name: 'pool', ...wait });
    await network.mine(1, wait);
    const { tip } = await network.node('pool').view();
    // What a process that is killed leaves behind: the file as it was, with its owner.
    const { readFile, writeFile, mkdir } = await import('node:fs/promises');
    const file = JSON.parse(await readFile(join(dataDir, 'network.json'), 'utf8'));
    for (const node of network.nodes) await node.kill();
    await network.close();
    await writeFile(
      join(dataDir, 'network.json'),
      JSON.stringify({ ...file, owner: { ...file.owner, pid: 2 ** 22 + 1 }, nodes: [...file.nodes, 'late'] }),
    );
    await mkdir(join(dataDir, 'late'));
    await writeFile(join(dataDir, 'late', 'old'), '');
    await open(dataDir);
    expect(names()).toEqual(['node1', 'node2', 'pool']);
    expect((await network.node('pool').view()).tip).toBe(tip);
    await network.addNode({ name: 'late', ...wait });
    expect(existsSync(join(dataDir, 'late', 'old'))).toBe(false);
    // What is of others stays.
    await mkdir(join(dataDir, 'others'));
    await expect(network.addNode({ name: 'others' })).rejects.toMatchObject({ code: 'datadir-in-use' });
    expect([existsSync(join(dataDir, 'others')), names()]).toEqual([true, ['node1', 'node2', 'pool', 'late']]);
    vi.spyOn(NodeProcess, 'start').mockRejectedValueOnce(new Error('no memory'));
    await expect(network.addNode({ name: 'never' })).rejects.toThrow('no memory');
    expect(existsSync(join(dataDir, 'never'))).toBe(false);
    expect(await readFile(join(dataDir, 'network.json'), 'utf8')).not.toContain('never');
  });
});
