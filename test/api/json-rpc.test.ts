import { beforeEach, describe, expect, it } from 'vitest';
import { integerArgument, optional, textArgument } from '../../src/api/arguments/arguments.ts';
import { RpcError } from '../../src/api/json/rpc-error.ts';
import { type Method, method } from '../../src/api/method/method.ts';
import type { RpcNode } from '../../src/api/method/rpc-node.ts';
import { Dispatcher } from '../../src/api/methods/dispatch.ts';
import { JsonRpc, type ReplyWriter } from '../../src/api/rpc/json-rpc.ts';
import { CallQueue } from '../../src/api/work/call.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

const node = { clock: new VirtualClock(), logger: silentLogger } as unknown as RpcNode;

const methods: Method[] = [
  method({
    name: 'echo',
    category: 'Control',
    description: 'Returns its argument.',
    arguments: [
      textArgument('text', 'The text to return.'),
      optional(integerArgument('times', 'The number of repetitions.'), 1),
    ],
    result: '"text"',
    handler: (_context, text, times) => text.repeat(times),
  }),
  method({
    name: 'fail',
    category: 'Control',
    description: 'Fails.',
    arguments: [],
    result: 'nothing',
    handler: () => {
      throw new RpcError(-5, 'as asked');
    },
  }),
  method({
    name: 'crash',
    category: 'Control',
    description: 'Throws an unexpected error.',
    arguments: [],
    result: 'nothing',
    handler: () => {
      throw new TypeError('unexpected');
    },
  }),
];

let pending: (() => void)[] = [];
const wait = method({
  name: 'wait',
  category: 'Control',
  description: 'Waits.',
  arguments: [],
  result: 'null',
  handler: () => new Promise<null>((resolve) => pending.push(() => resolve(null))),
});

/** Collects a reply. */
class Collected implements ReplyWriter {
  status = 200;
  isClosed = false;
  body = '';
  write(text: string): undefined {
    this.body += text;
  }
}

const caller = { client: '127.0.0.1', signal: new AbortController().signal };

let rpc: JsonRpc;
beforeEach(() => {
  pending = [];
  const table = new Map([...methods, wait].map((entry) => [entry.name, entry]));
  rpc = new JsonRpc(new Dispatcher(node, table), new CallQueue(node.clock));
});

async function post(body: unknown): Promise<[status: number, reply: unknown]> {
  const reply = new Collected();
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  if (!(await rpc.answer(text, {}, caller, reply))) return [503, undefined];
  return [reply.status, reply.body === '' ? undefined : JSON.parse(reply.body)];
}

/** Returns the reply's text. */
async function postText(body: string): Promise<string> {
  const reply = new Collected();
  await rpc.answer(body, {}, caller, reply);
  return reply.body;
}

