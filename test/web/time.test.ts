import { describe, expect, it } from 'vitest';
import { subjectOf } from '../../src/web/model/messages/subjects.ts';
import { Axis, axisAround } from '../../src/web/model/time/axis.ts';
import { foldStretches } from '../../src/web/model/time/folds.ts';
import { idleStretches } from '../../src/web/model/time/idle.ts';
import { journeyOf, planReplay } from '../../src/web/model/time/journey.ts';
import { durationText, ticksOf, zeroOf } from '../../src/web/model/time/ticks.ts';
import { Traffic } from './support/traffic.ts';

const END = Number.POSITIVE_INFINITY;

describe('idleStretches', () => {
  const stretches = ({ timeline }: Traffic, from: number, to: number, least: number) =>
    idleStretches(timeline, { from, to, least, now: 100_000 }).map((each) => [each.from, each.to]);

  it('are where no message is under way, whether or not it was sent a while ago', () => {
    const traffic = new Traffic(['a', 'b']);
    traffic.send(1_000, 'a', 'b', 20);
    traffic.send(1_010, 'b', 'a', 300);
    traffic.send(1_700, 'a', 'b', 5);
    traffic.send(1_790, 'a', 'b', 5);
    expect(stretches(traffic, 0, 2_000, 100)).toEqual([
      [0, 1_000],
      [1_310, 1_700],
      [1_795, END],
    ]);
    // All that the moments have a part of, also if it begins before them.
    expect(stretches(traffic, 1_400, 1_500, 100)).toEqual([[1_310, 1_700]]);
    expect(stretches(traffic, 1_320, 1_320, 100)).toEqual([[1_310, 1_700]]);
    expect(stretches(traffic, 1_100, 1_200, 100)).toEqual([[1_310, 1_700]]);
    expect(stretches(traffic, 1_400, 1_500, 391)).toEqual([]);
    expect(stretches(traffic, 1_702, 1_720, 80)).toEqual([[1_705, 1_790]]);
    expect(stretches(traffic, 5_000, 5_000, 80)).toEqual([[1_795, END]]);
  });

  it('do not end with messages that keep connections alive', () => {
    const traffic = new Traffic(['a', 'b']);
    traffic.send(500, 'a', 'b', 5, { command: 'ping' });
    traffic.send(1_000, 'a', 'b', 5);
    for (const at of [1_200, 1_400]) traffic.send(at, 'a', 'b', 5, { command: 'ping' });
    traffic.send(1_600, 'a', 'b', 5);
    traffic.send(1_800, 'a', 'b', 5, { command: 'pong' });
    const all = [
      [0, 1_000],
      [1_005, 1_600],
      [1_605, END],
    ];
    expect(stretches(traffic, 0, 3_000, 100)).toEqual(all);
    expect(stretches(traffic, 1_300, 1_300, 100)).toEqual([all[1]]);
    expect(stretches(traffic, 1_900, 1_900, 100)).toEqual([all[2]]);
  });

  it('end where a node connects a block', () => {
    const traffic = new Traffic(['a', 'b']);
    traffic.send(1_000, 'a', 'b', 5, { command: 'block' });
    traffic.block(1_400, 'b', 'cc');
    traffic.send(2_000, 'b', 'a', 5);
    expect(stretches(traffic, 1_000, 1_990, 300)).toEqual([
      [1_005, 1_400],
      [1_400, 2_000],
    ]);
    expect(stretches(traffic, 1_500, 1_990, 300)).toEqual([[1_400, 2_000]]);
    expect(stretches(traffic, 1_000, 1_990, 500)).toEqual([[1_400, 2_000]]);
  });

  it('are there without a message, and not before anything is known', () => {
    expect(stretches(new Traffic(['a']), 10, 20, 5)).toEqual([[0, END]]);
  });

  it('take few steps among many messages', () => {
    const traffic = new Traffic(['a', 'b']);
    for (let i = 0; i < 50_000; i++) traffic.send(1_000 + i / 50, 'a', 'b', 1);
    let reads = 0;
    const { messages } = traffic.timeline;
    const { at } = messages;
    messages.at = (index) => {
      reads++;
      return at.call(messages, index);
    };
    expect(stretches(traffic, 900, 3_000, 200)).toEqual([
      [0, 1_000],
      [2_000.98, END],
    ]);
    expect(reads).toBeLessThan(500);
  });
});

