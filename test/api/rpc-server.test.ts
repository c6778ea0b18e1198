import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RpcClient } from '../../src/api/client/rpc-client.ts';
import type { RpcNode } from '../../src/api/method/rpc-node.ts';
import { rpcMethods } from '../../src/api/methods/index.ts';
import { RpcServer } from '../../src/api/rpc/rpc-server.ts';
import { Emitter } from '../../src/platform/emitter.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { waitFor } from '../support/wait.ts';

let stopped = 0;

/** The parts of a node that the methods called here use. */
function fakeNode(): RpcNode {
  return {
    clock: new VirtualClock(1_700_000_090_000),
    logger: silentLogger,
    startedAt: 1_700_000_000_000,
    miner: { events: new Emitter() },
    chain: { events: new Emitter(), tip: { height: 7, hashHex: '00'.repeat(32), hash: new Uint8Array(32) } },
    wallets: { wallets: () => [], get: () => undefined },
    stop: async () => {
      stopped++;
      await server.close();
    },
  } as unknown as RpcNode;
}

let dir: string;
let cookieFile: string;
let server: RpcServer;
let client: RpcClient;

beforeEach(async () => {
  stopped = 0;
  dir = await mkdtemp(join(tmpdir(), 'pier-rpc-'));
  cookieFile = join(dir, '.cookie_3000');
  server = await RpcServer.start({ host: '127.0.0.1', port: 0, cookieFile }, fakeNode(), rpcMethods);
  client = new RpcClient({ host: '127.0.0.1', port: server.port, cookieFile });
});
afterEach(async () => {
  await server.close();
  await rm(dir, { recursive: true, force: true });
});

const url = (path = '/') => `http://127.0.0.1:${server.port}${path}`;
const basic = (credentials: string) => ({ authorization: `Basic ${Buffer.from(credentials).toString('base64')}` });
const cookie = async () => basic(await readFile(cookieFile, 'utf8'));
const blockCount = JSON.stringify({ id: 1, method: 'getblockcount' });

