import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { connect, Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RpcNode } from '../../src/api/method/rpc-node.ts';
import { Cookie } from '../../src/api/rpc/cookie.ts';
import { HttpEndpoint } from '../../src/api/rpc/http-endpoint.ts';
import type { CallScope, JsonRpc, ReplyWriter } from '../../src/api/rpc/json-rpc.ts';
import { RpcServer } from '../../src/api/rpc/rpc-server.ts';
import { RpcUsers } from '../../src/api/rpc/rpc-users.ts';
import type { Caller } from '../../src/api/work/call.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { CapturedLogger } from '../support/captured-logger.ts';
import { waitFor } from '../support/wait.ts';

/** A request that the endpoint has passed on. */
interface Passed {
  readonly body: string;
  readonly wallet: string | undefined;
  readonly caller: Caller;
  /** Ends it with a body, or undefined for a full work queue. */
  readonly end: (body: string | undefined) => void;
  readonly fail: (error: Error) => void;
}

let passed: Passed[];
let logger: CapturedLogger;
let endpoint: HttpEndpoint;
let sockets: Socket[];
const cookie = new Cookie('/nonexistent/cookie', 'secret');
const authorization = `Authorization: Basic ${Buffer.from('__cookie__:secret').toString('base64')}`;

beforeEach(async () => {
  passed = [];
  sockets = [];
  logger = new CapturedLogger();
  const rpc = {
    answer: (body: string, { walletName: wallet }: CallScope, caller: Caller, reply: ReplyWriter) =>
      new Promise<boolean>((resolve, fail) => {
        const end = (text: string | undefined) => {
          if (text !== undefined) void reply.write(text);
          resolve(text !== undefined);
        };
        passed.push({ body, wallet, caller, end, fail });
      }),
  } as unknown as JsonRpc;
  endpoint = new HttpEndpoint(
    { total: 12 },
    { rpc, users: new RpcUsers(cookie, {}), clock: new VirtualClock(), logger },
  );
  endpoint.server.listen(0, '127.0.0.1');
  await once(endpoint.server, 'listening');
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await endpoint.close(0);
});

async function open() {
  const socket = connect((endpoint.server.address() as { port: number }).port, '127.0.0.1').on('error', () => {});
  sockets.push(socket);
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await once(socket, 'connect');
  return {
    socket,
    text: () => text,
    until: (part: string) => waitFor(() => text.includes(part), { describe: () => `${part} in ${text}` }),
  };
}
const post = (body: string, path = '/', headers = '') =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\n${authorization}\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
/** Sends a request; resolves once it has been passed on. */
async function request(body: string, path = '/') {
  const connection = await open();
  const before = passed.length;
  connection.socket.write(post(body, path));
  await waitFor(() => passed.length > before);
  return { ...connection, call: passed.at(-1)! };
}

