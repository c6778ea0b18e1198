import { expect, it } from 'vitest';
import { connectPort } from '../../src/control/client/connect-port.ts';
import type { ControlEvents, LostEvents } from '../../src/control/client/control-client.ts';
import type { ControlEvent } from '../../src/control/protocol/events.ts';
import { portChannel } from '../../src/control/protocol/port-channel.ts';
import { ControlSession } from '../../src/control/server/control-session.ts';
import { EventSource } from '../../src/control/server/event-source.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';

const ROUNDS = 16;
/** Events of one round: several batches. */
const EVENTS = 1_000;

/** What a reader got; each number must follow the one before. */
class Tally {
  last = 0;
  received = 0;
  lost = 0;

  take(event: ControlEvent | LostEvents): void {
    const [from, to] = event.type === 'gap' ? [event.from, event.to] : [event.number, event.number];
    if (from !== this.last + 1) throw new Error(`${from} follows ${this.last}`);
    this.last = to;
    if (event.type === 'gap') this.lost += to - from + 1;
    else this.received++;
  }
}

/** Reads until a number has come. The subscription ends. */
async function readTo(events: ControlEvents, tally: Tally, number: number): Promise<void> {
  for await (const event of events) {
    tally.take(event);
    if (tally.last >= number) return;
  }
}

// As `npm run bench -- event-server`, which measures the memory.
it('a fast, a slow and a returning reader get each event once, or are told that it is lost', async () => {
  const source = new EventSource({ follow: () => () => {} }, new VirtualClock(), { id: 'run', maxEvents: 5 * EVENTS });
  const connect = () => {
    const { port1, port2 } = new MessageChannel();
    new ControlSession(portChannel(port1), async () => null, source);
    return connectPort(port2);
  };
  const after = (tally: Tally) => ({ types: ['header'] as const, after: { server: 'run', number: tally.last } });
  const [fast, slow, returning] = [new Tally(), new Tally(), new Tally()];
  const [fastClient, slowClient] = [connect(), connect()];
  const slowEvents = (await slowClient.events(after(slow)))[Symbol.asyncIterator]();
  const all = ROUNDS * EVENTS;
  const readFast = readTo(await fastClient.events(after(fast)), fast, all);
  for (let round = 1; round <= ROUNDS; round++) {
    for (let i = 0; i < EVENTS; i++) {
      source.log.add({ type: 'header', node: 'node1', height: i, hash: 'ab'.repeat(32), previous: '' }, 1);
    }
    // It leaves in the middle of a batch.
    const client = connect();
    await readTo(await client.events(after(returning)), returning, round === ROUNDS ? all : round * EVENTS - 123);
    await client.close();
    if (round % 8 === 0) slow.take((await slowEvents.next()).value!);
    while (fast.last < source.log.last) await new Promise((resolve) => setImmediate(resolve));
  }
  await readFast;
  while (slow.last < all) slow.take((await slowEvents.next()).value!);
  await Promise.all([fastClient.close(), slowClient.close()]);
  expect(fast).toEqual({ last: all, received: all, lost: 0 });
  expect(returning).toEqual(fast);
  expect(slow.received + slow.lost).toBe(all);
  expect(slow.lost).toBeGreaterThan(all / 2);
});
