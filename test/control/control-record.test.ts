import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connectControl } from '../../src/control/client/connect.ts';
import type { ControlClient } from '../../src/control/client/control-client.ts';
import { type ControlRecord, findRecord, NetworkName, runningNetworks } from '../../src/control/control-record.ts';
import { NetworkControl } from '../../src/control/server/network-control.ts';
import type { NodeNetwork } from '../../src/devnet/network/node-network.ts';
import { tempDir } from '../support/temp-dir.ts';

let folder: string;
let path: string;
const open: { close(): unknown }[] = [];

beforeEach(() => {
  folder = tempDir('records');
  path = join(folder, 'net.json');
  vi.stubEnv('PIER_RUN_DIR', folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const each of open.splice(0).reverse()) await each.close();
});

/** A network that is never asked. */
const network = {
  description: { chain: 'regtest', mnemonic: 'test' },
  follow: () => () => {},
} as unknown as NodeNetwork;

/** Starts a control server, of a network that is being created; returns the record that it has. */
async function control(name = 'net', isServing = true): Promise<ControlRecord> {
  const server = await NetworkControl.listen({ port: 0 });
  if (isServing) server.serve(network, { name });
  open.push(server);
  return { name, pid: process.pid, url: server.url, token: server.token };
}

/** Starts another program; returns its address. */
async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({
    close: () => new Promise((resolve) => server.close(resolve)),
  });
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const write = (record: ControlRecord) => writeFileSync(path, JSON.stringify(record));
const written = () => JSON.parse(readFileSync(path, 'utf8')) as ControlRecord;

/** The record of a network whose process was killed, and whose process number another program has now. */
async function deadRecord(): Promise<ControlRecord> {
  const server = await NetworkControl.listen({ port: 0 });
  await server.close();
  return { name: 'net', pid: process.pid, url: server.url, token: server.token };
}

