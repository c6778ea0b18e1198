import { request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { ControlServer } from '../../src/control/server/control-server.ts';
import { EventSource } from '../../src/control/server/event-source.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

// Requests of programs and pages that are not clients: none may reach a method.

const TOKEN = 'a'.repeat(64);
const Authorization = `Bearer ${TOKEN}`;
const evil = 'http://evil.example';
let server: ControlServer;
let called: string[] = [];

beforeAll(async () => {
  server = await ControlServer.listen({ port: 0, token: TOKEN });
  const handle = async (method: string) => {
    called.push(method);
    return 1;
  };
  server.serve({ handle, events: new EventSource({ follow: () => () => {} }, new VirtualClock(), { id: 'run' }) });
});
afterAll(() => server.close());
beforeEach(() => {
  called = [];
});

/** Replaces PORT in headers by the server's port. */
const filled = (headers: Record<string, string>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.replace('PORT', `${server.port}`)]));

/** Opens a WebSocket and calls a method. Resolves with the HTTP status of the refusal, or 101. */
const open = (headers: Record<string, string>, protocols: string[] = []) =>
  new Promise<number>((resolve, reject) => {
    const socket = new WebSocket(server.url, protocols, { headers: filled(headers) });
    socket.once('open', () => socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'mine' })));
    socket.once('message', () => {
      socket.close();
      resolve(101);
    });
    socket.once('unexpected-response', (sent, response) => {
      sent.destroy();
      resolve(response.statusCode!);
    });
    socket.once('error', reject);
  });

/** Sends a request that would mine. */
const send = (
  headers: Record<string, string>,
  { method = 'POST', body = '{"jsonrpc":"2.0","id":1,"method":"mine"}' } = {},
) =>
  new Promise<{ status: number; text: string; headers: object }>((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: server.port, method, headers: filled(headers) }, (response) => {
      void text(response).then((body) =>
        resolve({ status: response.statusCode!, text: body, headers: response.headers }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });

/** Headers, and the status of the answer. */
const cases: readonly [what: string, headers: Record<string, string>, status: number][] = [
  ['no token', {}, 401],
  ['an empty token', { Authorization: 'Bearer ' }, 401],
  ['an empty header', { Authorization: '' }, 401],
  ['a wrong token', { Authorization: `Bearer ${'b'.repeat(64)}` }, 401],
  ['a token that differs at its end', { Authorization: `Bearer ${'a'.repeat(63)}b` }, 401],
  ['half a token', { Authorization: `Bearer ${'a'.repeat(32)}` }, 401],
  ['one digit of the token', { Authorization: 'Bearer a' }, 401],
  ['a token and more', { Authorization: `Bearer ${TOKEN}a` }, 401],
  ['the token as a password', { Authorization: `Basic ${btoa(`:${TOKEN}`)}` }, 401],
  ['the token in a cookie only', { Cookie: `token=${TOKEN}; Authorization=Bearer ${TOKEN}` }, 401],
  ['a name that leads here (DNS rebinding)', { Authorization, Host: 'evil.example:PORT' }, 403],
  ['a name that begins as its own', { Authorization, Host: '127.0.0.1.evil.example:PORT' }, 403],
  ['a name that leads here, and its Origin', { Authorization, Host: 'evil.example:PORT', Origin: `${evil}:PORT` }, 403],
  ['another port as Host', { Authorization, Host: '127.0.0.1:1' }, 403],
  ['no port as Host', { Authorization, Host: '127.0.0.1' }, 403],
  ['the Origin of another site', { Authorization, Origin: evil }, 403],
  ['the Origin of another program here', { Authorization, Origin: 'http://127.0.0.1:3000' }, 403],
  ['its Origin by another scheme', { Authorization, Origin: 'https://127.0.0.1:PORT' }, 403],
  ['the Origin null', { Authorization, Origin: 'null' }, 403],
  ['the token', { Authorization }, 0],
  ['the token and its Origin', { Authorization, Origin: 'http://localhost:PORT', Host: 'localhost:PORT' }, 0],
];

describe('a request', () => {
  it.each(cases)('over WebSocket with %s', async (_, headers, status) => {
    expect([await open(headers), called]).toEqual(status === 0 ? [101, ['mine']] : [status, []]);
  });

  it.each(cases)('over HTTP with %s', async (_, headers, status) => {
    expect([(await send(headers)).status, called]).toEqual(status === 0 ? [200, ['mine']] : [status, []]);
  });

  it('without a Host, of HTTP/1.0, is refused', async () => {
    const socket = connect(server.port, '127.0.0.1');
    socket.end(`POST / HTTP/1.0\r\nAuthorization: ${Authorization}\r\n\r\n`);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 403 /);
  });
});

describe('a page', () => {
  const protocols = ['pier-control', `token.${TOKEN}`];

  it('of this server shows the token as a subprotocol', async () => {
    const Origin = `http://127.0.0.1:${server.port}`;
    expect(await open({ Origin }, protocols)).toBe(101);
    for (const wrong of ['token.x', 'token.', `token.${'a'.repeat(32)}`, 'token']) {
      expect([
        wrong,
        await open(
          { Origin },
          ['pier-control', wrong].filter((each) => each !== ''),
        ),
      ]).toEqual([wrong, 401]);
    }
  });

  it('of another site opens no WebSocket (hijacking), whatever it has found out', async () => {
    for (const headers of [{ Origin: evil }, { Origin: evil, Cookie: `token=${TOKEN}` }, { Origin: 'null' }]) {
      expect(await open(headers as Record<string, string>, protocols)).toBe(403);
    }
    expect(called).toEqual([]);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/json'])(
    'of another site calls nothing by a form of type %s',
    async (type) => {
      for (const more of [{}, { Origin: evil }, { Origin: 'null' }, { Referer: `${evil}/` }]) {
        const { status } = await send({ 'Content-Type': type, ...more } as Record<string, string>);
        expect([more, [401, 403].includes(status)]).toEqual([more, true]);
      }
      expect(called).toEqual([]);
    },
  );

  it('of another site gets no leave from a preflight request', async () => {
    const preflight = { Origin: evil, 'Access-Control-Request-Method': 'POST' };
    const { status, headers } = await send(preflight, { method: 'OPTIONS', body: '' });
    expect(status).toBe(403);
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});

it('the files of the page have no secrets, and are for pages of this machine alone', async () => {
  for (const method of ['GET', 'HEAD']) {
    const own = await send({}, { method, body: '' });
    expect([200, 404]).toContain(own.status);
    expect(own.text).not.toContain(TOKEN);
    expect((await send({ Host: 'evil.example' }, { method, body: '' })).status).toBe(403);
    expect((await send({ Origin: evil }, { method, body: '' })).status).toBe(403);
  }
  expect(called).toEqual([]);
});

it('HTTP serves requests of JSON-RPC only', async () => {
  const answered = async (body: string) => JSON.parse((await send({ Authorization }, { body })).text);
  expect(await answered('{')).toMatchObject({ error: { code: -32700 } });
  expect(await answered('[]')).toMatchObject({ error: { code: -32600 } });
  expect(await answered('{"jsonrpc":"2.0","id":1,"method":"subscribe"}')).toMatchObject({
    error: { data: { code: 'no-subscriptions' } },
  });
  expect((await send({ Authorization }, { body: ' '.repeat(5 << 20) })).status).toBe(413);
  expect((await send({ Authorization }, { method: 'PUT', body: '' })).status).toBe(405);
  expect(called).toEqual([]);
});