describe('The HTTP server', () => {
  it('has the time limits of Core', () => {
    // DEFAULT_HTTP_SERVER_TIMEOUT, and limits against clients that send slowly.
    expect([endpoint.server.keepAliveTimeout, endpoint.server.requestTimeout]).toEqual([30_000, 60_000]);
  });

  it('passes on the wallet of the path, decoded', async () => {
    for (const [path, wallet] of [
      ['/', undefined],
      ['/wallet/', ''],
      ['/wallet/a%20b%2Fc', 'a b/c'],
      ['/wallet/%zz', '%zz'],
    ] as const) {
      const { call } = await request('{}', path);
      expect([path, call.wallet, call.caller.client]).toEqual([path, wallet, '127.0.0.1']);
      call.end('{}');
    }
  });

  it('answers other paths and methods without asking for credentials', async () => {
    for (const [line, status] of [
      ['POST /wallet HTTP/1.1', 404],
      ['POST /walle/x HTTP/1.1', 404],
      ['GET /wallet/a HTTP/1.1', 405],
      ['PUT / HTTP/1.1', 405],
    ] as const) {
      const { socket, until } = await open();
      socket.write(`${line}\r\nHost: x\r\n\r\n`);
      await until(`HTTP/1.1 ${status} `);
      if (status === 405) await until('JSONRPC server handles only POST requests');
    }
    expect(passed).toEqual([]);
  });

  it('refuses wrong credentials after 250 milliseconds, and missing ones at once', async () => {
    const [wrong, missing] = [await open(), await open()];
    const start = performance.now();
    wrong.socket.write('POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YTpi\r\nContent-Length: 0\r\n\r\n');
    missing.socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n');
    await missing.until('HTTP/1.1 401 Unauthorized');
    expect(wrong.text()).toBe('');
    await wrong.until('HTTP/1.1 401 Unauthorized');
    await wrong.until('WWW-Authenticate: Basic realm="jsonrpc"');
    expect(performance.now() - start).toBeGreaterThan(245);
    expect(passed).toEqual([]);
  });

  it('answers what is no request after the request before it, and closes the connection', async () => {
    const { socket, call, until, text } = await request('first');
    const closed = once(socket, 'close');
    socket.write('nonsense\r\n\r\n');
    await new Promise((resolve) => setImmediate(resolve));
    expect(text()).toBe('');
    call.end('answered');
    await until('answered');
    await until('<H1>Bad Request</H1>');
    await closed;
    expect(text()).toMatch(/^HTTP\/1\.1 200 OK.*answeredHTTP\/1\.1 400 Bad Request/s);
  });

  it('answers a malformed body at once, and passes nothing on', async () => {
    const { socket, until } = await open();
    const closed = once(socket, 'close');
    socket.write(post('').replace('Content-Length: 0', 'Transfer-Encoding: chunked'));
    socket.write('nonsense\r\n');
    await until('HTTP/1.1 400 Bad Request');
    await closed;
    expect(passed).toEqual([]);
  });

  it('refuses a call when its work queue is full, and keeps the connection', async () => {
    const { socket, call, until } = await request('first');
    call.end(undefined);
    await until('HTTP/1.1 503 Service Unavailable');
    await until('Work queue depth exceeded');
    socket.write(post('second'));
    await waitFor(() => passed.length === 2);
    passed[1]!.end('answered');
    await until('answered');
  });

  it('logs an answer that fails, closes its connection, and serves others', async () => {
    const { socket, call } = await request('first');
    const error = new Error('as asked');
    call.fail(error);
    await once(socket, 'close');
    expect(logger.lines).toMatchObject([{ level: 'error', err: error, message: 'RPC reply failed' }]);
    const other = await request('second');
    other.call.end('answered');
    await other.until('answered');
  });

  it('tells a call that its client is gone, and not one that has been answered', async () => {
    const gone = await request('first');
    gone.socket.destroy();
    await waitFor(() => gone.call.caller.signal.aborted);
    gone.call.end('');
    const answered = await request('second');
    answered.call.end('answered');
    await answered.until('answered');
    answered.socket.destroy();
    await once(answered.socket, 'close');
    endpoint.endWaitingCalls();
    expect(answered.call.caller.signal.aborted).toBe(false);
  });

  it('ends waiting calls and goes on', async () => {
    const { socket, call, until } = await request('first');
    endpoint.endWaitingCalls();
    expect(call.caller.signal.aborted).toBe(true);
    call.end('ended');
    await until('ended');
    socket.write(post('second'));
    await waitFor(() => passed.length === 2);
    expect(passed[1]!.caller.signal.aborted).toBe(false);
    passed[1]!.end('{}');
  });

  it('refuses a body that is too large, and closes the connection', async () => {
    const { socket, until } = await open();
    socket.write(post('').replace('Content-Length: 0', `Content-Length: ${0x0200_0001}`));
    await until('HTTP/1.1 413 ');
    await until('Connection: close');
    expect(passed).toEqual([]);
  });
});

