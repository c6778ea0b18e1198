import { describe, expect, it } from 'vitest';
import type { ControlClient } from '../../src/control/client/control-client.ts';
import { faultsOf } from '../../src/web/draw/links.ts';
import { isInBand } from '../../src/web/draw/partition-band.ts';
import { crossedLinks, divide, divisionByCuts, divisionOfNodes, partsOf } from '../../src/web/model/stage/division.ts';
import { KeptPlaces } from '../../src/web/model/stage/kept-places.ts';
import { NodeDetails } from '../../src/web/model/stage/node-details.ts';
import { layOutLabels } from '../../src/web/model/stage/row-labels.ts';
import { Timeline } from '../../src/web/model/timeline.ts';

const names = ['a', 'b', 'c', 'd', 'e'];
const link = (from: string, to: string) => ({ from, to });
// A ring of four, and a fifth that hangs on it.
const ring = [link('a', 'b'), link('b', 'c'), link('c', 'd'), link('d', 'a'), link('d', 'e')];
const places = new Map([
  ['a', { x: 0, y: 0 }],
  ['b', { x: 100, y: 0 }],
  ['c', { x: 100, y: 100 }],
  ['d', { x: 0, y: 100 }],
  ['e', { x: 0, y: 200 }],
]);
const down = [
  { x: 50, y: -10 },
  { x: 51, y: 40 },
  { x: 50, y: 150 },
];

describe('a division', () => {
  it('cuts the links that a line crosses', () => {
    expect(crossedLinks(down, ring, places)).toEqual([link('a', 'b'), link('c', 'd')]);
    expect(crossedLinks(down.slice(0, 2), ring, places)).toEqual([link('a', 'b')]);
    expect(crossedLinks([{ x: 50, y: 50 }], ring, places)).toEqual([]);
    expect(crossedLinks(down, [link('a', 'gone')], places)).toEqual([]);
  });

  it('is a partition where the cuts divide, and names all groups but the largest', () => {
    const cuts = [ring[0]!, ring[2]!];
    expect(divisionByCuts(names, ring, cuts)).toEqual({
      links: cuts,
      groups: [['b', 'c']],
      commands: ['pier partition b,c'],
    });
    const three = [ring[0]!, ring[2]!, ring[4]!];
    expect(divisionByCuts(names, ring, three).commands).toEqual(['pier partition a,d e']);
  });

  it('is cuts of single links where their ends stay linked over other nodes', () => {
    expect(divisionByCuts(names, ring, [ring[0]!])).toEqual({
      links: [ring[0]],
      commands: ['pier link a b --cut'],
    });
    // One of both divides, the other one does not.
    expect(divisionByCuts(names, ring, [ring[0]!, ring[4]!]).groups).toBe(undefined);
    expect(divisionByCuts(names, ring, [])).toEqual({ links: [], commands: [] });
  });

  it('cuts what is between chosen nodes and all others', () => {
    expect(divisionOfNodes(new Set(['a', 'e']), ring)).toEqual({
      links: [ring[0], ring[3], ring[4]],
      groups: [['a', 'e']],
      commands: ['pier partition a,e'],
    });
    expect(divisionOfNodes(new Set(names), ring)).toEqual({ links: [], commands: [] });
    expect(divisionOfNodes(new Set(['my node']), [link('my node', 'b')]).commands).toEqual([
      "pier partition 'my node'",
    ]);
    expect(divisionByCuts(['a', "b's"], [link('a', "b's"), link('a', "b's")], []).commands).toEqual([]);
  });

  it('does what the command does', async () => {
    const calls: unknown[] = [];
    const client = { call: async (...args: unknown[]) => calls.push(args) } as unknown as ControlClient;
    await divide(client, divisionByCuts(names, ring, [ring[0]!, ring[2]!]));
    await divide(client, divisionByCuts(names, ring, [ring[1]!]));
    expect(calls).toEqual([
      ['partition', { groups: [['b', 'c']] }],
      ['link', { between: ['b', 'c'], cut: true }],
    ]);
  });

  it('has parts whose nodes reach each other', () => {
    const parts = partsOf(names, [link('a', 'b'), link('c', 'b'), link('e', 'gone')]);
    expect([...parts]).toEqual([
      ['a', 0],
      ['b', 0],
      ['c', 0],
      ['d', 1],
      ['e', 2],
    ]);
  });

  it('is a band in the middle between the parts', () => {
    const nodes = [
      { x: 0, y: 0, part: 0 },
      { x: 100, y: 0, part: 1 },
      { x: 0, y: 100, part: 0 },
    ];
    const at = (x: number, y: number) => isInBand(x, y, nodes, 20);
    expect([at(50, 0), at(58, 0), at(63, 0), at(45, 200), at(0, 50), at(4, 0)]).toEqual([
      ...[true, true, false, false, false, false],
    ]);
    expect(isInBand(98, 3, [...nodes, { x: 97, y: 0, part: 0 }], 20)).toBe(false);
  });
});

it('faults of a link stand in words', () => {
  expect(faultsOf({ latency: 0, jitter: 0, loss: 0, bandwidth: 0 })).toBe('');
  expect(faultsOf({ latency: 200, jitter: 50, loss: 0.015, bandwidth: 12_500 })).toBe('200±50 ms · −1.5% · 12.5 kB/s');
  expect(faultsOf({ latency: 0, jitter: 0, loss: 0.1, bandwidth: 800 })).toBe('−10% · 800 B/s');
});

