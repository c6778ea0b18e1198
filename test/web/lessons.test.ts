import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectPort } from '../../src/control/client/connect-port.ts';
import type { ControlClient } from '../../src/control/client/control-client.ts';
import { ControlService } from '../../src/control/server/control-service.ts';
import { createNetwork } from '../../src/devnet/network/create-network.ts';
import type { NodeNetwork } from '../../src/devnet/network/node-network.ts';
import type { NetworkOptions } from '../../src/devnet/topology/network-options.ts';
import { lessonOf, lessons } from '../../src/web/lessons/index.ts';
import { scenarioLabel, scenarioSteps } from '../../src/web/lessons/scenario.ts';
import type { Both } from '../../src/web/model/lesson/format.ts';
import { LessonPlayer } from '../../src/web/model/lesson/player.ts';
import type { LessonHost } from '../../src/web/model/lesson/scene.ts';
import { parseRoute, routeHash } from '../../src/web/model/route.ts';

/** Characters of Chinese. */
const HAN = /\p{Script=Han}/u;

function expectBoth({ en, zh }: Both): void {
  expect(en.trim()).not.toBe('');
  expect(en).not.toMatch(HAN);
  expect(zh.trim()).not.toBe('');
}

describe('lessons', () => {
  it('have ids of their own, which the address takes', () => {
    expect(new Set(lessons.map(({ id }) => id)).size).toBe(lessons.length);
    for (const lesson of lessons) {
      expect(lessonOf(lesson.id)).toBe(lesson);
      const route = { view: 'lesson', id: lesson.id, step: lesson.steps.length } as const;
      expect(parseRoute(routeHash(route))).toEqual(route);
    }
    expect(parseRoute('#/lesson')).toEqual({ view: 'lesson' });
    expect(routeHash({ view: 'lesson' })).toBe('#/lesson');
    expect(parseRoute('#/lesson/fork')).toEqual({ view: 'lesson', id: 'fork' });
    for (const step of ['0', '-1', 'x', '']) {
      expect(parseRoute(`#/lesson/fork/${step}`)).toEqual({ view: 'lesson', id: 'fork' });
    }
  });

  it('say everything in both languages, in one or two sentences, of nodes of their cast', () => {
    for (const { title, summary, steps, cast } of lessons) {
      for (const text of [title, summary, ...steps.flatMap((step) => [step.title, step.text])]) {
        expectBoth(text);
        expect(text.zh).toMatch(HAN);
      }
      for (const { text, focus } of steps) {
        expect(text.en.match(/[.?!](\s|$)/g)!.length).toBeLessThanOrEqual(3);
        expect(focus.nodes.length).toBeGreaterThan(0);
        expect(focus.views.length).toBeGreaterThan(0);
        for (const part of focus.nodes) expect(Object.keys(cast)).toContain(part);
        // Both languages name the same nodes.
        const named = (each: string) => [...each.matchAll(/\{(\w+)\}/g)].map(([, part]) => part!).sort();
        expect(named(text.zh)).toEqual(named(text.en));
        for (const part of named(text.en)) expect(Object.keys(cast)).toContain(part);
      }
    }
  });
});