describe('RpcServer', () => {
  it('writes a cookie that only its owner can read, and removes it at the end', async () => {
    expect(await readFile(cookieFile, 'utf8')).toMatch(/^__cookie__:[0-9a-f]{64}$/);
    expect((await stat(cookieFile)).mode & 0o777).toBe(0o600);
    await server.close();
    await expect(stat(cookieFile)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it("keeps another node's cookie", async () => {
    await writeFile(cookieFile, '__cookie__:other');
    await server.close();
    expect(await readFile(cookieFile, 'utf8')).toBe('__cookie__:other');
  });

  it('answers only requests with the cookie', async () => {
    const good = await cookie();
    expect((await fetch(url(), { method: 'POST', body: blockCount, headers: good })).status).toBe(200);
    for (const headers of [{}, basic('__cookie__:'), basic('user:password'), { authorization: 'Bearer x' }]) {
      const reply = await fetch(url(), { method: 'POST', body: blockCount, headers });
      expect([reply.status, reply.headers.get('www-authenticate'), await reply.text()]).toEqual([
        401,
        'Basic realm="jsonrpc"',
        '',
      ]);
    }
  });

  it('accepts any content type, as bitcoind does', async () => {
    for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded', 'nonsense']) {
      const headers = { ...(await cookie()), 'content-type': type };
      const reply = await fetch(url(), { method: 'POST', body: blockCount, headers });
      expect([reply.status, await reply.json()]).toEqual([200, { result: 7, error: null, id: 1 }]);
    }
  });

  it('serves POST on / and /wallet/NAME, and nothing else', async () => {
    const headers = await cookie();
    expect((await fetch(url(), { headers })).status).toBe(405);
    expect((await fetch(url('/rest/chaininfo.json'))).status).toBe(404);
    const reply = await fetch(url('/wallet/a%20b'), {
      method: 'POST',
      headers,
      body: JSON.stringify({ id: 1, method: 'getbalances' }),
    });
    expect([reply.status, await reply.json()]).toEqual([
      500,
      { result: null, error: { code: -18, message: 'Requested wallet does not exist or is not loaded' }, id: 1 },
    ]);
  });

  it('accepts a body of 32 MiB', async () => {
    const body = blockCount.padEnd(0x0200_0000);
    const reply = await fetch(url(), { method: 'POST', body, headers: await cookie() });
    expect([reply.status, await reply.json()]).toEqual([200, { result: 7, error: null, id: 1 }]);
  });

  it('rejects bodies over 32 MiB before reading them', async () => {
    const body = new Uint8Array(0x0200_0001);
    const reply = await fetch(url(), { method: 'POST', body, headers: await cookie() }).catch(
      (error: unknown) => error,
    );
    // The connection may close before the client has read the reply.
    if (reply instanceof Response) expect(reply.status).toBe(413);
    else expect(reply).toBeInstanceOf(TypeError);
    expect(await client.call('getblockcount')).toBe(7);
  });

  it('fails if its port is in use, and keeps the existing cookie', async () => {
    const before = await readFile(cookieFile, 'utf8');
    const second = RpcServer.start({ host: '127.0.0.1', port: server.port, cookieFile }, fakeNode(), rpcMethods);
    await expect(second).rejects.toMatchObject({ code: 'rpc-port-taken' });
    expect(await readFile(cookieFile, 'utf8')).toBe(before);
  });

  it('answers waiting calls when it closes', async () => {
    const waiting = client.call<{ height: number }>('waitfornewblock');
    await waitFor(async () => {
      const { active_commands } = await client.call<{ active_commands: { method: string }[] }>('getrpcinfo');
      return active_commands.some(({ method }) => method === 'waitfornewblock');
    });
    await server.close();
    expect(await waiting).toEqual({ height: 7, hash: '00'.repeat(32) });
  });

  it('waits before it answers `stop`, if the call says so', async () => {
    const start = performance.now();
    expect(await client.call('stop', [60])).toBe('Pier stopping');
    expect([performance.now() - start > 55, stopped]).toEqual([true, 1]);
    expect(await client.call('help', ['stop']).catch(() => 'stopped')).toBe('stopped');
  });

  it('does not mention the argument of `stop` in its help, as Core does', async () => {
    expect(await client.call('help', ['stop'])).toMatch(/^stop\n\n.*\n\nResult:/);
    await expect(client.call('stop', ['a'])).rejects.toMatchObject({
      rpcCode: -3,
      message: expect.stringContaining('Position 1 (wait)'),
    });
  });

  it('answers `stop` before it stops', async () => {
    expect(await client.call('stop')).toBe('Pier stopping');
    await waitFor(() => stopped === 1);
    await server.close();
    await expect(client.call('uptime')).rejects.toMatchObject({ code: 'node-not-running' });
  });
});

describe('RpcClient', () => {
  it('calls with positional and named arguments', async () => {
    expect(await client.call('uptime')).toBe(90);
    expect(await client.call('help', ['uptime'])).toMatch(/^uptime\n\n/);
    expect(await client.call('help', { command: 'uptime' })).toMatch(/^uptime\n\n/);
  });

  it("throws the node's errors with their code", async () => {
    await expect(client.call('nope')).rejects.toMatchObject({ code: 'rpc-error', rpcCode: -32601 });
  });

  it('distinguishes a stopped node from a rejected cookie', async () => {
    const { port } = server;
    await writeFile(cookieFile, '__cookie__:wrong');
    await expect(client.call('uptime')).rejects.toMatchObject({ code: 'rpc-unauthorized' });
    await server.close();
    await expect(client.call('uptime')).rejects.toMatchObject({ code: 'node-not-running', hint: expect.any(String) });
    const other = new RpcClient({ host: '127.0.0.1', port, cookieFile: join(dir, 'absent') });
    await expect(other.call('uptime')).rejects.toMatchObject({ code: 'node-not-running' });
  });

  it('reconnects to a restarted node', async () => {
    const { port } = server;
    expect(await client.call('uptime')).toBe(90);
    await server.close();
    server = await RpcServer.start({ host: '127.0.0.1', port, cookieFile }, fakeNode(), rpcMethods);
    expect(await client.call('uptime')).toBe(90);
  });
});

describe('help', () => {
  it('lists every method once, under its category', async () => {
    const index = await client.call<string>('help');
    expect(index).toMatch(/^== Blockchain ==\ngetbestblockhash\n/);
    expect(index).toContain('\ngetblock "blockhash" ( verbosity )\n');
    expect(index).toContain('\ngetrawtransaction "txid" ( verbosity "blockhash" )\n');
    const lines = index.split('\n').filter((line) => line !== '' && !line.startsWith('=='));
    expect(new Set(lines).size).toBe(lines.length);
  });

  it('describes every method', async () => {
    const index = await client.call<string>('help');
    for (const line of index.split('\n').filter((text) => /^[a-z]/.test(text))) {
      const text = await client.call<string>('help', [line.split(' ')[0]]);
      expect(text.startsWith(`${line}\n\n`)).toBe(true);
      expect(text).toContain('\nResult:\n');
    }
    expect(await client.call('help', ['nope'])).toBe('help: unknown command: nope');
  });
});