describe('places that the reader has chosen', () => {
  const storage = () => {
    const kept = new Map<string, string>();
    return {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    };
  };

  it('are kept for each network, inside of the ground, until they are cleared', () => {
    const shared = storage();
    const places = new KeptPlaces('one', shared);
    places.move('a', { x: 0.123456, y: 7 });
    places.move('b', { x: -1, y: 0.5 });
    const expected = [
      ['a', { x: 0.1235, y: 1 }],
      ['b', { x: 0, y: 0.5 }],
    ];
    expect([...places.places()]).toEqual(expected);
    expect([...new KeptPlaces('one', shared).places()]).toEqual(expected);
    expect(new KeptPlaces('two', shared).places().size).toBe(0);
    places.clear();
    expect([places.places().size, new KeptPlaces('one', shared).places().size]).toEqual([0, 0]);
  });

  it.each(['{', '[]', '{"a":{"x":"1","y":2}}', '{"a":{}}', '{"a":{"x":1}}'])('are none in %s', (text) => {
    const shared = storage();
    shared.setItem('places n', text);
    expect(new KeptPlaces('n', shared).places().size).toBe(0);
  });
});

describe("labels of the diagram's lines", () => {
  const many = Array.from({ length: 50 }, (_, i) => `node${i + 1}`);

  it('stand in one column where there is room, and side by side where not', () => {
    const few = layOutLabels(['a', 'b'], 200);
    expect([few.column(0), few.column(1), few.margin]).toEqual([0, 0, few.width]);
    const two = layOutLabels(many, 400);
    expect([0, 1, 2].map((row) => two.column(row))).toEqual([0, 1, 0]);
    expect(two.margin).toBe(2 * two.width);
    const three = layOutLabels(many, 250);
    expect([0, 1, 2, 3].map((row) => three.column(row))).toEqual([0, 1, 2, 0]);
  });

  it('are left out where three columns are too few, never covering each other', () => {
    for (const height of [40, 90, 160, 233, 300, 500]) {
      const { column } = layOutLabels(many, height);
      const ends = new Map<number, number>();
      for (const row of many.keys()) {
        const place = column(row);
        if (place === undefined) continue;
        const y = (row * height) / many.length;
        expect(y - (ends.get(place) ?? -99)).toBeGreaterThanOrEqual(13.9);
        ends.set(place, y);
      }
    }
    expect(layOutLabels(['x'.repeat(99)], 100).width).toBe(74);
  });
});

describe('NodeDetails', () => {
  it('knows encrypted links and proofs, and asks nodes again only when their connections change', async () => {
    const timeline = new Timeline();
    const node = (name: string, role: 'full' | 'light') => ({
      ...{
        id: null,
        name,
        role,
        status: 'running' as const,
        answers: true,
        height: 1,
        tip: 'ab',
        peers: 1,
        mempool: 0,
      },
      ...{ backlog: 0, balance: null, p2p: null, rpcUrl: null, cookieFile: null, electrumUrl: null, esploraUrl: null },
    });
    const conditions = { isCut: false, latency: 0, jitter: 0, loss: 0, bandwidth: 0 };
    const start = (peers: number) =>
      timeline.start(
        { nodes: [{ ...node('a', 'full'), peers }, node('b', 'full'), node('c', 'light')] },
        [
          { from: 'a', to: 'b', ...conditions },
          { from: 'c', to: 'b', ...conditions },
        ],
        1,
      );
    start(1);
    const calls: string[] = [];
    const answers: Record<string, unknown> = {
      'a getpeerinfo': [{ inbound: false, transport_protocol_type: 'v2' }],
      'b getpeerinfo': [
        { inbound: true, transport_protocol_type: 'v2' },
        { inbound: true, transport_protocol_type: 'v1' },
      ],
      'c getpeerinfo': [{ inbound: false, transport_protocol_type: 'detecting' }],
      'c getlightinfo': { merkleblocks: 2, blocks: 1 },
    };
    const details = new NodeDetails(timeline, async (name, method) => {
      calls.push(`${name} ${method}`);
      return answers[`${name} ${method}`] as never;
    });
    await details.refresh();
    expect([details.isEncrypted('a', 'b'), details.isEncrypted('c', 'b'), details.isEncrypted('x', 'y')]).toEqual([
      ...[true, false, false],
    ]);
    expect([details.proofs('c'), details.proofs('a')]).toEqual([3, undefined]);
    expect(calls).toHaveLength(4);
    calls.length = 0;
    answers['c getpeerinfo'] = [{ inbound: false, transport_protocol_type: 'v1' }];
    await details.refresh();
    await details.refresh();
    expect(calls).toEqual(['c getpeerinfo', 'c getlightinfo', 'c getlightinfo']);
    calls.length = 0;
    start(2);
    answers['a getpeerinfo'] = [{ inbound: false, transport_protocol_type: 'v1' }];
    await details.refresh();
    expect(calls).toEqual(['a getpeerinfo', 'c getlightinfo']);
    expect(details.isEncrypted('a', 'b')).toBe(false);
  });
});
