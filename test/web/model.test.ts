import { describe, expect, it } from 'vitest';
import type { ControlClient } from '../../src/control/client/control-client.ts';
import { linkActions, networkActions, nodeActions } from '../../src/web/model/actions.ts';
import { colourOf, hueOf, patternOf, tagOf } from '../../src/web/model/block-colour.ts';
import { kindOf } from '../../src/web/model/messages/message-kind.ts';
import { nodeLink } from '../../src/web/model/outcome.ts';
import { parseRoute, type Route, routeHash } from '../../src/web/model/route.ts';
import { placeNodes } from '../../src/web/model/stage/layout.ts';
import { layOutTree } from '../../src/web/model/stage/tree-layout.ts';
import type { KnownBlock } from '../../src/web/model/timeline.ts';
import { en } from '../../src/web/text/en.ts';
import { chooseLanguage, fill, languages } from '../../src/web/text/texts.ts';

describe('the colour of a block', () => {
  it('is the same for the same hash, and stands beside a tag and a pattern', () => {
    const hash = `${'0'.repeat(56)}12ab34cd`;
    expect([hueOf(hash), tagOf(hash), patternOf(hash)]).toEqual([0xab34 % 360, '34cd', 1]);
    expect(colourOf(hash, true)).not.toBe(colourOf(hash, false));
    const hues = Array.from({ length: 50 }, (_, i) => hueOf((i * 7919).toString(16).padStart(64, '0')));
    expect(new Set(hues).size).toBeGreaterThan(10);
  });
});

describe('placeNodes', () => {
  it('gives each node a place of its own in the square, and equal networks equal ones', () => {
    for (const count of [1, 2, 3, 6, 7, 20, 50]) {
      const names = Array.from({ length: count }, (_, i) => `n${i}`);
      const links = names.slice(1).map((name, i) => ({ from: name, to: names[i >> 1]! }));
      const places = placeNodes(names, links);
      expect([...places.keys()]).toEqual(names);
      for (const { x, y } of places.values()) {
        expect(x >= 0 && x <= 1 && y >= 0 && y <= 1).toBe(true);
      }
      expect(new Set([...places.values()].map(({ x, y }) => `${x.toFixed(3)} ${y.toFixed(3)}`)).size).toBe(count);
      expect(placeNodes(names, [...links, { from: 'n0', to: 'unknown' }])).toEqual(places);
    }
    expect(placeNodes([], [])).toEqual(new Map());
    expect([...placeNodes(['left', 'right'], []).values()]).toEqual([
      { x: 0, y: 0.5 },
      { x: 1, y: 0.5 },
    ]);
  });

  it('puts linked nodes nearer to each other than others', () => {
    const names = Array.from({ length: 12 }, (_, i) => `n${i}`);
    const links = names.map((name, i) => ({ from: name, to: names[(i + 1) % 12]! }));
    const places = placeNodes(names, links);
    const distance = (a: string, b: string) =>
      Math.hypot(places.get(a)!.x - places.get(b)!.x, places.get(a)!.y - places.get(b)!.y);
    expect(distance('n0', 'n1')).toBeLessThan(distance('n0', 'n6'));
  });
});

describe('layOutTree', () => {
  const block = (hash: string, height: number, previous: string, seen = 0): KnownBlock => ({
    ...{ hash, height, previous },
    arrivals: new Map([['a', seen]]),
  });
  const lay = (blocks: readonly KnownBlock[], columns = 10) =>
    Object.fromEntries(
      layOutTree(blocks, columns).map((each) => [each.block.hash, [each.column, each.lane, each.previousLane]]),
    );

  it('gives the longest branch the first lane, and others the next that is free', () => {
    const trunk = [block('a', 1, '0'), block('b', 2, 'a'), block('c', 3, 'b'), block('d', 4, 'c')];
    expect(lay([...trunk, block('x', 2, 'a'), block('y', 3, 'x'), block('z', 4, 'c', 5)], 4)).toEqual({
      a: [0, 0, undefined],
      b: [1, 0, 0],
      c: [2, 0, 0],
      d: [3, 0, 0],
      x: [1, 1, 0],
      y: [2, 1, 1],
      z: [3, 1, 0],
    });
    // Of two tips at one height, that which came first.
    expect(lay([block('a', 1, '0'), block('b', 2, 'a', 9), block('c', 2, 'a', 3)], 2)).toMatchObject({
      b: [1, 1, 0],
      c: [1, 0, 0],
    });
  });

  it('shows the last heights alone', () => {
    const chain = Array.from({ length: 30 }, (_, i) => block(`h${i}`, i, `h${i - 1}`));
    const shown = lay(chain, 5);
    expect(Object.keys(shown)).toEqual(['h25', 'h26', 'h27', 'h28', 'h29']);
    expect(shown.h25).toEqual([0, 0, undefined]);
    expect(layOutTree([], 5)).toEqual([]);
  });
});

