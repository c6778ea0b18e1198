import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectControl } from '../../src/control/client/connect.ts';
import type { CallableMethod, ControlClient } from '../../src/control/client/control-client.ts';
import { type ControlEvent, eventsNotification } from '../../src/control/protocol/events.ts';
import { methods } from '../../src/control/protocol/methods.ts';
import { NetworkControl } from '../../src/control/server/network-control.ts';
import { createNetwork } from '../../src/devnet/network/create-network.ts';
import type { NodeNetwork } from '../../src/devnet/network/node-network.ts';
import { PierError } from '../../src/platform/errors.ts';

const TOKEN = 'a'.repeat(64);
let network: NodeNetwork;
let control: NetworkControl;
let client: ControlClient;
/** How often a client has asked for the end of the network. */
let downs = 0;

beforeAll(async () => {
  network = await createNetwork({ nodes: [{ rpc: true }, {}, {}], accounts: 2, shape: 'line' });
  control = await NetworkControl.start(network, { name: 'test', port: 0, token: TOKEN, onDown: () => downs++ });
  client = await connectControl({ url: control.url, token: TOKEN });
}, 60_000);

afterAll(async () => {
  await client?.close();
  await control?.close();
  await network?.close();
});

/** Reads events until one matches. */
async function until(events: AsyncIterable<{ type: string }>, matches: (event: ControlEvent) => boolean) {
  const seen: ControlEvent[] = [];
  for await (const event of events) {
    seen.push(event as ControlEvent);
    if (matches(event as ControlEvent)) return seen;
  }
  throw new Error('the events have ended');
}

