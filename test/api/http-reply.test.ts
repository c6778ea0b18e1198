import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { HttpReply } from '../../src/api/rpc/http-reply.ts';
import { BodyMemory, readBody } from '../../src/api/rpc/request-body.ts';
import { CountedClock } from '../support/counted-clock.ts';

const MEBIBYTE = 1 << 20;

/** A response that notes what is sent. Its client reads when the test says so. */
class FakeResponse extends EventEmitter {
  head: [status: number, reason: string, headers: object] | undefined;
  req = { httpVersion: '1.1' };
  shouldKeepAlive = true;
  removed: string[] = [];
  headersSent = false;
  sent: string[] = [];
  ended = false;
  destroyed = false;
  hasRoom = true;
  socket = { destroyed: false };
  removeHeader(name: string): void {
    this.removed.push(name);
  }
  writeHead(...head: [number, string, object]): this {
    expect(this.headersSent).toBe(false);
    this.headersSent = true;
    this.head = head;
    return this;
  }
  write(text: string): boolean {
    this.sent.push(text);
    return this.hasRoom;
  }
  end(text?: string): void {
    if (text) this.sent.push(text);
    this.ended = true;
  }
  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

function newReply() {
  const [response, clock] = [new FakeResponse(), new CountedClock()];
  return { response, clock, reply: new HttpReply(response as unknown as ServerResponse, clock) };
}

describe('The reply', () => {
  it('below a mebibyte is sent as a whole, with its length in bytes', () => {
    const { response, reply } = newReply();
    expect(reply.write('{"a":"ä"}')).toBeUndefined();
    expect(reply.write('x'.repeat(MEBIBYTE - 10))).toBeUndefined();
    expect(response.headersSent).toBe(false);
    reply.status = 404;
    reply.end();
    const headers = { 'Content-Type': 'application/json', 'Content-Length': String(MEBIBYTE) };
    expect(response.head).toEqual([404, 'Not Found', headers]);
    expect([response.sent.join('').length, response.ended]).toEqual([MEBIBYTE - 1, true]);
  });

  it('of a mebibyte is sent in parts, of which the status goes first', () => {
    const { response, reply } = newReply();
    reply.status = 500;
    expect(reply.write('x'.repeat(MEBIBYTE))).toBeUndefined();
    expect(response.head).toEqual([500, 'Internal Server Error', { 'Content-Type': 'application/json' }]);
    expect(reply.write('second')).toBeUndefined();
    expect(response.sent.at(-1)).toBe('second');
    reply.end();
    expect([response.sent.length, response.ended]).toEqual([2, true]);
  });

  it('without a body has no type and no length', () => {
    const { response, reply } = newReply();
    reply.status = 204;
    reply.end();
    expect([response.head, response.sent, response.ended]).toEqual([[204, 'No Content', {}], [], true]);
  });

  it('names a connection only where its version does not imply what happens to it', () => {
    for (const [httpVersion, shouldKeepAlive, connection] of [
      ['1.1', true, undefined],
      ['1.1', false, 'close'],
      ['1.0', true, 'keep-alive'],
      ['1.0', false, 'close'],
    ] as const) {
      const { response, reply } = newReply();
      Object.assign(response, { req: { httpVersion }, shouldKeepAlive });
      reply.end();
      expect(response.head![2]).toMatchObject({ 'Content-Type': 'application/json', 'Content-Length': '0' });
      expect((response.head![2] as { Connection?: string }).Connection).toBe(connection);
      // Node would announce it.
      expect(response.removed).toEqual(['Connection']);
    }
  });

  it('waits for a client that reads slowly, up to 30 seconds, and leaves no timer and no listener', async () => {
    for (const event of ['drain', 'close', 'stall']) {
      const { response, clock, reply } = newReply();
      response.hasRoom = false;
      const wait = reply.write('x'.repeat(MEBIBYTE));
      let isOver = false;
      void wait!.then(() => (isOver = true));
      clock.advance(29_999);
      await null;
      expect([isOver, response.destroyed]).toEqual([false, false]);
      if (event === 'stall') clock.advance(1);
      else response.emit(event);
      await wait;
      expect([event, response.destroyed]).toEqual([event, event === 'stall']);
      expect([clock.timers, response.listenerCount('drain'), response.listenerCount('close')]).toEqual([0, 0, 0]);
    }
  });

  it('is not kept for a client that is gone, nor waited for', async () => {
    for (const leave of [
      (response: FakeResponse) => response.destroy(),
      (response: FakeResponse) => (response.socket.destroyed = true),
    ]) {
      const { response, clock, reply } = newReply();
      expect(reply.isClosed).toBe(false);
      leave(response);
      expect(reply.isClosed).toBe(true);
      await reply.write('x'.repeat(MEBIBYTE));
      expect([response.headersSent, response.sent]).toEqual([false, []]);
      clock.advance(60_000);
    }
    const { response, clock, reply } = newReply();
    response.hasRoom = false;
    response.write = () => {
      response.destroyed = true;
      return false;
    };
    await reply.write('x'.repeat(MEBIBYTE));
    expect(clock.timers).toBe(0);
  });
});

/** A request whose body the test sends. */
function newRequest(headers: object = {}) {
  const stream = new PassThrough({ highWaterMark: 64 * MEBIBYTE });
  return { stream, request: Object.assign(stream, { headers }) as unknown as IncomingMessage };
}
const flowing = () => new Promise((resolve) => setImmediate(resolve));

describe('The body of a request', () => {
  it('is read as UTF-8, and takes no memory once it is read', async () => {
    const memory = new BodyMemory();
    const { stream, request } = newRequest();
    const body = readBody(request, memory);
    const bytes = Buffer.from('{"a":"ä€"}');
    for (const byte of bytes) stream.write(Buffer.of(byte));
    await flowing();
    expect(memory.bytes).toBe(bytes.length);
    stream.end();
    expect(await body).toBe('{"a":"ä€"}');
    expect(memory.bytes).toBe(0);
    for (const event of ['data', 'end']) expect(stream.listenerCount(event)).toBe(0);
  });

  it('is empty if it is not UTF-8, wherever its bytes are cut, and keeps a byte order mark', async () => {
    for (const [bytes, text] of [
      [[0x22, 0xff, 0x22], ''],
      [[0x22, 0xc3], ''],
      [[0xef, 0xbb, 0xbf, 0x31], '\ufeff1'],
    ] as const) {
      const { stream, request } = newRequest();
      const body = readBody(request, new BodyMemory());
      for (const byte of bytes) stream.write(Buffer.of(byte));
      stream.end();
      expect(await body).toBe(text);
    }
  });

  it('is at most 32 MiB, by its announced length or by what arrives', async () => {
    const most = 32 * MEBIBYTE;
    const announced = (length: number) =>
      readBody(newRequest({ 'content-length': String(length) }).request, new BodyMemory());
    expect(await announced(most + 1)).toBe(413);
    const memory = new BodyMemory();
    for (const [length, expected] of [
      [most, 'read'],
      [most + 1, 413],
    ] as const) {
      const { stream, request } = newRequest({ 'content-length': '5' });
      const body = readBody(request, memory);
      stream.end(Buffer.alloc(length, 'x'));
      const result = await body;
      expect([length, typeof result === 'string' ? 'read' : result]).toEqual([length, expected]);
      expect(memory.bytes).toBe(0);
    }
  });

  it('is refused while others take 256 MiB, whose memory stays counted', async () => {
    const memory = new BodyMemory();
    memory.bytes = 256 * MEBIBYTE - 5;
    const fits = newRequest();
    const fitting = readBody(fits.request, memory);
    fits.stream.write('12345');
    await flowing();
    const { stream, request } = newRequest();
    const refused = readBody(request, memory);
    stream.write('x');
    expect(await refused).toBe(503);
    expect(memory.bytes).toBe(256 * MEBIBYTE);
    // What follows is read and thrown away, so that the reply can be sent.
    stream.write('more');
    await flowing();
    expect([stream.readableLength, memory.bytes]).toEqual([0, 256 * MEBIBYTE]);
    fits.stream.end();
    expect(await fitting).toBe('12345');
    expect(memory.bytes).toBe(256 * MEBIBYTE - 5);
  });

  it('ends with its connection', async () => {
    for (const error of [undefined, new Error('reset')]) {
      const memory = new BodyMemory();
      const { stream, request } = newRequest();
      const body = readBody(request, memory);
      stream.write('some');
      await flowing();
      expect(memory.bytes).toBe(4);
      stream.destroy(error);
      expect([await body, memory.bytes]).toEqual([undefined, 0]);
    }
  });
});
