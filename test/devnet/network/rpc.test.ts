import { existsSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { dirname } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { RpcClient } from '../../../src/api/client/rpc-client.ts';
import { RpcCode } from '../../../src/api/json/rpc-error.ts';
import { createNetwork } from '../../../src/devnet/network/create-network.ts';
import type { NetworkNode } from '../../../src/devnet/network/network-node.ts';
import type { NodeNetwork } from '../../../src/devnet/network/node-network.ts';
import { isPortFree } from '../../../src/devnet/processes/ports.ts';
import { engineNames } from '../../../src/devnet/topology/network-options.ts';
import { waitFor } from '../../support/wait.ts';

let network: NodeNetwork;
afterEach(() => network?.close());

it('serves RPC over HTTP where asked, at one port and with one password through stops and reverts', async () => {
  network = await createNetwork({ nodes: [{ rpc: true }, {}, { rpc: true, role: 'light' }] });
  const [first, second, light] = network.nodes;
  expect(second!.rpc).toBe(undefined);
  const { url, cookieFile, port } = first!.rpc!;
  const client = new RpcClient(first!.rpc!);
  const height = await client.call<number>('getblockcount');
  expect(await new RpcClient(light!.rpc!).call('getblockcount')).toBe(height);

  const id = await network.snapshot();
  await network.mine();
  expect(await client.call('getblockcount')).toBe(height + 1);
  await network.revert(id);
  expect(await client.call('getblockcount')).toBe(height);

  await first!.stop();
  expect(await isPortFree(port)).toBe(true);
  await expect(client.call('getblockcount')).rejects.toMatchObject({
    code: expect.stringMatching(/node-not-running|rpc-/),
  });
  await first!.start();
  expect(first!.rpc).toMatchObject({ url, port });
  const [credentials] = [new URL(url)];
  const reply = await fetch(`http://127.0.0.1:${port}/`, {
    method: 'POST',
    body: '{"id":1,"method":"getblockcount"}',
    headers: {
      authorization: `Basic ${Buffer.from(`${credentials!.username}:${credentials!.password}`).toString('base64')}`,
    },
  });
  expect(await reply.json()).toEqual({ result: height, error: null, id: 1 });

  await network.close();
  expect(await isPortFree(port)).toBe(true);
  expect(existsSync(dirname(cookieFile))).toBe(false);
});

describe('calls that wait', () => {
  const calls = {
    // A client sends one call at a time.
    'over HTTP': (node: NetworkNode) => (method: string, params: unknown[]) =>
      new RpcClient(node.rpc!).call(method, params),
    'in the process': (node: NetworkNode) => (method: string, params: unknown[]) => node.call(method, params),
  };

  it.each(Object.entries(calls))('see a revert as a reorganisation, and wait on: %s', async (_, callOf) => {
    network = await createNetwork({ nodes: [{ rpc: true }, {}], accounts: 0 });
    const node = network.node('node1');
    const call = callOf(node);
    const { height, tip } = await node.view();
    const id = await network.snapshot();
    const [, last] = await network.mine(2);
    const { longpollid } = (await call('getblocktemplate', [{ rules: ['segwit'] }])) as { longpollid: string };

    let isOver = false;
    const forHeight = call('waitforblockheight', [height + 3]).then((result) => {
      isOver = true;
      return result;
    });
    const waiting = [
      call('waitfornewblock', [0]),
      call('waitfornewblock', [0, last]),
      call('waitforblock', [tip]),
      call('getblocktemplate', [{ rules: ['segwit'], longpollid }]),
      call('waitforblockheight', [height + 100, 1_000]),
    ];
    // All have begun, and this call.
    const active = async () =>
      ((await call('getrpcinfo', [])) as { active_commands: unknown[] }).active_commands.length;
    await waitFor(async () => (await active()) === waiting.length + 2);
    await network.revert(id);
    const reverted = { hash: tip, height };
    expect(await waiting[0]).toEqual(reverted);
    expect(await waiting[1]).toEqual(reverted);
    expect(await waiting[2]).toEqual(reverted);
    expect(await waiting[3]).toMatchObject({ previousblockhash: tip, height: height + 1 });
    // At its timeout it shows the tip of the node that there is now.
    expect(await waiting[4]).toEqual(reverted);
    expect(isOver).toBe(false);

    const next = call('waitfornewblock', [0]);
    await waitFor(async () => (await active()) === 3);
    await network.mine(2);
    expect(await next).toMatchObject({ height: height + 1 });
    expect(isOver).toBe(false);
    const [third] = await network.mine(1);
    expect(await forHeight).toEqual({ hash: third, height: height + 3 });

    const ended = call('waitfornewblock', [0]);
    await waitFor(async () => (await active()) === 2);
    await node.stop();
    expect(await ended).toEqual({ hash: third, height: height + 3 });
  });
});

it.each(engineNames)('names the option of a port that is taken, before it starts a node (%s)', async (engine) => {
  const taken = createServer();
  const port = await new Promise<number>((resolve) =>
    taken.listen(0, '127.0.0.1', () => resolve((taken.address() as AddressInfo).port)),
  );
  try {
    for (const option of ['rpc', 'p2p'] as const) {
      await expect(createNetwork({ engine, nodes: [{}, { [option]: port }] })).rejects.toMatchObject({
        code: 'port-in-use',
        message: `nodes[1].${option}: port ${port} of 127.0.0.1 is in use by another program`,
        hint: expect.stringContaining('true instead of a port'),
      });
    }
  } finally {
    await new Promise((resolve) => taken.close(resolve));
  }
});

it('gives the next step with errors of RPC', async () => {
  network = await createNetwork({ nodes: [{ name: 'shop' }, { name: 'phone', role: 'light' }], accounts: 2 });
  const [alice, bob] = network.accounts;
  const shop = network.node('shop');
  const cases: [() => Promise<unknown>, number, string][] = [
    [() => shop.call('getblockcont'), RpcCode.METHOD_NOT_FOUND, "node('shop').call('help') lists its methods."],
    [() => network.node('phone').call('getmempoolinfo'), RpcCode.METHOD_NOT_FOUND, 'a light node has fewer'],
    [() => shop.call('getbalance'), RpcCode.WALLET_NOT_SPECIFIED, "call('getbalance', [], account.wallet)"],
    [() => shop.call('getbalance', [], 'account9'), RpcCode.WALLET_NOT_FOUND, "call('listwallets')"],
    [() => alice!.pay(bob!, '1000'), RpcCode.WALLET_INSUFFICIENT_FUNDS, 'network.faucet(account, amount)'],
    [() => shop.call('getblockhash', ['x']), RpcCode.TYPE_ERROR, "call('help', ['getblockhash'])"],
    [() => shop.call('getblockhash', [1e6]), RpcCode.INVALID_PARAMETER, "call('help', ['getblockhash'])"],
    [() => shop.call('getblockhash', []), RpcCode.MISC_ERROR, "call('help', ['getblockhash'])"],
  ];
  for (const [call, rpcCode, hint] of cases) {
    await expect(call(), hint).rejects.toMatchObject({ rpcCode, hint: expect.stringContaining(hint) });
  }
  // What the hints name works.
  expect(await shop.call('help')).toContain('getblockcount');
  expect(await shop.call('help', ['getblockhash'])).toContain('height');
  expect(await shop.call('listwallets')).toContain(alice!.wallet);
  expect(await shop.call('getbalance', [], alice!.wallet)).toBe(50);
  // Coins are no remedy for these, which have the code of too few.
  const tooSmall = { rpcCode: RpcCode.WALLET_INSUFFICIENT_FUNDS, hint: undefined };
  await expect(alice!.pay(bob!, '0.00000001')).rejects.toMatchObject(tooSmall);
  const payAll = async () => {
    for (let i = 0; i < 100; i++) await alice!.pay(alice!, '49', { subtractFee: true });
  };
  await expect(payAll()).rejects.toMatchObject({ hint: 'network.mine() confirms them.' });
});