describe('the methods of the control server', () => {
  it('do what the network does, with results as the schema says', async () => {
    const checked = async <M extends CallableMethod>(method: M, params: Parameters<typeof client.call<M>>[1]) => {
      const result = await client.call(method, params);
      expect(methods[method].result.safeParse(result)).toMatchObject({ success: true });
      return result;
    };
    const status = await checked('status', {});
    expect(status).toMatchObject({ name: 'test', network: 'regtest', control: control.url, mining: 'manual' });
    expect(status.nodes.map(({ name }) => name)).toEqual(['node1', 'node2', 'node3']);
    expect(status.nodes[0]).toMatchObject({ role: 'full', status: 'running', peers: 1, mempool: 0 });
    expect(status.nodes[0]!.rpcUrl).toBe(`http://127.0.0.1:${network.node('node1').rpc!.port}/`);
    const { height } = await network.node('node1').view();

    const { txid } = await checked('pay', { from: 0, to: 1, amount: '1.5' });
    await checked('faucet', { to: network.accounts[1]!.address, amount: '0.25' });
    const { hashes } = await checked('mine', { blocks: 2, by: 'node2', to: 1 });
    expect(hashes).toHaveLength(2);
    expect(await network.node('node1').call('getblockhash', [height + 2])).toBe(hashes[1]);
    expect(await network.node('node3').call('getrawtransaction', [txid, 1, hashes[0]])).toMatchObject({ txid });
    const { accounts } = await checked('accounts', {});
    expect(accounts[1]!.balance).toBe('51.75000000');
    expect(accounts[0]!.keys.bech32.address).toBe(network.accounts[0]!.address);

    await checked('snapshot.save', { name: 'before' });
    expect((await checked('reorg', { depth: 2 })).lost).toEqual(hashes);
    expect((await checked('partition', { groups: [['node1']] })).cut).toMatchObject([{ isCut: true }]);
    expect((await checked('links', {})).links.filter(({ isCut }) => isCut)).toHaveLength(1);
    await checked('mine', { by: 'node1' });
    await checked('mine', { by: 'node3', blocks: 2 });
    await checked('heal', {});
    const tips = (await checked('status', {})).nodes.map(({ tip }) => tip);
    expect(new Set(tips).size).toBe(1);
    expect(await checked('snapshot.save', {})).toMatchObject({ name: '2' });
    expect(await checked('snapshot.restore', { name: 'before' })).toMatchObject({ height: height + 2 });
    expect((await network.node('node3').view()).tip).toBe(hashes[1]);
    await checked('snapshot.delete', { name: '2' });
    expect((await checked('snapshot.list', {})).snapshots.map(({ name }) => name)).toEqual(['before']);

    expect(await checked('link', { between: ['node1', 'node2'], latency: 3 })).toMatchObject({ latency: 3, loss: 0 });
    await checked('link', { between: ['node2', 'node1'], latency: 0, cut: true });
    expect(await checked('link', { between: ['node2', 'node1'], cut: false })).toMatchObject({ isCut: false });
    const [freeze, resume] = [vi.spyOn(network.time, 'freeze'), vi.spyOn(network.time, 'resume')];
    const before = network.time.now();
    const { time } = await checked('time', { increase: 3_600 });
    expect(time).toBeGreaterThanOrEqual(before + 3_600);
    await checked('time', { frozen: true });
    expect([freeze.mock.calls.length, resume.mock.calls.length]).toEqual([1, 0]);
    expect(await checked('time', { set: time + 5 })).toEqual({ time: time + 5 });
    await checked('time', { frozen: false });
    expect([freeze.mock.calls.length, resume.mock.calls.length]).toEqual([1, 1]);
    expect(await checked('mining', { mode: { transactions: 1 } })).toEqual({ mode: { transactions: 1 } });
    await checked('mining', { mode: 'manual' });
    expect(await checked('fees', {})).toEqual({ rate: null, backlog: 0 });
    const { backlog } = await checked('fees', { rate: 5 });
    expect(backlog).toBeGreaterThan(200);
    expect(await checked('fees', { rate: 0 })).toEqual({ rate: null, backlog });
    const { nodes: filled } = await checked('status', {});
    expect(filled.map((each) => [each.mempool, each.backlog])).toEqual([1, 2, 3].map(() => [backlog, backlog]));
    expect(await checked('load', { count: 3 })).toMatchObject({ sent: 3, refused: 0, refusals: [] });
    await checked('logs', {});
    await checked('stop', { node: 'node3' });
    expect((await checked('status', {})).nodes[2]).toMatchObject({ status: 'stopped', height: null, mempool: null });
    await checked('start', { node: 'node3' });
    await checked('pause', { node: 'node3' });
    await checked('resume', { node: 'node3' });
    await checked('kill', { node: 'node3' });
    await checked('start', { node: 'node3' });
    await checked('time', { increase: 10_000 });
    await checked('reset', {});
    const { nodes: first, time: now } = await checked('status', {});
    expect(first.map((node) => node.height)).toEqual([height, height, height]);
    expect(Math.abs(now - Date.now() / 1000)).toBeLessThan(600);
    expect(await checked('call', { node: 'node1', method: 'getnetworkinfo' })).toMatchObject({
      version: expect.any(Number),
    });
  });

  it('make the conflict of a payment that is not confirmed, and say why not of another', async () => {
    const { txid: first } = await client.call('pay', { from: 1, to: 0, amount: '1.5' });
    const second = await client.call('doublespend', { txid: first });
    expect(methods.doublespend.result.safeParse(second)).toMatchObject({ success: true });
    const mempool = async () => [...(await network.node('node1').view()).mempool!];
    expect(await mempool()).toEqual([second.txid]);
    const { txid } = await client.call('doublespend', { txid: second.txid, to: 'account0', feeRate: 200 });
    expect(await mempool()).toEqual([txid]);
    const entry = await network
      .node('node1')
      .call<{ vsize: number; fees: { base: number } }>('getmempoolentry', [txid]);
    expect(Math.floor((entry.fees.base * 1e8) / entry.vsize)).toBeCloseTo(200, -1);
    const { vout } = await network.node('node1').call<{ vout: object[] }>('getrawtransaction', [txid, 1]);
    expect(vout).toMatchObject([{ scriptPubKey: { address: network.accounts[0]!.address } }]);
    await network.mine();
    await expect(client.call('doublespend', { txid })).rejects.toMatchObject({
      ...{ code: 'bad-replacement', hint: "'pier reorg' lets its block lose first." },
      message: `payment ${txid} has 1 confirmations: no node replaces it`,
    });
    await expect(client.call('doublespend', { txid: first, feeRate: 0.5 as never })).rejects.toThrow('feeRate');
    // An account whose node is stopped has made none that could be replaced.
    await network.node('node1').stop();
    await expect(client.call('doublespend', { txid: first })).rejects.toMatchObject({ code: 'unknown-payment' });
    await network.node('node1').start();
    await client.call('reset', {});
  });

  it.each([
    ['mine', { blocks: -1 }, 'bad-argument', 'mine: blocks'],
    ['mine', { blocks: 1, what: 2 }, 'bad-argument', 'what'],
    ['mine', { by: 'node9' }, 'unknown-node', 'node9'],
    ['mining', { mode: { interval: '5' } }, 'bad-argument', "mining: mode.interval: '5' is not a number of seconds"],
    ['faucet', { to: 7, amount: '1' }, 'unknown-account', 'no account 7'],
    ['faucet', { to: 'foo', amount: '1' }, 'unknown-account', "no account is called 'foo'"],
    ['pay', { from: 'account0', to: 'bcrt1qfoofoofoo', amount: '1' }, 'bad-argument', 'an address of regtest: '],
    ['pay', { from: 0, to: 1, amount: '1.123456789' }, 'bad-argument', 'pay: amount'],
    ['doublespend', { txid: 'ab'.repeat(32) }, 'unknown-payment', `no account of a running node has made payment abab`],
    ['doublespend', { txid: 'AB'.repeat(32) }, 'bad-argument', 'doublespend: txid'],
    ['doublespend', { txid: 'ab'.repeat(32), feeRate: 0 }, 'bad-argument', 'doublespend: feeRate'],
    ['snapshot.restore', { name: 'none' }, 'unknown-snapshot', 'none'],
    ['snapshot.save', { name: 'before' }, 'snapshot-exists', 'before'],
    ['node.add', { role: 'boss' }, 'bad-argument', 'node.add: role'],
    ['node.add', { name: '../x' }, 'bad-argument', 'node.add: name'],
    ['node.add', { name: 'node1' }, 'node-exists', "name: a node is called 'node1' already"],
    ['node.add', { links: [] }, 'bad-argument', 'node.add: links'],
    ['node.add', { links: ['node9'] }, 'unknown-node', "links[0]: no node is called 'node9'"],
    ['node.add', { links: [{ to: 'node1', latency: -1 }] }, 'bad-argument', 'links[0].latency'],
    ['logs', { node: 'node9' }, 'unknown-node', 'node9'],
    ['logs', { lines: 0 }, 'bad-argument', 'logs: lines'],
    ['logs', { lines: 5_001 }, 'bad-argument', 'logs: lines'],
    ['unsubscribe', { subscription: '9' }, 'unknown-subscription', '9'],
    ['nonsense', {}, 'unknown-method', 'nonsense'],
  ])('refuse %s %j with %s', async (method, params, code, part) => {
    const failure = client.call(method as CallableMethod, params as never);
    await expect(failure).rejects.toMatchObject({ code, message: expect.stringContaining(part) });
  });

  it('show why the network fails to mine by itself', async () => {
    const events = await client.events({ types: ['mode'] });
    const mode = { transactions: 1 };
    await client.call('mining', { mode });
    const mine = vi.spyOn(network, 'mine').mockRejectedValue(new PierError('no-space', 'the disk is full'));
    await client.call('pay', { from: 0, to: 1, amount: '0.1' });
    const failure = { code: 'no-space', message: 'the disk is full' };
    const seen = await until(events, (event) => event.type === 'mode' && event.failure !== null);
    expect(seen).toMatchObject([
      { mining: mode, failure: null },
      { mining: mode, failure },
    ]);
    expect(eventsNotification.safeParse({ subscription: '1', events: seen })).toMatchObject({ success: true });
    const status = await client.call('status');
    expect(status).toMatchObject({ mining: mode, miningFailure: failure });
    expect(methods.status.result.safeParse(status)).toMatchObject({ success: true });
    mine.mockRestore();
    await client.call('mining', { mode: 'manual' });
    expect(await client.call('status')).toMatchObject({ mining: 'manual', miningFailure: null });
  });

  it('end a load whose client leaves', async () => {
    const traffic = vi.spyOn(network, 'traffic').mockClear();
    const leaver = await connectControl({ url: control.url, token: TOKEN });
    const events = await client.events({ types: ['transaction'] });
    const load = leaver.call('load', { seconds: 86_400, rate: 20 });
    await until(events, ({ type }) => type === 'transaction');
    const left = expect(load).rejects.toMatchObject({ code: 'disconnected' });
    await leaver.close();
    await left;
    const { sent } = (await traffic.mock.results[0]!.value) as { sent: number };
    expect(sent).toBeGreaterThan(0);
    traffic.mockRestore();
    await events.close();
    await client.call('mine');
  });

  it('ask for the end of the network, twice as well', async () => {
    expect(await client.call('down')).toBe(null);
    expect(await client.call('down')).toBe(null);
    await vi.waitFor(() => expect(downs).toBe(2));
  });

  it('are those of the OpenRPC document', async () => {
    const document = (await client.call('rpc.discover')) as {
      methods: { name: string; params: { name: string; required: boolean; schema: object }[] }[];
      'x-notifications': object[];
    };
    expect(document.methods.map(({ name }) => name)).toEqual(Object.keys(methods));
    const pay = document.methods.find(({ name }) => name === 'pay')!;
    expect(pay.params.map(({ name, required }) => [name, required])).toEqual([
      ['from', true],
      ['to', true],
      ['amount', true],
      ['feeRate', false],
    ]);
    expect(JSON.stringify(document['x-notifications'])).toContain('"const":"reorg"');
  });
});

