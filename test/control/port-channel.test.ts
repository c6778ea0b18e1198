import { beforeEach, describe, expect, it } from 'vitest';
import { portChannel } from '../../src/control/protocol/port-channel.ts';

/** A message port as of a browser that does not report the end of the other one. */
class QuietPort extends EventTarget {
  readonly posted: unknown[] = [];
  isStarted = false;
  closed = 0;

  postMessage(data: unknown): void {
    this.posted.push(data);
  }

  start(): void {
    this.isStarted = true;
  }

  close(): void {
    this.closed++;
  }

  /** Receives what the other end has posted. */
  receive(data: unknown): void {
    this.dispatchEvent(new MessageEvent('message', { data }));
  }
}

let port: QuietPort;
let channel: ReturnType<typeof portChannel>;
let received: [text: string, taken: () => void][];
/** What was called, in its order. */
let calls: string[];
beforeEach(() => {
  port = new QuietPort();
  channel = portChannel(port as unknown as MessagePort);
  received = [];
  calls = [];
  channel.onClose(() => calls.push('closed'));
});
const open = () => channel.onMessage((text, taken) => received.push([text, taken]));
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('a channel on a port', () => {
  it('says of each text that may fill memory when it was taken, once', () => {
    open();
    channel.send('plain');
    channel.send('first', () => calls.push('first'));
    channel.send('second', () => calls.push('second'));
    expect(port.posted).toEqual([{ text: 'plain' }, { text: 'first', number: 1 }, { text: 'second', number: 2 }]);
    expect(calls).toEqual([]);
    port.receive({ taken: 2 });
    expect(calls).toEqual(['second']);
    for (const taken of [2, 0, 3, -1]) port.receive({ taken });
    expect(calls).toEqual(['second']);
    port.receive({ taken: 1 });
    expect([calls, received]).toEqual([['second', 'first'], []]);
  });

  it('acknowledges a text with a number once its receiver has taken it, and no other', () => {
    open();
    port.receive({ text: 'plain' });
    port.receive({ text: 'numbered', number: 7 });
    expect(received.map(([text]) => text)).toEqual(['plain', 'numbered']);
    expect(port.posted).toEqual([]);
    received[0]![1]();
    expect(port.posted).toEqual([]);
    received[1]![1]();
    expect(port.posted).toEqual([{ taken: 7 }]);
  });

  it('ignores what is no text', () => {
    open();
    for (const data of [null, undefined, 'text', 7, [], { text: 7 }, { text: null }, { text: {} }, { closed: false }]) {
      port.receive(data);
    }
    expect([received, port.closed]).toEqual([[], 0]);
  });

  it('gets what was sent before it listens', async () => {
    expect(port.isStarted).toBe(false);
    open();
    expect(port.isStarted).toBe(true);
    const { port1, port2 } = new MessageChannel();
    port2.postMessage({ text: 'early' });
    const late = portChannel(port1);
    await settle();
    const text = await new Promise((resolve) => late.onMessage(resolve));
    expect(text).toBe('early');
    late.close();
  });

  it('that is closed tells the other end, and its listener once, later', async () => {
    open();
    channel.close();
    expect([port.posted, port.closed, calls]).toEqual([[{ closed: true }], 1, []]);
    channel.close();
    port.dispatchEvent(new Event('close'));
    await settle();
    expect([port.posted, port.closed, calls]).toEqual([[{ closed: true }], 1, ['closed']]);
  });

  it.each([
    ['the other end says so', () => port.receive({ closed: true })],
    ['its port closes', () => port.dispatchEvent(new Event('close'))],
  ])('ends when %s', async (_, end) => {
    open();
    end();
    expect([port.posted, port.closed, calls]).toEqual([[], 1, []]);
    await settle();
    expect(calls).toEqual(['closed']);
    end();
    await settle();
    expect([port.posted, port.closed, calls]).toEqual([[], 1, ['closed']]);
  });

  it('that has ended receives and sends nothing, and keeps no sender waiting', async () => {
    open();
    channel.send('waiting', () => calls.push('waiting'));
    port.receive({ text: 'last', number: 1 });
    port.posted.length = 0;
    channel.close();
    received[0]![1]();
    port.receive({ text: 'late' });
    port.receive({ taken: 1 });
    channel.send('late', () => calls.push('late'));
    channel.send('late');
    expect(calls).toEqual([]);
    await settle();
    expect(calls).toEqual(['closed', 'waiting', 'late']);
    channel.send('later', () => calls.push('later'));
    port.receive({ taken: 1 });
    expect(calls.length).toBe(3);
    await settle();
    expect(calls[3]).toBe('later');
    expect([calls.length, received.length, port.posted]).toEqual([4, 1, [{ closed: true }]]);
  });
});
