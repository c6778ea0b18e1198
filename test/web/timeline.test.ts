import { describe, expect, it } from 'vitest';
import type { ControlEvent } from '../../src/control/protocol/events.ts';
import type { ResultOf } from '../../src/control/protocol/methods.ts';
import { flightOf } from '../../src/web/model/messages/flight.ts';
import { KEPT_MS, Timeline } from '../../src/web/model/timeline.ts';

const START = 1_800_000_000_000;
const hash = (digit: string) => digit.repeat(64);
let number = 0;

type Given = ControlEvent extends infer Each
  ? Each extends ControlEvent
    ? Omit<Each, 'number' | 'time'>
    : never
  : never;
const at = (ms: number, event: Given): ControlEvent =>
  ({ number: ++number, time: START + ms, ...event }) as ControlEvent;

type Status = ResultOf<'status'>['nodes'][number];
const node = (name: string, change: Partial<Status> = {}): Status => ({
  ...{
    id: 3000,
    name,
    role: 'full',
    status: 'running',
    answers: true,
    height: 100,
    tip: hash('a'),
    peers: 1,
    mempool: 0,
    backlog: 0,
    balance: '0',
  },
  ...{ p2p: null, rpcUrl: null, cookieFile: null, electrumUrl: null, esploraUrl: null },
  ...change,
});
const conditions = { latency: 0, jitter: 0, loss: 0, bandwidth: 0 };

/** A timeline of two full nodes and a light one, which are linked. */
function started(): Timeline {
  const timeline = new Timeline();
  const nodes = [node('a'), node('b'), node('c', { role: 'light', id: null, mempool: null })];
  timeline.start({ nodes }, [{ from: 'a', to: 'b', isCut: false, ...conditions }], START);
  return timeline;
}

const block = (name: string, height: number, own: string, previous: string): Given => ({
  ...{ type: 'block', node: name, height, hash: hash(own), previous: hash(previous), transactions: 2, size: 400 },
});

