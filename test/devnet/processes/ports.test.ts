import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import { freeNodeIds, isPortFree } from '../../../src/devnet/processes/ports.ts';
import { RPC_PORT_OFFSET } from '../../../src/node/config.ts';

const servers: Server[] = [];

async function occupy(port: number): Promise<number> {
  const server = createServer();
  servers.push(server);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as { port: number }).port;
}

afterEach(() => {
  vi.restoreAllMocks();
  for (const server of servers.splice(0)) server.close();
});

it('chooses node ids whose P2P and RPC ports are both free', async () => {
  const [first, second, third] = await freeNodeIds(3);
  await occupy(first!);
  await occupy(second! + RPC_PORT_OFFSET);
  expect([await isPortFree(first!), await isPortFree(second!), await isPortFree(second! + RPC_PORT_OFFSET)]).toEqual([
    false,
    true,
    false,
  ]);
  // The random numbers that lead to these ids, which lie between 10,000 and 22,000.
  const random = [first!, second!, third!].map((id) => (id - 10_000 + 0.5) / 12_000);
  vi.spyOn(Math, 'random').mockImplementation(() => random.shift()!);
  expect(await freeNodeIds(1)).toEqual([third]);
});