describe('the name of a network', () => {
  it('is claimed before the network is created, by one process, and given back', async () => {
    const record = await control('net', false);
    const name = await NetworkName.claim(record);
    expect(await findRecord('net')).toEqual(record);
    await expect(NetworkName.claim(await control())).rejects.toMatchObject({
      code: 'network-running',
      message: `a network called 'net' runs already (process ${process.pid})`,
      hint: expect.stringContaining('pier down --name net'),
    });
    const other = await NetworkName.claim(await control('other'));
    expect((await runningNetworks()).map((each) => each.name)).toEqual(['net', 'other']);
    await expect(findRecord(undefined)).rejects.toMatchObject({ code: 'which-network' });
    name.release();
    other.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([['no record'], ['a dead record'], ['a damaged record']])(
    'is of one of many that claim it at once, over %s',
    async (what) => {
      for (let round = 0; round < 5; round++) {
        if (what === 'a dead record') write(await deadRecord());
        if (what === 'a damaged record') writeFileSync(path, '{"name":"net","pi');
        const records = await Promise.all(Array.from({ length: 8 }, () => control()));
        const claims = await Promise.allSettled(records.map((record) => NetworkName.claim(record)));
        const won = claims.flatMap(({ status }, i) => (status === 'fulfilled' ? [records[i]] : []));
        expect(won).toEqual([written()]);
        for (const claim of claims) {
          if (claim.status === 'rejected') expect(claim.reason).toMatchObject({ code: 'network-running' });
          else claim.value.release();
        }
        expect(readdirSync(folder)).toEqual([]);
      }
    },
  );

  it('stays with a network that takes it while another one looks at the dead record', async () => {
    const live = await control();
    const url = await listen(
      createHttpServer((() => {}) as RequestListener).on('upgrade', (_request, socket) => {
        write(live);
        socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n');
      }),
    );
    write({ ...live, url });
    await expect(NetworkName.claim(await control())).rejects.toMatchObject({ code: 'network-running' });
    expect([written(), readdirSync(folder)]).toEqual([live, ['net.json']]);
  });

  it('is checked by claiming it again', async () => {
    const record = await control();
    const name = await NetworkName.claim(record);
    await NetworkName.claim(record);
    const other = await control();
    write(other);
    await expect(NetworkName.claim(record)).rejects.toMatchObject({ code: 'network-running' });
    name.release();
    expect(written()).toEqual(other);
  });

  it.each(['', 'a/b', '../up', '.hidden', 'x'.repeat(65)])("cannot be '%s'", async (name) => {
    const record = { ...(await control()), name };
    await expect(NetworkName.claim(record)).rejects.toMatchObject({ code: 'bad-name' });
    await expect(findRecord(name)).rejects.toMatchObject({ code: 'bad-name' });
  });
});

describe('a record', () => {
  const expectDead = async () => {
    expect(await runningNetworks()).toEqual([]);
    await expect(findRecord('net')).rejects.toMatchObject({ code: 'no-network' });
    await expect(findRecord(undefined)).rejects.toMatchObject({ code: 'no-network' });
    const record = await control();
    const name = await NetworkName.claim(record);
    expect(await findRecord(undefined)).toEqual(record);
    name.release();
    expect(existsSync(path)).toBe(false);
  };

  it('whose process number another program has is dead', async () => {
    write(await deadRecord());
    await expectDead();
  });

  it('is dead if another network has its port', async () => {
    write({ ...(await control()), token: 'f'.repeat(64) });
    await expectDead();
  });

  it.each([200, 404, 500])('is dead if another program has its port, which answers %i', async (status) => {
    const url = await listen(createHttpServer((_request, response) => response.writeHead(status).end()));
    write({ ...(await deadRecord()), url });
    await expectDead();
  });

  it.each(['', '{', 'null', '[]', '{"name":"net","pid":1}', '{"name":"net","pid":"1","url":"ws://x","token":"a"}'])(
    'that is damaged is dead: %s',
    async (text) => {
      writeFileSync(path, text);
      await expectDead();
    },
  );

  it('with an address that is none is dead', async () => {
    write({ ...(await deadRecord()), url: 'nonsense' });
    await expectDead();
  });

  it('is alive while its server has as many clients as it takes', async () => {
    const record = await control();
    await NetworkName.claim(record);
    const clients: ControlClient[] = [];
    for (;;) {
      const client = await connectControl(record).catch((error) => {
        expect(error.code).toBe('too-many-clients');
      });
      if (!client) break;
      clients.push(client);
      open.push(client);
    }
    expect(clients).toHaveLength(64);
    expect(await findRecord('net')).toEqual(record);
  });

  it('whose server does not answer is alive as long as its process runs', { timeout: 60_000 }, async () => {
    const sockets: { destroy(): unknown }[] = [];
    const url = await listen(createServer((socket) => void sockets.push(socket)));
    open.push({ close: () => sockets.forEach((socket) => void socket.destroy()) });
    const record = { ...(await deadRecord()), url };
    write(record);
    // No process has this number, which is above all that systems give.
    writeFileSync(join(folder, 'gone.json'), JSON.stringify({ ...record, name: 'gone', pid: 2 ** 30 }));
    expect(await runningNetworks()).toEqual([record]);
  });
});

it('a network that is being created says so', async () => {
  const server = await NetworkControl.listen({ port: 0 });
  open.push(server);
  await expect(connectControl(server)).rejects.toMatchObject({ code: 'network-starting' });
  await expect(connectControl({ url: server.url, token: 'x' })).rejects.toMatchObject({ code: 'not-allowed' });
  const post = () =>
    fetch(server.url.replace('ws:', 'http:'), {
      ...{ method: 'POST', body: '{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}' },
      headers: { Authorization: `Bearer ${server.token}` },
    });
  expect((await post()).status).toBe(425);
  server.serve(network, { name: 'net' });
  expect((await post()).status).toBe(200);
  const client = await connectControl(server);
  expect(await client.call('rpc.discover')).toMatchObject({ openrpc: '1.3.2' });
  await client.close();
});

it('servers without a given port take different ones, also at once', async () => {
  const servers = await Promise.all([1, 2, 3].map(() => NetworkControl.listen()));
  open.push(...servers);
  expect(new Set(servers.map(({ port }) => port)).size).toBe(3);
  const [{ port }] = servers as [NetworkControl, ...NetworkControl[]];
  await expect(NetworkControl.listen({ port })).rejects.toMatchObject({ code: 'port-in-use' });
});