describe('Axis', () => {
  it('has its anchor where it is told, and leaves out folds', () => {
    const axis = new Axis({ time: 1_000, share: 0.5 }, 100, [
      { from: 900, to: 980 },
      { from: 1_010, to: 1_110 },
    ]);
    expect([axis.shareOf(1_000), axis.shareOf(1_010), axis.shareOf(1_060), axis.shareOf(1_120)]).toEqual([
      0.5, 0.6, 0.6, 0.7,
    ]);
    expect([axis.from, axis.to]).toEqual([870, 1_150]);
    for (const time of [870, 890, 980.5, 1_005, 1_115]) expect(axis.timeAt(axis.shareOf(time))).toBeCloseTo(time, 6);
    expect([axis.isFolded(1_010), axis.isFolded(1_050), axis.isFolded(1_110)]).toEqual([false, true, false]);
  });

  it('ends with a fold that is not over', () => {
    const axis = new Axis({ time: 5_000, share: 0.9 }, 100, [{ from: 1_000, to: END }]);
    expect([axis.shareOf(1_000), axis.shareOf(9_000), axis.timeAt(1)]).toEqual([0.9, 0.9, 1_000]);
    expect(axis.timeAt(0)).toBe(910);
  });

  it('asks for folds as far as it reaches', () => {
    const folds = [1, 2, 3].map((i) => ({ from: i * 10_000, to: i * 10_000 + 9_990 }));
    const asked: number[] = [];
    const foldsIn = (from: number, to: number) => {
      asked.push(from);
      return folds.filter((fold) => fold.to > from && fold.from < to);
    };
    const axis = axisAround({ time: 40_000, share: 1 }, 40, foldsIn, { begin: 0, end: 41_000 });
    expect(axis.from).toBe(9_990);
    expect(axis.folds).toHaveLength(3);
    expect(asked.length).toBeLessThan(15);
    // No further than something is known.
    expect(axisAround({ time: 40_000, share: 1 }, 40, () => [], { begin: 39_990, end: 41_000 }).from).toBe(39_960);
    expect(axisAround({ time: 1, share: 1 }, 40, () => [], { begin: END, end: 41_000 }).to).toBe(1);
  });
});

it('folds long stretches alone, and leaves their ends', () => {
  const stretches = [
    { from: 0, to: 24 },
    { from: 100, to: 125 },
    { from: 200, to: END },
  ];
  expect(foldStretches(stretches, 100)).toEqual([
    { from: 104, to: 121 },
    { from: 204, to: END },
  ]);
});

describe('the marks of the axis', () => {
  const labels = (axis: Axis, width: number, zero = 0) => ticksOf(axis, width, zero).map(({ label }) => label);

  it('count milliseconds from a moment where it is stretched, and have the time of day elsewhere', () => {
    expect(labels(new Axis({ time: 990, share: 0 }, 100), 800, 1_000)).toEqual([
      ...['−10 ms', '0 ms', '10 ms', '20 ms', '30 ms', '40 ms', '50 ms', '60 ms', '70 ms', '80 ms', '90 ms'],
    ]);
    expect(labels(new Axis({ time: 1_000, share: 0 }, 1), 400, 1_000)).toEqual([
      ...['0 ms', '0.2 ms', '0.4 ms', '0.6 ms', '0.8 ms', '1 ms'],
    ]);
    expect(labels(new Axis({ time: 0, share: 0 }, 4_000), 400)).toEqual(['0 ms', '1 s', '2 s', '3 s', '4 s']);
    const noon = Date.UTC(2026, 0, 1, 12);
    expect(labels(new Axis({ time: noon, share: 0 }, 20_000), 400)).toEqual([
      ...['12:00:00', '12:00:05', '12:00:10', '12:00:15', '12:00:20'],
    ]);
    expect(labels(new Axis({ time: noon, share: 0 }, 300_000), 400)).toEqual([
      ...['12:00:00', '12:01:00', '12:02:00', '12:03:00', '12:04:00', '12:05:00'],
    ]);
  });

  it('count on behind a fold, and have none in it', () => {
    const axis = new Axis({ time: 0, share: 0 }, 100, [{ from: 50, to: 1_795 }]);
    const ticks = ticksOf(axis, 400, 0);
    expect(ticks.map(({ label }) => label)).toEqual(['0 ms', '20 ms', '40 ms', '1800 ms', '1820 ms', '1840 ms']);
    expect(ticks[3]!.share).toBeCloseTo(0.55);
    expect(labels(new Axis({ time: 0, share: 0 }, 100, [{ from: 50, to: END }]), 400)).toEqual([
      '0 ms',
      '20 ms',
      '40 ms',
    ]);
  });

  it('count from where traffic begins, or from a second', () => {
    const axis = new Axis({ time: 2_000, share: 0.9 }, 100, [{ from: 1_000, to: 1_960 }]);
    expect([zeroOf(axis, 2_000), zeroOf(axis, 1_500)]).toEqual([1_964, 0]);
    expect(zeroOf(new Axis({ time: 2_100, share: 0.5 }, 100), 2_100)).toBe(2_000);
  });

  it('say durations shortly', () => {
    expect([0.26, 29.4, 999, 1_830, 74_000].map(durationText)).toEqual([
      '0.26 ms',
      '29 ms',
      '1000 ms',
      '1.8 s',
      '74 s',
    ]);
  });
});