describe('The end of the HTTP server', () => {
  it('lets a call in progress end, refuses the next, and closes idle connections at once', async () => {
    const idle = await request('first');
    idle.call.end('{}');
    await idle.until('{}');
    const busy = await request('second');
    busy.socket.write(post('third'));
    let isClosed = false;
    const closed = endpoint.close(60_000).then(() => (isClosed = true));
    await once(idle.socket, 'close');
    expect([busy.call.caller.signal.aborted, isClosed, busy.socket.destroyed]).toEqual([true, false, false]);
    busy.call.end('last answer');
    await busy.until('last answer');
    await closed;
    expect(busy.text()).toContain('Connection: close');
    expect(passed).toHaveLength(2);
  });

  it('answers what arrives meanwhile with 503', async () => {
    const { socket, until, text } = await open();
    const whole = post('later', '/', 'Expect: 100-continue\r\n');
    socket.write(whole.slice(0, -'later'.length));
    await until('100 Continue');
    const closed = endpoint.close(60_000);
    socket.write('later');
    await until('Shutting down');
    await closed;
    expect(text()).toMatch(/HTTP\/1\.1 503 .*Connection: close/s);
    expect(passed).toEqual([]);
  });

  it('cuts calls that do not end, after the grace', async () => {
    const set = vi.spyOn(globalThis, 'setTimeout');
    const clear = vi.spyOn(globalThis, 'clearTimeout');
    const { socket, call } = await request('first');
    const closed = endpoint.close(1_234);
    const index = set.mock.calls.findIndex(([, ms]) => ms === 1_234);
    expect(index).toBeGreaterThanOrEqual(0);
    (set.mock.calls[index]![0] as () => void)();
    await closed;
    await once(socket, 'close');
    expect(clear.mock.calls.flat()).toContain(set.mock.results[index]!.value);
    call.end('{}');
    vi.restoreAllMocks();
    // It may be closed again, and if it has never listened.
    await endpoint.close(0);
  });
});

describe('RpcServer', () => {
  it('that cannot write its cookie frees its port', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'pier-rpc-'));
    const node = { clock: new VirtualClock(), logger } as unknown as RpcNode;
    const first = await RpcServer.start(
      { host: '127.0.0.1', port: 0, cookieFile: join(dir, 'cookie') },
      node,
      new Map(),
    );
    const { port } = first;
    expect(await readFile(first.cookieFile, 'utf8')).toMatch(/^__cookie__:/);
    expect(first.close()).toBe(first.close());
    await first.close();
    expect(await readdir(dir)).toEqual([]);
    const options = { host: '127.0.0.1', port, password: 'known' };
    await expect(
      RpcServer.start({ ...options, cookieFile: join(dir, 'none', 'cookie') }, node, new Map()),
    ).rejects.toMatchObject({
      code: 'cookie-not-written',
    });
    const second = await RpcServer.start({ ...options, cookieFile: join(dir, 'cookie') }, node, new Map());
    expect([second.port, await readFile(second.cookieFile, 'utf8')]).toEqual([port, '__cookie__:known']);
    expect(logger.lines.at(-1)).toMatchObject({
      level: 'info',
      host: '127.0.0.1',
      port,
      cookie: join(dir, 'cookie'),
      message: 'RPC server listening',
    });
    await second.close();
    await rm(dir, { recursive: true });
  });

  it('logs a connection that it cannot accept, and goes on', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'pier-rpc-'));
    const listen = vi.spyOn(Server.prototype, 'listen');
    const node = { clock: new VirtualClock(), logger } as unknown as RpcNode;
    const options = { host: '127.0.0.1', port: 0, cookieFile: join(dir, 'cookie') };
    const server = await RpcServer.start(options, node, new Map());
    const error = new Error('too many open files');
    (listen.mock.contexts[0] as Server).emit('error', error);
    expect(logger.lines.at(-1)).toMatchObject({ level: 'warn', err: error, message: 'RPC connection not accepted' });
    await server.close();
    vi.restoreAllMocks();
    await rm(dir, { recursive: true });
  });

  it('waits five seconds for calls when it closes', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'pier-rpc-'));
    const close = vi.spyOn(HttpEndpoint.prototype, 'close');
    const node = { clock: new VirtualClock(), logger } as unknown as RpcNode;
    const server = await RpcServer.start(
      { host: '127.0.0.1', port: 0, cookieFile: join(dir, 'cookie') },
      node,
      new Map(),
    );
    await server.close();
    expect(close.mock.calls).toEqual([[5_000]]);
    vi.restoreAllMocks();
    await rm(dir, { recursive: true });
  });
});
