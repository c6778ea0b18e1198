import { describe, expect, it } from 'vitest';
import { NodeNumbers, Stays } from '../../src/web/model/mempool/stays.ts';
import { MessageLog } from '../../src/web/model/messages/message-log.ts';
import type { KnownMessage } from '../../src/web/model/timeline.ts';

describe('MessageLog', () => {
  const message = (time: number): KnownMessage => ({
    ...{ time, from: 'a', to: 'b', command: 'inv', count: 1, bytes: 61, node: 'a' },
    ...{ hashes: [], items: 0 },
  });
  const times = (log: MessageLog<KnownMessage>) => [...log].map(({ time }) => time);

  it('holds the last messages in the order of their times, around its end too', () => {
    const log = new MessageLog<KnownMessage>(4);
    for (const time of [1, 2, 3, 4, 5, 6]) log.add(message(time));
    expect([times(log), log.length]).toEqual([[3, 4, 5, 6], 4]);
    // Late ones, also across the end of the ring.
    log.add(message(4.5));
    log.add(message(4.2));
    expect(times(log)).toEqual([4.2, 4.5, 5, 6]);
    expect([log.at(0)?.time, log.at(-1)?.time, log.at(4), log.at(-5)]).toEqual([4.2, 6, undefined, undefined]);
    expect([4, 4.5, 4.6, 6, 7].map((time) => log.lowerBound(time))).toEqual([0, 1, 2, 3, 4]);
    expect(log.slice(1, 3).map(({ time }) => time)).toEqual([4.5, 5]);
  });

  it('keeps the order in which messages of one time came', () => {
    const log = new MessageLog<KnownMessage>(4);
    for (const command of ['inv', 'getdata', 'tx']) log.add({ ...message(1), command });
    expect([...log].map(({ command }) => command)).toEqual(['inv', 'getdata', 'tx']);
  });

  it('forgets those before a time', () => {
    const log = new MessageLog<KnownMessage>(3);
    for (const time of [1, 2, 3, 4]) log.add(message(time));
    log.dropBefore(4);
    expect(times(log)).toEqual([4]);
    log.dropBefore(9);
    expect([times(log), log.length, log.lowerBound(1)]).toEqual([[], 0, 0]);
    log.add(message(10));
    expect(times(log)).toEqual([10]);
  });
});

describe('Stays', () => {
  it('knows when each node had the transaction', () => {
    const nodes = new NodeNumbers();
    nodes.of('a');
    const stays = new Stays(nodes);
    stays.add('a', 10);
    // A node that comes later.
    stays.add('b', 12);
    stays.remove('a', 20);
    stays.remove('a', 30);
    stays.remove('c', 30);
    expect([...stays]).toEqual([
      ['a', { added: 10, removed: 20 }],
      ['b', { added: 12 }],
    ]);
    expect([stays.size, stays.present, stays.first]).toEqual([2, 1, 10]);
    expect([9, 10, 19, 20].map((time) => stays.isIn('a', time))).toEqual([false, true, true, false]);
    expect([stays.isIn('b', 99), stays.isIn('c', 99), stays.get('c')]).toEqual([true, false, undefined]);
    nodes.of('d');
    expect([stays.isIn('d', 99), stays.get('d')]).toEqual([false, undefined]);
    // It has left the mempool and comes back.
    stays.add('a', 40);
    expect([stays.get('a'), stays.present, stays.size]).toEqual([{ added: 40 }, 2, 2]);
  });

  it('forgets stays that have ended', () => {
    const stays = new Stays(new NodeNumbers());
    for (const name of ['a', 'b', 'c']) stays.add(name, 10);
    stays.remove('a', 20);
    stays.remove('b', 30);
    stays.dropBefore(30);
    expect([...stays].map(([name]) => name)).toEqual(['b', 'c']);
    expect([stays.size, stays.present, stays.isIn('a', 15)]).toEqual([2, 1, false]);
  });

  it('is nowhere at first', () => {
    expect(new Stays(new NodeNumbers()).first).toBe(Number.POSITIVE_INFINITY);
  });
});