describe('journeyOf', () => {
  it('is from the first node that has it until the last one has, under either of its ids', () => {
    const traffic = new Traffic(['a', 'b', 'c']);
    traffic.transaction(990, 'a', 'tx', 'wtx');
    traffic.send(1_000, 'a', 'b', 5, { command: 'inv', hashes: ['other', 'wtx'] });
    traffic.send(1_002, 'a', 'b', 5, { hashes: ['other'] });
    traffic.send(1_010, 'b', 'a', 2, { command: 'getdata', hashes: ['wtx'] });
    traffic.send(1_500, 'a', 'b', 30, { hashes: ['tx'] });
    traffic.transaction(1_540, 'b', 'tx', 'wtx');
    expect(journeyOf(traffic.timeline, 'tx', 9_000)).toEqual({
      ...{ id: 'tx', of: 'transaction', from: 990, to: 1_540 },
      pauses: [
        { from: 990, to: 1_000 },
        { from: 1_005, to: 1_010 },
        { from: 1_012, to: 1_500 },
        { from: 1_530, to: 1_540 },
      ],
    });
    expect(journeyOf(traffic.timeline, 'unknown', 9_000)).toBeUndefined();
  });

  it('is over when nothing follows, and does not begin before its traffic', () => {
    const traffic = new Traffic(['a', 'b', 'c']);
    traffic.block(10_000, 'a', 'cc');
    traffic.send(30_000, 'a', 'b', 10, { command: 'headers', hashes: ['cc'] });
    traffic.block(30_015, 'b', 'cc');
    traffic.send(50_011, 'b', 'c', 10, { command: 'headers', hashes: ['cc'] });
    traffic.block(50_022, 'c', 'cc');
    const journey = journeyOf(traffic.timeline, 'cc', 60_000)!;
    expect([journey.of, journey.from, journey.to]).toEqual(['block', 30_000, 30_015]);
    const another = new Traffic(['a', 'b']);
    another.send(30_000, 'a', 'b', 10, { hashes: ['tx'] });
    another.send(50_009, 'b', 'a', 10, { hashes: ['tx'] });
    expect(journeyOf(another.timeline, 'tx', 60_000)!.to).toBe(50_019);
  });
});

describe('planReplay', () => {
  const plan = (from: number, to: number, pauses: readonly { from: number; to: number }[] = []) =>
    planReplay({ id: 'tx', of: 'transaction', from, to, pauses });

  it('lasts some seconds, and fits into the diagram', () => {
    for (const length of [1, 7, 29, 50, 130, 730, 2_500, 3_999]) {
      const { slowness, span } = plan(1_000, 1_000 + length);
      expect(slowness * length).toBeGreaterThanOrEqual(4_000);
      expect(slowness * length).toBeLessThanOrEqual(8_000);
      expect(length / span).toBeCloseTo(0.88);
    }
    expect(plan(0, 30_000).slowness).toBe(1);
  });

  it('folds pauses that are long beside the rest', () => {
    const pauses = [
      { from: 1_020, to: 3_000 },
      { from: 3_030, to: 3_035 },
      { from: 3_050, to: 3_950 },
    ];
    const { folds, span, slowness } = plan(1_000, 4_000, pauses);
    expect(folds).toHaveLength(2);
    // 120 ms with messages, and four ends of pauses.
    expect(span).toBeCloseTo(120 / (0.88 - 4 * 0.04), 0);
    expect(slowness).toBe(30);
  });
});

it('the last transaction and block are those that came last, not those that spread last', () => {
  const traffic = new Traffic(['a', 'b']);
  traffic.transaction(10, 'a', 'tx1', 'wtx1');
  traffic.transaction(20, 'b', 'tx2', 'wtx2');
  traffic.transaction(30, 'b', 'tx1', 'wtx1');
  traffic.block(40, 'a', 'cc');
  traffic.block(50, 'a', 'dd');
  traffic.block(60, 'b', 'cc');
  expect([traffic.timeline.lastTransaction, traffic.timeline.lastBlock]).toEqual(['tx2', 'dd']);
});

it('a hash of a message is of a block or of a transaction, which has its txid', () => {
  const traffic = new Traffic(['a', 'b']);
  traffic.transaction(10, 'a', 'tx', 'wtx');
  traffic.block(40, 'a', 'cc');
  const subject = (command: string, hash: string) => subjectOf(traffic.timeline, command, hash);
  expect([subject('inv', 'wtx'), subject('getdata', 'cc'), subject('tx', 'tx'), subject('headers', 'ee')]).toEqual([
    { of: 'transaction', id: 'tx' },
    { of: 'block', id: 'cc' },
    { of: 'transaction', id: 'tx' },
    { of: 'block', id: 'ee' },
  ]);
});