describe('the logs of the nodes', () => {
  it("are merged by time, each node's lines in their order, and limited in number", async () => {
    const { hashes } = await client.call('mine', { by: 'node2' });
    const { lines, files } = await client.call('logs');
    expect(files).toEqual([]);
    const times = lines.map(({ time }) => time);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    const connected = lines.filter(
      ({ message, fields }) => message === 'connected block' && fields.block === hashes[0],
    );
    expect(new Map(connected.map(({ node, fields: { from } }) => [node, from === 'miner']))).toEqual(
      new Map([
        ['node1', false],
        ['node2', true],
        ['node3', false],
      ]),
    );
    for (let i = 0; i < 150; i++) network.node('node1').backend.log.add(`line ${i}`);
    expect((await client.call('logs')).lines).toHaveLength(100);
    const { lines: own } = await client.call('logs', { node: 'node2', lines: 1_000 });
    expect(new Set(own.map(({ node }) => node))).toEqual(new Set(['node2']));
    expect(own.map(({ line }) => line)).toEqual(own.map((_, i) => own[0]!.line + i));
    expect((await client.call('logs', { lines: 2 })).lines).toHaveLength(2);
  });

  it('are events for a client that asks for them, valid by their schema, with the time of the line', async () => {
    const events = await client.events({ types: ['log'] });
    const { hashes } = await client.call('mine', { by: 'node1' });
    const seen = await until(events, (e) => e.type === 'log' && e.node === 'node3' && e.fields.block === hashes[0]);
    expect(seen.every(({ type }) => type === 'log')).toBe(true);
    expect(eventsNotification.safeParse({ subscription: '1', events: seen })).toMatchObject({ success: true });
    const { number: _number, type: _type, ...line } = seen.at(-1) as Extract<ControlEvent, { type: 'log' }>;
    expect((await client.call('logs', { node: 'node3', lines: 1_000 })).lines).toContainEqual(line);
  });
});

