import { afterAll, expect, it } from 'vitest';
import { connectPort } from '../../src/control/client/connect-port.ts';
import type { ControlClient } from '../../src/control/client/control-client.ts';
import { type ControlEvent, controlEvent } from '../../src/control/protocol/events.ts';
import { methods } from '../../src/control/protocol/methods.ts';
import { ControlService } from '../../src/control/server/control-service.ts';
import { createNetwork } from '../../src/devnet/network/create-network.ts';
import type { NodeNetwork } from '../../src/devnet/network/node-network.ts';

let network: NodeNetwork;
let service: ControlService;
let client: ControlClient;
afterAll(async () => {
  await client?.close();
  service?.close();
  await network?.close();
});

it('node.add adds a node, which the events report with its links and its download', async () => {
  network = await createNetwork({ nodes: [{ rpc: true }, { rpc: true }, { rpc: true }], accounts: 1 });
  service = new ControlService(network, { name: 'test' });
  const { port1, port2 } = new MessageChannel();
  service.attachPort(port1 as never);
  client = connectPort(port2 as never);
  const events = await client.events({ types: ['node', 'link', 'block'] });
  const links = ['node1', { to: 'node3', latency: 1 }];
  const added = await client.call('node.add', { role: 'wallet', name: 'late', links, timeout: 60_000 });
  expect(methods['node.add'].result.safeParse(added)).toMatchObject({ success: true });
  const { height, tip } = await network.node('node1').view();
  expect(added).toMatchObject({ name: 'late', role: 'wallet', status: 'running', answers: true, height, tip });
  expect(added.rpcUrl).toBe(`http://127.0.0.1:${network.node('late').rpc!.port}/`);
  const isTip = (event: ControlEvent) => event.type === 'block' && event.node === 'late' && event.height === height;
  const seen: ControlEvent[] = [];
  for await (const event of events) {
    seen.push(event as ControlEvent);
    if (isTip(event as ControlEvent)) break;
  }
  for (const event of seen) expect(controlEvent.safeParse(event)).toMatchObject({ success: true });
  const own = seen.filter((event) => 'node' in event && event.node === 'late');
  expect(own[0]).toMatchObject({ type: 'node', role: 'wallet', height: 0 });
  expect(own.filter(({ type }) => type === 'block')).toHaveLength(height);
  expect(seen.filter(({ type }) => type === 'link')).toMatchObject([
    { from: 'late', to: 'node1', isCut: false },
    { from: 'late', to: 'node3', conditions: { latency: 1 } },
  ]);
  expect((await client.call('links')).links).toHaveLength(network.links.length);
  await expect(client.call('node.add', { links: ['nowhere'] })).rejects.toMatchObject({
    ...{ message: expect.stringMatching(/^links\[0\]: no node/), hint: "'pier status' lists the nodes." },
  });
});
