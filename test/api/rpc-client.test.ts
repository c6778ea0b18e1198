import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RpcClient, type RpcClientOptions } from '../../src/api/client/rpc-client.ts';

/** A request that the server has got. */
interface Got {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly authorization: string | undefined;
  readonly type: string | undefined;
  readonly length: string | undefined;
  readonly body: string;
}

let dir: string;
let server: Server;
let got: Got[];
let connections: number;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let client: RpcClient;
let options: RpcClientOptions;
const text = (status: number, body: string) => (_: IncomingMessage, response: ServerResponse) =>
  void response.writeHead(status).end(body);

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pier-client-'));
  got = [];
  connections = 0;
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const { method, url, headers } = request;
      got.push({
        method,
        url,
        authorization: headers.authorization,
        type: headers['content-type'],
        length: headers['content-length'],
        body,
      });
      answer(request, response);
    });
  });
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cookieFile = join(dir, 'cookie');
  await writeFile(cookieFile, '__cookie__:secret');
  options = { host: '127.0.0.1', port: (server.address() as AddressInfo).port, cookieFile };
  client = new RpcClient(options);
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(dir, { recursive: true, force: true });
});

describe('RpcClient', () => {
  it('sends JSON-RPC 2.0 with the cookie, a number of its own for each call, on one connection', async () => {
    answer = text(200, '{"jsonrpc":"2.0","result":5,"id":1}');
    expect(await client.call('first')).toBe(5);
    expect(await client.call('second', ['ä', 1n as never].slice(0, 1), 'a b/c')).toBe(5);
    expect(await client.callExact('third', { named: 1 })).toBe(5);
    expect(got.map(({ url }) => url)).toEqual(['/', '/wallet/a%20b%2Fc', '/']);
    expect(got.map(({ body }) => JSON.parse(body))).toEqual([
      { jsonrpc: '2.0', id: 1, method: 'first', params: [] },
      { jsonrpc: '2.0', id: 2, method: 'second', params: ['ä'] },
      { jsonrpc: '2.0', id: 3, method: 'third', params: { named: 1 } },
    ]);
    const authorization = `Basic ${Buffer.from('__cookie__:secret').toString('base64')}`;
    for (const { method, type, length, body, ...rest } of got) {
      expect([method, rest.authorization, type, length]).toEqual([
        'POST',
        authorization,
        'application/json',
        String(Buffer.byteLength(body)),
      ]);
    }
    expect(connections).toBe(1);
  });

  it('keeps numbers as they were sent, if asked to', async () => {
    answer = text(200, '{"result":1.50000000,"id":1}');
    expect(await client.call('getbalance')).toBe(1.5);
    expect(String(await client.callExact('getbalance'))).toBe('1.50000000');
  });

  it('reads the cookie for each call', async () => {
    answer = text(200, '{"result":null}');
    await client.call('a');
    await writeFile(join(dir, 'cookie'), '__cookie__:new');
    await client.call('b');
    expect(Buffer.from(got[1]!.authorization!.split(' ')[1]!, 'base64').toString()).toBe('__cookie__:new');
  });

  it("throws the node's error with its code", async () => {
    answer = text(200, '{"error":{"code":-5,"message":"No such thing"},"id":1}');
    await expect(client.call('x')).rejects.toMatchObject({ code: 'rpc-error', rpcCode: -5, message: 'No such thing' });
  });

  it.each([
    [503, 'Work queue depth exceeded'],
    [503, '{"result":5}'],
    [200, ''],
    [200, 'null'],
    [200, '5'],
  ])('fails for status %i and %j', async (status, body) => {
    answer = text(status, body);
    await expect(client.call('getblockcount')).rejects.toMatchObject({
      code: 'rpc-failed',
      message: expect.stringMatching(`^127.0.0.1:\\d+ answered getblockcount with HTTP status ${status}$`),
    });
  });

  it('tells a refused cookie from one that cannot be read, and from none', async () => {
    answer = text(401, '');
    await expect(client.call('x')).rejects.toMatchObject({ code: 'rpc-unauthorized', hint: /--datadir and --node-id/ });
    await rm(join(dir, 'cookie'));
    await expect(client.call('x')).rejects.toMatchObject({ code: 'node-not-running', hint: /pier startnode/ });
    await mkdir(join(dir, 'cookie'));
    await expect(client.call('x')).rejects.toMatchObject({
      code: 'rpc-unauthorized',
      message: expect.stringContaining('cannot read the cookie'),
      cause: expect.any(Error),
    });
  });

  it('fails if the connection ends before the answer, or within it', async () => {
    answer = (request) => request.socket.destroy();
    await expect(client.call('x')).rejects.toMatchObject({
      code: 'rpc-failed',
      message: expect.stringContaining('connection to 127.0.0.1:'),
    });
    answer = (request, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('{"result":');
      setImmediate(() => request.socket.destroy());
    };
    await expect(client.call('x')).rejects.toMatchObject({ code: 'rpc-failed' });
  });
});

it('makes many calls at a time over at most 32 connections', async () => {
  answer = text(200, '{"result":1,"error":null,"id":1}');
  const results = await Promise.all(Array.from({ length: 500 }, () => client.call('getblockcount')));
  expect(results).toEqual(Array.from({ length: 500 }, () => 1));
  expect(connections).toBe(32);
});

it('closes idle connections itself, and none on which a call waits', async () => {
  server.keepAliveTimeout = 0;
  client = new RpcClient({ ...options, idleMs: 1 });
  const reply = text(200, '{"result":1,"error":null,"id":1}');
  let slow: (() => void) | undefined;
  // The second call is answered when the connection of the first one, idle since its answer, has been closed.
  answer = (request, response) => {
    if (slow) {
      reply(request, response);
      request.socket.once('close', slow);
    } else {
      slow = () => reply(request, response);
    }
  };
  expect(await Promise.all([client.call('waitfornewblock'), client.call('getblockcount')])).toEqual([1, 1]);
  expect(connections).toBe(2);
});