describe('JSON-RPC', () => {
  // Statuses, members and messages equal those of bitcoind 29.
  it('answers requests of 1.0 and 1.1 with result and error', async () => {
    const reply = { result: 'hi', error: null, id: 1 };
    for (const version of [{}, { jsonrpc: '1.0' }, { jsonrpc: null }, { version: '1.1' }]) {
      expect(await post({ ...version, id: 1, method: 'echo', params: ['hi'] })).toEqual([200, reply]);
    }
    expect(await post({ method: 'echo', params: ['hi'] })).toEqual([200, { result: 'hi', error: null }]);
  });

  it('answers requests of 2.0 with result or error, always with status 200', async () => {
    expect(await post({ jsonrpc: '2.0', id: 'x', method: 'echo', params: { text: 'hi', times: 2 } })).toEqual([
      200,
      { jsonrpc: '2.0', result: 'hihi', id: 'x' },
    ]);
    expect(await post({ jsonrpc: '2.0', id: null, method: 'fail' })).toEqual([
      200,
      { jsonrpc: '2.0', error: { code: -5, message: 'as asked' }, id: null },
    ]);
  });

  it('runs notifications without a reply', async () => {
    expect(await post({ jsonrpc: '2.0', method: 'echo', params: ['hi'] })).toEqual([204, undefined]);
    expect(await post({ jsonrpc: '2.0', method: 'fail' })).toEqual([204, undefined]);
    expect(await post([{ jsonrpc: '2.0', method: 'echo', params: ['hi'] }])).toEqual([204, undefined]);
  });

  it('refuses other versions, as Core 28 and later do', async () => {
    for (const jsonrpc of ['1.1', '2.1', '', 2, true, []]) {
      const message = typeof jsonrpc === 'string' ? 'JSON-RPC version not supported' : 'jsonrpc field must be a string';
      const reply = { result: null, error: { code: -32600, message } };
      // Without an id, it is not a notification: its version is not 2.0.
      expect(await post({ jsonrpc, method: 'echo', params: ['hi'] })).toEqual([400, reply]);
      expect(await post([{ jsonrpc, id: 7, method: 5 }])).toEqual([200, [{ ...reply, id: 7 }]]);
    }
  });

  it('sets the HTTP status for errors of 1.0', async () => {
    const error = (code: number, message: string, id: unknown = 1) => ({ result: null, error: { code, message }, id });
    const cases: [unknown, number, unknown][] = [
      [{ id: 1, method: 'fail' }, 500, error(-5, 'as asked')],
      [{ id: 1, method: 'crash' }, 500, error(-1, 'unexpected')],
      [{ id: 1, method: 'nope' }, 404, error(-32601, 'Method not found')],
      [{ id: 1 }, 400, error(-32600, 'Missing method')],
      [{ id: 1, method: 5 }, 400, error(-32600, 'Method must be a string')],
      [{ id: 1, method: 'echo', params: 5 }, 400, error(-32600, 'Params must be an array or object')],
      [{ id: 1, method: 'echo', params: { x: 1 } }, 500, error(-8, 'Unknown named parameter x')],
      ['{', 500, error(-32700, 'Parse error', null)],
      ['', 500, error(-32700, 'Parse error', null)],
      ['5', 500, error(-32700, 'Top-level object parse error', null)],
    ];
    for (const [body, status, reply] of cases) expect(await post(body)).toEqual([status, reply]);
  });

  it('returns the help of a method called with too few or too many arguments', async () => {
    for (const params of [[], ['a', 1, 2]]) {
      const [status, reply] = await post({ id: 1, method: 'echo', params });
      expect(status).toBe(500);
      expect(reply).toMatchObject({
        error: { code: -1, message: expect.stringMatching(/^echo "text" \( times \)\n/) },
      });
    }
  });

  it('answers a batch in order, each request in its own version', async () => {
    const batch = [
      1,
      { jsonrpc: '2.0', id: 1, method: 'echo', params: ['a'] },
      { jsonrpc: '2.0', method: 'echo', params: ['silent'] },
      { id: 2, method: 'fail' },
    ];
    expect(await post(batch)).toEqual([
      200,
      [
        { result: null, error: { code: -32600, message: 'Invalid Request object' }, id: null },
        { jsonrpc: '2.0', result: 'a', id: 1 },
        { result: null, error: { code: -5, message: 'as asked' }, id: 2 },
      ],
    ]);
    expect(await post([])).toEqual([200, []]);
  });

  it('answers a member of a batch that is no object by version and id of the member before it, as Core does', async () => {
    const error = { code: -32600, message: 'Invalid Request object' };
    expect(
      await post([{ jsonrpc: '2.0', id: 1, method: 'echo', params: ['a'] }, 1, { id: [2], method: 5 }, null]),
    ).toEqual([
      200,
      [
        { jsonrpc: '2.0', result: 'a', id: 1 },
        { jsonrpc: '2.0', error, id: 1 },
        { result: null, error: { code: -32600, message: 'Method must be a string' }, id: [2] },
        { result: null, error, id: [2] },
      ],
    ]);
    expect(await post([{ jsonrpc: '2.0', method: 'echo', params: ['a'] }, 1])).toEqual([204, undefined]);
  });

  it('echoes any id, and refuses more than 512 nested values', async () => {
    for (const id of ['[[{"a":null}]]', '12345678901234567890', '"x"', '1.50', 'true']) {
      expect(await postText(`{"id":${id},"method":"echo","params":["hi"]}`)).toBe(
        `{"result":"hi","error":null,"id":${id}}\n`,
      );
    }
    const nested = (depth: number) => `{"id":${'['.repeat(depth)}${']'.repeat(depth)},"method":"echo","params":["hi"]}`;
    expect((await post(nested(511)))[0]).toBe(200);
    for (const depth of [512, 100_000]) {
      expect(await post(nested(depth))).toMatchObject([500, { error: { code: -32700, message: 'Parse error' } }]);
    }
  });

  it('takes the first of two equal members of a request, and refuses two equal arguments', async () => {
    expect(await post('{"id":1,"method":"echo","method":"none","params":["hi"]}')).toMatchObject([
      200,
      { result: 'hi' },
    ]);
    expect(await post('{"id":1,"method":"echo","params":{"text":"a","text":"b"}}')).toMatchObject([
      500,
      { error: { code: -8, message: 'Parameter text specified multiple times' } },
    ]);
  });

  it('does not evaluate a __proto__ member', async () => {
    const [status, reply] = await post('{"id":1,"method":"echo","params":{"__proto__":{"text":"hi"}}}');
    expect([status, reply]).toMatchObject([500, { error: { message: 'Unknown named parameter __proto__' } }]);
    expect((await post({ id: 1, method: 'constructor' }))[0]).toBe(404);
  });

  it('limits batches and concurrent calls', async () => {
    const most = (await post(`[${'1,'.repeat(49_999)}1]`)) as [number, unknown[]];
    expect([most[0], most[1].length]).toEqual([200, 50_000]);
    const huge = `[${'1,'.repeat(50_000)}1]`;
    expect((await post(huge))[0]).toBe(400);

    const waiting = Array.from({ length: 256 }, () => post({ id: 1, method: 'wait' }));
    expect(await post({ method: 'echo', params: ['x'] })).toEqual([503, undefined]);
    await new Promise((resolve) => setImmediate(resolve));
    for (const end of pending) end();
    await Promise.all(waiting);
    expect((await post({ method: 'echo', params: ['x'] }))[0]).toBe(200);
  });
});
