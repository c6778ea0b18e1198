import { describe, expect, it } from 'vitest';
import type { ControlChannel } from '../../src/control/protocol/messages.ts';
import { ControlSession } from '../../src/control/server/control-session.ts';
import { EventLog, type EventLogOptions } from '../../src/control/server/event-log.ts';
import { EventSource } from '../../src/control/server/event-source.ts';
import type { FeedEvent } from '../../src/devnet/network/events/network-feed.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

const block = (height: number): FeedEvent => ({
  ...{
    type: 'block',
    node: 'node1',
    height,
    hash: 'ab'.repeat(32),
    previous: 'cd'.repeat(32),
    transactions: 1,
    size: 200,
  },
});

describe('EventLog', () => {
  it('numbers events from 1, and keeps the last ones', () => {
    const log = new EventLog({ maxEvents: 5 });
    expect([log.first, log.last, log.get(1)]).toEqual([1, 0, undefined]);
    for (let i = 1; i <= 12; i++) log.add(block(i), 1_000 + i);
    expect([log.first, log.last]).toEqual([8, 12]);
    expect([log.get(7), log.get(13)]).toEqual([undefined, undefined]);
    for (let i = 8; i <= 12; i++) {
      expect(JSON.parse(log.get(i)!.text)).toMatchObject({ number: i, time: 1_000 + i, height: i });
    }
  });

  it('keeps no more characters than it may', () => {
    const { length } = JSON.stringify({ number: 10, time: 1, ...block(10) });
    const log = new EventLog({ maxLength: 3 * length });
    for (let i = 10; i < 50; i++) log.add(block(i), 1);
    expect(log.last - log.first + 1).toBe(3);
    log.add({ ...block(1), hash: 'c'.repeat(4 * length) } as FeedEvent, 1);
    expect(log.first).toBe(log.last);
  });
});

/** A session whose client reads only when told. */
function setUp(options: EventLogOptions = {}) {
  const followed = new Map<string, (event: FeedEvent) => void>();
  const network = {
    follow: (types: Iterable<FeedEvent['type']>, listener: (event: FeedEvent) => void) => {
      const names = [...types];
      for (const type of names) followed.set(type, listener);
      return () => {
        for (const type of names) followed.delete(type);
      };
    },
  };
  const clock = new VirtualClock();
  const source = new EventSource(network, clock, { id: 'run', ...options });
  const sent: Record<string, unknown>[] = [];
  const unread: (() => void)[] = [];
  let isReading = true;
  let receive = (_: string) => {};
  let close = () => {};
  const channel: ControlChannel = {
    send: (text, done) => {
      sent.push(JSON.parse(text) as Record<string, unknown>);
      if (!done) return;
      if (isReading) done();
      else unread.push(done);
    },
    onMessage: (listener) => {
      receive = (text) => listener(text, () => {});
    },
    onClose: (listener) => {
      close = listener;
    },
    close: () => close(),
  };
  new ControlSession(channel, async () => null, source);
  /** Lets timers of no delay and what follows them run. */
  const settle = async () => {
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve, 0));
  };
  const request = async (method: string, params: object = {}) => {
    receive(JSON.stringify({ jsonrpc: '2.0', id: sent.length, method, params }));
    await settle();
    return sent.findLast((each) => 'id' in each)! as {
      result?: { subscription: string };
      error?: { data: { code: string } };
    };
  };
  const notifications = () =>
    sent
      .filter((each) => each.method === 'events')
      .map(({ params }) => params as { events: { number: number }[]; lost?: object });
  return {
    ...{ source, clock, followed, sent, request, settle, notifications, close: () => close() },
    pauseReading: () => {
      isReading = false;
    },
    readOn: () => {
      isReading = true;
      for (const done of unread.splice(0)) done();
    },
  };
}

describe('a subscription', () => {
  it('of a slow reader skips what the log has dropped, and tells the numbers', async () => {
    const session = setUp({ maxEvents: 10 });
    await session.request('subscribe', { types: ['block'] });
    session.pauseReading();
    session.source.log.add(block(1), 1);
    await session.settle();
    for (let i = 2; i <= 50; i++) session.source.log.add(block(i), 1);
    await session.settle();
    // One notification has left; nothing is sent until it is read.
    expect(session.notifications().map(({ events }) => events.map(({ number }) => number))).toEqual([[1]]);
    session.readOn();
    await session.settle();
    const [, second] = session.notifications();
    expect(second!.lost).toEqual({ from: 2, to: 40 });
    expect(second!.events.map(({ number }) => number)).toEqual(Array.from({ length: 10 }, (_, i) => 41 + i));
    session.source.log.add(block(51), 1);
    await session.settle();
    expect(session.notifications().at(-1)).toMatchObject({ events: [{ number: 51 }] });
    expect(session.notifications().at(-1)!.lost).toBeUndefined();
  });

  it('names a single event that the log has dropped', async () => {
    const session = setUp({ maxEvents: 10 });
    for (let i = 1; i <= 11; i++) session.source.log.add(block(i), 1);
    await session.request('subscribe', { types: ['block'], after: 0, server: 'run' });
    await session.settle();
    expect(session.notifications()).toMatchObject([
      { lost: { from: 1, to: 1 }, events: [{ number: 2 }, {}, {}, {}, {}, {}, {}, {}, {}, {}] },
    ]);
  });

  it('comes in batches that do not grow with what waits', async () => {
    const session = setUp();
    for (let i = 1; i <= 5_000; i++) session.source.log.add(block(i), 1);
    await session.request('subscribe', { types: ['block'], after: 0, server: 'run' });
    await session.settle();
    const lengths = session.sent.map((each) => JSON.stringify(each).length);
    expect(Math.max(...lengths)).toBeLessThan(70_000);
    const numbers = session.notifications().flatMap(({ events }) => events.map(({ number }) => number));
    expect(numbers).toEqual(Array.from({ length: 5_000 }, (_, i) => i + 1));
  });

  it('ends when asked, and with the connection', async () => {
    const session = setUp();
    const { result } = await session.request('subscribe', { types: ['block'] });
    await session.request('unsubscribe', { subscription: result!.subscription });
    session.source.log.add(block(1), 1);
    await session.settle();
    await session.request('subscribe', { types: ['block'] });
    session.close();
    session.source.log.add(block(2), 1);
    await session.settle();
    expect(session.notifications()).toEqual([]);
  });

  it('of costly types lets them be logged, and for a minute after it has ended', async () => {
    const session = setUp();
    expect(session.followed.has('block')).toBe(true);
    expect(session.followed.has('message')).toBe(false);
    const { result } = await session.request('subscribe', { types: ['message', 'wallet'] });
    expect([session.followed.has('message'), session.followed.has('wallet')]).toEqual([true, true]);
    const other = await session.request('subscribe', { types: ['message'] });
    await session.request('unsubscribe', { subscription: result!.subscription });
    session.clock.advance(60_000);
    expect([session.followed.has('message'), session.followed.has('wallet')]).toEqual([true, false]);
    await session.request('unsubscribe', { subscription: other.result!.subscription });
    session.clock.advance(59_999);
    expect(session.followed.has('message')).toBe(true);
    session.clock.advance(1);
    expect(session.followed.has('message')).toBe(false);
  });

  it('is one of at most sixteen', async () => {
    const session = setUp();
    for (let i = 0; i < 16; i++) expect((await session.request('subscribe')).result).toBeDefined();
    expect((await session.request('subscribe')).error!.data.code).toBe('too-many-subscriptions');
  });
});