describe('routes', () => {
  it.each<Route>([
    { view: 'none' },
    { view: 'mempools' },
    { view: 'mining' },
    { view: 'block', id: 'ab' },
    { view: 'transaction', id: 'cd' },
    { view: 'node', id: 'a/b #' },
    { view: 'wallets' },
    { view: 'wallet', id: 'shop', name: 'my wallet/1' },
    { view: 'wallet', id: 'core', name: '' },
    { view: 'wallet', id: 'core', name: '', part: 'send' },
    { view: 'wallet', id: 'shop', name: 'a', part: 'receive' },
    { view: 'mempools', order: 'rate' },
    { view: 'unknown', address: 'nonsense/%zz' },
    { view: 'message', node: 'a', id: Number.MAX_SAFE_INTEGER },
    { view: 'address', id: 'bcrt1q' },
    { view: 'proof', id: 'ab' },
    { view: 'link', id: 'a', to: 'b' },
    { view: 'script', id: 'ab', input: 3 },
    { view: 'script', input: 0 },
  ])('%j has a URL of its own', (route) => {
    expect(parseRoute(routeHash(route))).toEqual(route);
  });

  it.each([
    ...['#/block', '#/other/x', '#/link/a', '#/%zz', '#/message/a/x', '#/message/a', '#/script/ab/x', '#/nonsense'],
  ])('%s is the address of nothing', (hash) => {
    expect(parseRoute(hash)).toEqual({ view: 'unknown', address: hash.slice(2) });
  });

  it.each(['', '#', '#/', '#token=ab'])('%s shows nothing', (hash) => {
    expect(parseRoute(hash)).toEqual({ view: 'none' });
  });
});

describe('texts', () => {
  const paths = (value: object, path = ''): string[] =>
    Object.entries(value).flatMap(([name, each]) =>
      typeof each === 'string'
        ? [`${path}.${name} ${(each.match(/\{\d\}/g) ?? []).sort().join('')}`]
        : paths(each, `${path}.${name}`),
    );

  it('are the same in all languages, with the same gaps', () => {
    for (const { texts } of Object.values(languages)) expect(paths(texts)).toEqual(paths(en));
  });

  it('name every field and action', () => {
    for (const { name, fields } of [...networkActions, ...nodeActions('a'), ...linkActions('a', 'b')]) {
      expect(en.act.actions[name]).toBeTruthy();
      for (const field of fields) expect(en.act.fields[field.name]).toBeTruthy();
    }
  });

  it('are chosen by what the browser wants', () => {
    expect(chooseLanguage(['fr', 'zh-Hans-CN', 'en'])).toBe('zh');
    expect(chooseLanguage(['zh_TW'])).toBe('zh');
    expect(chooseLanguage(['fr', 'de'])).toBe('en');
    expect(fill('{0} of {1}: {0}', 3, 'x')).toBe('3 of x: 3');
  });
});

it('the action that adds a node gives what is filled in', async () => {
  const add = networkActions.find(({ name }) => name === 'add')!;
  const calls: unknown[] = [];
  const client = {
    call: async (method: string, params: unknown) => {
      calls.push([method, params]);
      return { name: 'pool', height: 7 };
    },
  } as unknown as ControlClient;
  const filled = { role: 'miner', name: 'pool', link: 'a' };
  expect(await add.run(client, filled)).toEqual({ text: 'added', parts: [nodeLink('pool'), 7] });
  const empty = Object.fromEntries(add.fields.map(({ name, initial }) => [name, initial]));
  await add.run(client, empty);
  expect(calls).toEqual([
    ['node.add', { role: 'miner', name: 'pool', links: ['a'] }],
    ['node.add', { role: 'full' }],
  ]);
  expect(add.call(filled)).toBe("await network.addNode({ role: 'miner', name: 'pool', links: ['a'] })");
  expect(add.call(empty)).toBe('await network.addNode()');
});

it('kinds of messages are known by their commands', () => {
  expect(['tx', 'cmpctblock', 'headers', 'inv', 'getdata', 'ping'].map(kindOf)).toEqual([
    ...['transaction', 'block', 'headers', 'inventory', 'request', 'other'],
  ]);
});