describe('the scenario of pier up', () => {
  it('has every label in both languages', () => {
    const source = readFileSync(new URL('../../src/devnet/scenario/scenario.ts', import.meta.url), 'utf8');
    const quoted = [...source.matchAll(/#fact\(\s*\w+,\s*(["`'])(.*?)\1\s*,/g)].map((match) => match[2]!);
    expect(quoted.length).toBeGreaterThanOrEqual(20);
    expect(quoted.length).toBe(source.match(/this\.#fact\(/g)!.length);
    for (const label of new Set(quoted)) {
      const shown = label.replace(/\$\{[^}]*\}/g, 'bob');
      expect(scenarioLabel(shown).zh, shown).toMatch(HAN);
    }
    expect(scenarioLabel('alice pays bob 1.5 BTC').zh).toBe('alice 付给 bob 1.5 BTC');
    expect(scenarioLabel('another').zh).toBe('another');
  });

  it('lights up the steps that it has played, with their facts', () => {
    const lesson = lessonOf('nine-steps')!;
    const hash = 'ab'.repeat(32);
    const fact = (label: string, value: string | number) => ({ node: 'miner', label, value });
    const steps = scenarioSteps(lesson, [
      { type: 'step', step: 1, title: 'one', facts: [fact('best block', hash), fact('height', 7)] },
      { type: 'step', step: 2, title: 'two', facts: [fact('payment received', hash)] },
    ]);
    expect(steps.map(({ state }) => state).slice(0, 4)).toEqual(['done', 'done', 'running', 'ahead']);
    expect(steps[0]!.facts.map(({ node, value, opens }) => [node, value, opens])).toEqual([
      ['miner', hash, { view: 'block', id: hash }],
      ['miner', 7, undefined],
    ]);
    expect(steps[1]!.facts[0]!.opens).toEqual({ view: 'transaction', id: hash });
    expect(scenarioSteps(lesson, []).map(({ state }) => state)).toEqual(['running', ...Array(9).fill('ahead')]);
  });
});

const roles = (accounts: readonly number[]): NetworkOptions => ({
  nodes: (['central', 'wallet', 'miner', 'light'] as const).map((name) => ({
    ...{ name, role: name },
    ...(name === 'wallet' ? { accounts } : {}),
  })),
  links: ['wallet', 'miner', 'light'].map((name) => ({ between: [name, 'central'] as const })),
  accounts: 2,
});

describe.each([
  { about: 'with accounts on the wallet node', options: roles([0, 1]) },
  { about: 'with accounts elsewhere', options: roles([]) },
  {
    about: 'with a light node beside four without roles',
    options: { nodes: [...Array(4).fill({}), { role: 'light' }], accounts: 2 } as NetworkOptions,
  },
])('lessons on a network in this program, $about', ({ options }) => {
  let network: NodeNetwork;
  let service: ControlService;
  let client: ControlClient;
  let host: LessonHost;

  beforeAll(async () => {
    network = await createNetwork(options);
    network.mining = { transactions: 5 };
    service = new ControlService(network, { name: 'lessons' });
    const { port1, port2 } = new MessageChannel();
    service.attachPort(port1);
    client = connectPort(port2);
    const listeners = new Set<() => void>();
    const events = await client.events();
    const following = async () => {
      for await (const _ of events) for (const listener of [...listeners]) listener();
    };
    // It ends with the connection.
    following().catch(() => {});
    host = {
      call: (method, params) => client.call(method, params),
      onChange: (listener) => {
        listeners.add(listener);
        // What no event shows, such as that a light node has searched a block.
        const timer = setInterval(listener, 50);
        return () => {
          clearInterval(timer);
          listeners.delete(listener);
        };
      },
    };
  });
  afterAll(async () => {
    await client?.close();
    service?.close();
    await network?.close();
  });

  const player = () => new LessonPlayer(host, { read: async () => {} });
  const asBefore = async () => {
    expect(network.mining).toEqual({ transactions: 5 });
    expect(network.nodes.map(({ status }) => status)).toEqual(network.nodes.map(() => 'running'));
    expect(network.links.filter(({ isCut }) => isCut)).toEqual([]);
    await network.synced();
  };

  it.each([...lessons, ...lessons])(
    'plays $id to the end, and leaves the network as usable',
    { timeout: 120_000 },
    async (lesson) => {
      const playing = player();
      await playing.start(lesson);
      await playing.play();
      const { steps } = playing.open()!;
      expect(steps.map(({ state, failure }) => [state, failure])).toEqual(steps.map(() => ['done', undefined]));
      for (const { facts } of steps) {
        expect(facts.length).toBeGreaterThan(0);
        for (const { label, value } of facts) {
          expectBoth(label);
          expect(String(value)).not.toMatch(/undefined|NaN/);
        }
      }
      if (lesson.id === 'nine-steps') {
        // By itself, the network mines only on a node with that role.
        const miner = playing.open()!.cast!.get('miner')!;
        const isMiner = network.node(miner).role === 'miner';
        expect(steps[5]!.commands).toEqual([isMiner ? 'pier mining transactions 2' : `pier mine 1 --by ${miner}`]);
      }
      expect(playing.failure()).toBeUndefined();
      await asBefore();
    },
  );

  it.each(lessons)('restores the network when $id is left after any step', { timeout: 240_000 }, async (lesson) => {
    const playing = player();
    for (let left = 1; left < lesson.steps.length; left++) {
      await playing.start(lesson, left - 1);
      await playing.next();
      expect(playing.open()!.steps[left - 1]!.state).toBe('done');
      await playing.leave();
      await asBefore();
    }
  });
});
