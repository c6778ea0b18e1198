import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { RpcClient } from '../../../src/api/client/rpc-client.ts';
import { createNetwork } from '../../../src/devnet/network/create-network.ts';
import type { NodeNetwork } from '../../../src/devnet/network/node-network.ts';
import { isPortFree } from '../../../src/devnet/processes/ports.ts';

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
  const waiting = client.call('waitfornewblock', [0]);
  // A call after it on another connection: the wait has begun.
  expect(await new RpcClient(first!.rpc!).call('getblockcount')).toBe(height + 1);
  await network.revert(id);
  expect(await client.call('getblockcount')).toBe(height);
  expect(await waiting).toMatchObject({ height: expect.any(Number) });

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

  await expect(createNetwork({ nodes: [{ rpc: port }] })).rejects.toMatchObject({ code: 'rpc-port-taken' });
  await network.close();
  expect(await isPortFree(port)).toBe(true);
  expect(existsSync(dirname(cookieFile))).toBe(false);
});