describe('events of the control server', () => {
  it('are numbered without gaps, and valid by their schema', async () => {
    const events = await client.events({ types: ['block', 'transaction', 'message', 'wallet', 'mempool', 'header'] });
    const { txid } = await client.call('pay', { from: 0, to: 1, amount: '1' });
    const { hashes } = await client.call('mine');
    // Nodes count messages for a moment before they report them.
    const awaited: ((e: ControlEvent) => boolean)[] = [
      (e) => e.type === 'block' && e.node === 'node3' && e.hash === hashes[0],
      (e) => e.type === 'transaction' && e.change === 'added' && e.txid === txid,
      (e) => e.type === 'message' && e.from === 'node2' && e.to === 'node3',
    ];
    const missing = new Set(awaited);
    const seen = await until(events, (e) => {
      for (const matches of missing) if (matches(e)) missing.delete(matches);
      return missing.size === 0;
    });
    const numbers = seen.map(({ number }) => number);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    expect(numbers[0]).toBeGreaterThan(events.number);
    expect(eventsNotification.safeParse({ subscription: '1', events: seen })).toMatchObject({ success: true });
  });

  it('come only of the types asked for', async () => {
    const events = await client.events({ types: ['link'] });
    await client.call('mine');
    await client.call('link', { between: ['node1', 'node2'], latency: 1 });
    const [first] = await until(events, () => true);
    expect(first).toMatchObject({ type: 'link', conditions: { latency: 1 } });
    await client.call('link', { between: ['node1', 'node2'], latency: 0 });
  });

  it('continue after a number, each once, on another connection', async () => {
    const first = await connectControl({ url: control.url, token: TOKEN });
    const events = await first.events({ types: ['block'] });
    const { hashes } = await first.call('mine', { blocks: 3 });
    const before = await until(events, (e) => e.type === 'block' && e.node === 'node3' && e.hash === hashes[0]);
    await first.close();
    const { hashes: later } = await client.call('mine', { blocks: 2 });
    const after = { server: events.server, number: before.at(-1)!.number };
    const rest = await until(
      await client.events({ types: ['block'], after }),
      (e) => e.type === 'block' && e.node === 'node3' && e.hash === later[1],
    );
    const blocks = [...before, ...rest].map((e) => `${(e as { node: string }).node} ${(e as { hash: string }).hash}`);
    expect(blocks.length).toBe(new Set(blocks).size);
    for (const node of ['node1', 'node2', 'node3']) {
      expect(blocks.filter((each) => each.startsWith(node))).toEqual(
        [...hashes, ...later].map((hash) => `${node} ${hash}`),
      );
    }
  });

  it('are all that there are, after a number of another run of the server', async () => {
    const first = async (server: string, number: number) => {
      const events = await client.events({ types: ['block'], after: { server, number } });
      return [(await until(events, () => true))[0]!.number, events.server];
    };
    const { server, number } = await client.events();
    expect(number).toBeGreaterThan(20);
    expect(await first('another', 50)).toEqual(await first(server, 0));
    expect((await first(server, 15))[0]).toBeGreaterThan(15);
  });

  it('end with the connection, by an error', async () => {
    const other = await connectControl({ url: control.url, token: TOKEN });
    const events = await other.events();
    const reading = until(events, () => false);
    await other.close();
    await expect(reading).rejects.toMatchObject({ code: 'disconnected' });
    await expect(other.call('status')).rejects.toMatchObject({ code: 'disconnected' });
  });
});