describe('Timeline', () => {
  it('gets nodes and links that are added, which were not there before', () => {
    const timeline = started();
    const added = { type: 'node', status: 'running', height: 0, tip: hash('0'), peers: 0 } as const;
    timeline.add(at(100, { ...added, node: 'd', role: 'miner' }));
    timeline.add(
      at(100, { type: 'link', from: 'd', to: 'a', isCut: false, conditions: { ...conditions, latency: 5 } }),
    );
    timeline.add(at(110, { ...added, node: 'e', role: 'light' }));
    timeline.add(at(120, block('d', 1, 'd', '0')));
    expect([...timeline.nodes.values()].map(({ name, role }) => [name, role])).toEqual([
      ...[
        ['a', 'full'],
        ['b', 'full'],
        ['c', 'light'],
      ],
      ...[
        ['d', 'miner'],
        ['e', 'light'],
      ],
    ]);
    expect(timeline.nodeAt('d', START + 50)).toMatchObject({ status: 'stopped', height: -1, mempool: null });
    expect(timeline.nodeAt('d', START + 100)).toMatchObject({ status: 'running', height: 0, mempool: 0 });
    expect(timeline.nodeAt('d', START + 120)).toMatchObject({ height: 1, tip: hash('d') });
    expect(timeline.nodeAt('e', START + 120)).toMatchObject({ status: 'running', mempool: null });
    expect(timeline.linkAt('d', 'a', START + 100)).toMatchObject({ isCut: false, latency: 5 });
    // A node that is known is the same one.
    timeline.add(at(130, { ...added, node: 'd', role: 'miner', status: 'paused', height: 1 }));
    expect(timeline.nodeAt('d', START + 100)).toMatchObject({ status: 'running' });
    expect(timeline.nodes.size).toBe(5);
  });

  it('knows what each node was at each moment', () => {
    const timeline = started();
    timeline.add(at(100, block('a', 101, 'b', 'a')));
    timeline.add(at(130, block('b', 101, 'b', 'a')));
    timeline.add(at(200, { type: 'mempool', node: 'b', transactions: 3, bytes: 500 }));
    timeline.add(at(250, { type: 'mining', node: 'b', state: 'searching', height: 102 }));
    timeline.add(at(260, { type: 'mining', node: 'b', state: 'found', height: 102 }));
    timeline.add(at(300, { type: 'node', node: 'b', role: 'full', status: 'stopped', height: -1, tip: '', peers: 0 }));
    expect(timeline.nodeAt('a', START + 99)).toMatchObject({ height: 100, tip: hash('a') });
    expect(timeline.nodeAt('a', START + 100)).toMatchObject({ height: 101, tip: hash('b') });
    expect(timeline.nodeAt('b', START + 129)).toMatchObject({ height: 100 });
    expect(timeline.nodeAt('b', START + 200)).toMatchObject({ height: 101, mempool: 3, mining: null });
    expect(timeline.nodeAt('b', START + 255)).toMatchObject({ mining: 102 });
    expect(timeline.nodeAt('b', START + 261)).toMatchObject({ mining: null });
    expect(timeline.nodeAt('b', START + 300)).toMatchObject({ status: 'stopped', mempool: null });
    expect(timeline.nodeAt('d', START)).toBe(undefined);
    expect([timeline.begin, timeline.end]).toEqual([START, START + 300]);
    expect([...timeline.blocks.get(hash('b'))!.arrivals]).toEqual([
      ['a', START + 100],
      ['b', START + 130],
    ]);
  });

  it('takes headers for the blocks of a light node, and of no other', () => {
    const timeline = started();
    for (const name of ['a', 'c']) {
      timeline.add(at(50, { type: 'header', node: name, height: 101, hash: hash('b'), previous: hash('a') }));
    }
    expect(timeline.nodeAt('c', START + 60)).toMatchObject({ height: 101, tip: hash('b') });
    expect(timeline.nodeAt('a', START + 60)).toMatchObject({ height: 100 });
    expect([...timeline.blocks.get(hash('b'))!.arrivals.keys()]).toEqual(['c']);
  });

  it('follows chains backwards through forks, as far as they are known', () => {
    const timeline = started();
    timeline.addBlock({ hash: hash('a'), height: 100, previous: hash('9') });
    timeline.add(at(1, block('a', 101, 'b', 'a')));
    timeline.add(at(2, block('b', 101, 'c', 'a')));
    timeline.add(at(3, block('b', 102, 'd', 'c')));
    timeline.add(at(9, { type: 'reorg', node: 'a', from: hash('b'), hash: hash('d'), height: 102, fork: 100 }));
    const chain = (tip: string, count: number) => timeline.chainFrom(tip, count).map((each) => each.hash[0]);
    expect(chain(hash('b'), 9)).toEqual(['b', 'a']);
    expect(chain(hash('d'), 9)).toEqual(['d', 'c', 'a']);
    expect(chain(hash('d'), 2)).toEqual(['d', 'c']);
    expect(timeline.nodeAt('a', START + 9)).toMatchObject({ tip: hash('d'), height: 102 });
    // What was asked for later adds to what an event has said.
    timeline.addBlock({ hash: hash('d'), height: 102, previous: hash('c'), transactions: 7 });
    expect(timeline.blocks.get(hash('d'))).toMatchObject({ transactions: 7, size: 400 });
  });

  it('knows the mempools of the past, the best fee rate first', () => {
    const timeline = started();
    const payment = (ms: number, name: string, txid: string, change: 'added' | 'removed', fee = 100) =>
      timeline.add(at(ms, { type: 'transaction', node: name, txid: hash(txid), change, vsize: 100, fee }));
    payment(10, 'a', '1', 'added');
    payment(20, 'a', '2', 'added', 900);
    payment(25, 'b', '1', 'added');
    payment(30, 'a', '1', 'removed');
    payment(40, 'b', '3', 'removed');
    const mempool = (name: string, ms: number, count = 9) =>
      timeline.mempoolAt(name, START + ms, count).map(({ txid }) => txid[0]);
    expect(mempool('a', 9)).toEqual([]);
    expect(mempool('a', 20)).toEqual(['2', '1']);
    expect(mempool('a', 20, 1)).toEqual(['2']);
    expect(mempool('a', 30)).toEqual(['2']);
    expect(mempool('b', 40)).toEqual(['1']);
  });

  it('returns the messages of a time', () => {
    const timeline = started();
    for (const ms of [10, 20, 20, 30]) {
      timeline.add(
        at(ms, { type: 'message', node: 'a', at: START + ms, from: 'a', to: 'b', command: 'inv', count: 1, bytes: 61 }),
      );
    }
    const count = (from: number, to: number) => timeline.messagesBetween(START + from, START + to).length;
    expect([count(0, 10), count(10, 20), count(10, 21), count(20, 99), count(31, 99)]).toEqual([0, 1, 3, 3, 0]);
    // One that another process reports later stands where it was sent.
    timeline.add(
      at(40, { type: 'message', node: 'b', at: START + 15.5, from: 'b', to: 'a', command: 'tx', count: 1, bytes: 222 }),
    );
    expect(timeline.messagesBetween(START + 15, START + 16)).toMatchObject([{ command: 'tx', time: START + 15.5 }]);
    expect([...timeline.messages].map(({ time }) => time - START)).toEqual([10, 15.5, 20, 20, 30]);
  });

  it('knows the way of a message: under way, arrived, lost', () => {
    const timeline = started();
    const message = (id: number | undefined, ms: number, to = 'b') => {
      const single = id === undefined ? {} : { id, hashes: [hash('7')], items: 1 };
      const common = { type: 'message', node: 'a', from: 'a', to, command: 'tx', count: 1, bytes: 99 } as const;
      timeline.add(at(ms, { ...common, at: START + ms, ...single }));
      return timeline.messages.at(-1)!;
    };
    const sent = message(1, 100);
    const way = (of: typeof sent, ms: number) => {
      const { arrived, isLost } = flightOf(timeline, of, START + ms);
      return arrived === undefined ? isLost : arrived - START;
    };
    expect([way(sent, 120), way(sent, 3_000), way(sent, 3_200)]).toEqual([false, false, true]);
    timeline.add(at(160, { type: 'arrival', node: 'a', id: 1, at: START + 150 }));
    expect([way(sent, 149), way(sent, 150), way(sent, 9_000)]).toEqual([false, 150, 150]);
    // On a slow link, later.
    timeline.add(
      at(200, { type: 'link', from: 'a', to: 'b', isCut: false, conditions: { ...conditions, latency: 4_000 } }),
    );
    const slow = message(2, 210);
    expect([way(slow, 7_200), way(slow, 7_300)]).toEqual([false, true]);
    // Of several, and of those to other programs, it is assumed.
    expect(way(message(undefined, 220), 4_220)).toBe(4_220);
    expect(way(message(3, 230, '127.0.0.1:5000'), 240)).toBe(230);
    expect(sent).toMatchObject({ hashes: [hash('7')], items: 1 });
    expect(timeline.message('a', 1)).toBe(sent);
    expect(timeline.message('b', 1)).toBeUndefined();
    timeline.add(at(300, { type: 'transaction', node: 'a', txid: hash('6'), wtxid: hash('7'), change: 'added' }));
    expect([timeline.txidOf(hash('7')), timeline.txidOf(hash('5'))]).toEqual([hash('6'), hash('5')]);
    timeline.add(at(310, { type: 'transaction', node: 'a', txid: hash('6'), change: 'removed' }));
    timeline.prune(START + KEPT_MS + 400);
    expect(timeline.message('a', 1)).toBeUndefined();
    expect(timeline.txidOf(hash('7'))).toBe(hash('7'));
  });

  it('forgets what is too old, and nothing that still holds', () => {
    const timeline = started();
    timeline.add(at(10, block('a', 101, 'b', 'a')));
    timeline.add(at(15, { type: 'link', from: 'a', to: 'b', isCut: true, conditions }));
    timeline.add(
      at(20, { type: 'message', node: 'a', at: START + 20, from: 'a', to: 'b', command: 'inv', count: 1, bytes: 61 }),
    );
    for (const change of ['added', 'removed'] as const) {
      timeline.add(at(30, { type: 'transaction', node: 'a', txid: hash('1'), change }));
    }
    timeline.add(at(30, { type: 'transaction', node: 'a', txid: hash('2'), change: 'added' }));
    timeline.prune(START + KEPT_MS);
    expect(timeline.messages.length).toBe(1);
    timeline.prune(START + KEPT_MS + 60);
    expect(timeline.messages.length).toBe(0);
    expect([...timeline.transactions.keys()]).toEqual([hash('2')]);
    expect(timeline.nodes.get('a')!.moments).toHaveLength(1);
    expect(timeline.nodeAt('a', START + KEPT_MS)).toMatchObject({ height: 101 });
    expect(timeline.linkAt('a', 'b', START + KEPT_MS)).toMatchObject({ isCut: true });
    expect(timeline.begin).toBe(START + 60);
  });

  it('holds no more than it may', () => {
    const timeline = started();
    for (let i = 0; i < 70_000; i++) {
      timeline.add(
        at(i, { type: 'message', node: 'a', at: START + i, from: 'a', to: 'b', command: 'inv', count: 1, bytes: 61 }),
      );
    }
    expect(timeline.messages.length).toBeLessThanOrEqual(60_000);
    expect(timeline.messages.at(-1)!.time).toBe(START + 69_999);
    const id = (i: number) => i.toString(16).padStart(64, '0');
    for (let i = 0; i < 25_000; i++) {
      timeline.add(at(70_000, { type: 'transaction', node: 'a', txid: id(i), change: 'added' }));
    }
    expect([timeline.transactions.size, timeline.forgotten]).toEqual([20_000, 5_000]);
    // Of one that has left all mempools nothing is left out.
    timeline.add(at(70_000, { type: 'transaction', node: 'a', txid: id(5_000), change: 'removed' }));
    timeline.add(at(70_000, { type: 'transaction', node: 'a', txid: id(25_000), change: 'added' }));
    expect([timeline.transactions.size, timeline.forgotten]).toEqual([20_000, 5_000]);
    for (let i = 0; i < 50_000; i++) {
      timeline.add(at(70_000 + i, { type: 'mempool', node: 'a', transactions: i, bytes: 0 }));
    }
    expect(timeline.nodes.get('a')!.moments.length).toBeLessThanOrEqual(20_000);
    expect(timeline.nodeAt('a', START + 119_999)).toMatchObject({ mempool: 49_999 });
    for (let i = 0; i < 6_000; i++) timeline.addBlock({ hash: id(i), height: i, previous: id(i - 1) });
    expect(timeline.blocks.size).toBe(5_000);
    expect(timeline.blocks.has(id(5_999))).toBe(true);
  });

  it('holds fewer transactions the more nodes there are', () => {
    const timeline = new Timeline();
    timeline.start({ nodes: Array.from({ length: 50 }, (_, i) => node(`n${i}`)) }, [], START);
    for (let i = 0; i < 10_001; i++) {
      const txid = i.toString(16).padStart(64, '0');
      timeline.add(at(i, { type: 'transaction', node: 'n1', txid, change: 'added' }));
    }
    expect([timeline.transactions.size, timeline.forgotten]).toEqual([10_000, 1]);
  });

  it('begins anew after a gap, with the nodes that there are', () => {
    const timeline = started();
    timeline.start(
      { nodes: [node('b', { height: 107 }), node('d', { height: null, tip: null, status: 'stopped' })] },
      [],
      START + 9,
    );
    expect([...timeline.nodes.keys()]).toEqual(['b', 'd']);
    expect(timeline.nodeAt('b', START + 9)).toMatchObject({ height: 107 });
    expect(timeline.nodeAt('b', START)).toMatchObject({ height: 100 });
    expect(timeline.nodeAt('d', START + 9)).toMatchObject({ status: 'stopped', height: -1, tip: '' });
    // Events of nodes that are gone are no news.
    timeline.add(at(20, { type: 'mempool', node: 'a', transactions: 1, bytes: 1 }));
    expect(timeline.nodeAt('a', START + 20)).toBe(undefined);
  });
});
