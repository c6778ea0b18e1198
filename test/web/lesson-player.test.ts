import { describe, expect, it } from 'vitest';
import type { CallableMethod } from '../../src/control/client/control-client.ts';
import { type Before, lookBefore, restore } from '../../src/web/model/lesson/before.ts';
import { commandOf } from '../../src/web/model/lesson/commands.ts';
import { defineLesson, type Lesson } from '../../src/web/model/lesson/format.ts';
import { LessonPlayer, type PlayerOptions } from '../../src/web/model/lesson/player.ts';
import { LessonError, type LessonHost, Scene } from '../../src/web/model/lesson/scene.ts';
import { Unfinished } from '../../src/web/model/lesson/unfinished.ts';

/** Parameters of the methods that lessons call. */
interface Given {
  readonly node?: string;
  readonly mode?: unknown;
  readonly between?: readonly [string, string];
  readonly cut?: boolean;
}

/** A network that answers what a lesson asks, and notes what changes it. */
class FakeNetwork implements LessonHost {
  mining: unknown = { transactions: 2 };
  readonly nodes = new Map([
    ['hub', { role: 'central', status: 'running' }],
    ['pool', { role: 'miner', status: 'running' }],
    ['idle', { role: 'full', status: 'stopped' }],
  ]);
  readonly links = [
    { from: 'pool', to: 'hub', isCut: false },
    { from: 'idle', to: 'hub', isCut: true },
  ];
  readonly calls: string[] = [];
  /** Methods that fail. */
  readonly failing = new Set<string>();
  /** What stops of nodes wait for. */
  stopping: Promise<void> = Promise.resolve();
  readonly #listeners = new Set<() => void>();

  async call(method: CallableMethod, params: object = {}): Promise<never> {
    if (method === 'stop') await this.stopping;
    return this.#answer(method, params as Given) as never;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  change(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  #answer(method: string, { node, mode, between, cut }: Given): unknown {
    if (method === 'status') {
      return { mining: this.mining, nodes: [...this.nodes].map(([name, each]) => ({ name, ...each })) };
    }
    if (method === 'accounts') return { accounts: [] };
    if (method === 'links') return { links: this.links.map((link) => ({ ...link })) };
    this.calls.push([method, node, between, cut, mode].filter((each) => each !== undefined).join(' '));
    if (this.failing.has(method)) throw new Error(`${method} fails`);
    if (method === 'stop') this.nodes.get(node!)!.status = 'stopped';
    if (method === 'pause') this.nodes.get(node!)!.status = 'paused';
    if (method === 'start' || method === 'resume') this.nodes.get(node!)!.status = 'running';
    if (method === 'mining') this.mining = mode;
    if (method === 'heal') for (const link of this.links) link.isCut = false;
    if (method === 'link') this.links.find(({ from }) => from === between![0])!.isCut = cut === true;
    return null;
  }
}

const both = (en: string) => ({ en, zh: `中文 ${en}` });
const focus = { nodes: ['hub'], views: ['stage'] } as const;

/** A lesson of three steps; the second waits until `ready` holds. */
function sample(ready: () => boolean = () => true, extra: Partial<Lesson> = {}): Lesson {
  return {
    ...defineLesson<'hub' | 'pool', { readonly mark: string }>({
      id: 'sample',
      title: both('sample'),
      summary: both('summary'),
      cast: { hub: 'central', pool: 'miner' },
      prepare: async (scene) => {
        await scene.call('mining', { mode: 'manual' });
        await scene.control('stop', { node: scene.node('pool') });
      },
      steps: [
        {
          ...{ title: both('first'), text: both('one'), focus },
          verify: async (scene) => {
            scene.keep({ mark: 'noted' });
            return [scene.fact('hub', both('height'), 7)];
          },
        },
        {
          ...{ title: both('second'), text: both('two'), focus },
          act: async (scene) => {
            await scene.control('start', { node: scene.node('pool') });
          },
          verify: async (scene) => {
            await scene.until(both('ready'), async () => ready());
            return [];
          },
        },
        {
          ...{ title: both('third'), text: both('three'), focus },
          verify: async (scene) => [scene.fact('pool', both('mark'), scene.kept('mark'))],
        },
      ],
    }),
    ...extra,
  };
}

function play(network: FakeNetwork, options: Partial<PlayerOptions> = {}) {
  const moves: number[] = [];
  const remembered: (Before | undefined)[] = [];
  const player = new LessonPlayer(network, {
    read: async () => {},
    moved: (_, step) => moves.push(step),
    remember: (before) => remembered.push(before),
    ...options,
  });
  const states = () => player.open()?.steps.map(({ state }) => state);
  return { player, moves, remembered, states };
}

/** Lets everything go on that needs no more than promises. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('LessonPlayer', () => {
  it('plays one step after the other, with evidence and commands, and can be read again', async () => {
    const network = new FakeNetwork();
    const { player, states } = play(network);
    await player.start(sample());
    expect([player.open()!.step, states()]).toEqual([0, ['ahead', 'ahead', 'ahead']]);
    await player.next();
    expect(states()).toEqual(['done', 'ahead', 'ahead']);
    expect(player.open()!.steps[0]).toMatchObject({
      facts: [{ node: 'hub', label: both('height'), value: 7 }],
      // Of what prepares the lesson, too; but not what is called without a command.
      commands: ['pier stop pool'],
    });
    expect(network.mining).toBe('manual');
    await player.next();
    expect([player.open()!.step, states()![1]]).toEqual([1, 'ahead']);
    await player.next();
    expect(player.open()!.steps[1]).toMatchObject({ state: 'done', commands: ['pier start pool'] });
    player.back();
    expect([player.open()!.step, states()]).toEqual([0, ['done', 'done', 'ahead']]);
    player.back();
    expect(player.open()!.step).toBe(0);
    await player.next();
    await player.next();
    expect(player.open()!.step).toBe(2);
    await player.next();
    expect(player.open()!.steps[2]!.facts).toEqual([{ node: 'pool', label: both('mark'), value: 'noted' }]);
    // No step was played twice.
    expect(network.calls.filter((call) => call === 'start pool')).toHaveLength(1);
    await player.next();
    expect(player.open()!.step).toBe(2);
  });

  it('restores the network after the last step, once', async () => {
    const network = new FakeNetwork();
    const { player, remembered } = play(network);
    await player.start(sample());
    await player.play();
    expect(network.mining).toEqual({ transactions: 2 });
    expect([remembered.length, remembered.at(-1)]).toEqual([2, undefined]);
    network.mining = 'manual';
    await player.leave();
    // What the reader has done since stays.
    expect([player.open(), network.mining]).toEqual([undefined, 'manual']);
  });

  it('waits for changes, not for time, and says for what', async () => {
    const network = new FakeNetwork();
    let isReady = false;
    const { player, states } = play(network);
    await player.start(sample(() => isReady));
    await player.next();
    await player.next();
    const stepping = player.next();
    await settle();
    expect([states()![1], player.open()!.waitingFor]).toEqual(['running', both('ready')]);
    network.change();
    await settle();
    expect(states()![1]).toBe('running');
    // A step in progress is not begun again.
    await player.next();
    isReady = true;
    network.change();
    await stepping;
    expect([states()![1], player.open()!.waitingFor, network.listeners]).toEqual(['done', undefined, 0]);
    expect(network.calls.filter((call) => call === 'start pool')).toHaveLength(1);
  });

  it('restores what it has changed when the reader leaves half way, also in the middle of a step', async () => {
    const network = new FakeNetwork();
    const { player, remembered } = play(network);
    const lesson = sample(() => false, {
      prepare: async (scene) => {
        await scene.call('mining', { mode: 'manual' });
        await scene.control('stop', { node: 'hub' });
        await scene.call('pause', { node: 'pool' });
        await scene.call('link', { between: ['pool', 'hub'], cut: true });
        await scene.call('link', { between: ['idle', 'hub'], cut: false });
      },
    });
    await player.start(lesson);
    await player.next();
    player.show(1);
    void player.next();
    await settle();
    expect(player.open()!.steps[1]!.state).toBe('running');
    await player.leave();
    expect(player.open()).toBeUndefined();
    expect(network.mining).toEqual({ transactions: 2 });
    expect([...network.nodes.values()].map(({ status }) => status)).toEqual(['running', 'running', 'stopped']);
    expect(network.links.map(({ isCut }) => isCut)).toEqual([false, true]);
    expect([remembered.length, remembered.at(-1), network.listeners]).toEqual([2, undefined, 0]);
  });

  it('lets a call that is under way end before it restores', async () => {
    const network = new FakeNetwork();
    let stop = () => {};
    network.stopping = new Promise((resolve) => {
      stop = resolve;
    });
    const { player } = play(network);
    await player.start(sample());
    void player.next();
    await settle();
    const leaving = player.leave();
    await settle();
    expect(player.open()!.isLeaving).toBe(true);
    stop();
    await leaving;
    expect(network.calls).toEqual(['mining manual', 'stop pool', 'start pool', 'mining [object Object]']);
  });

  it('changes nothing before its first step, and restores nothing then', async () => {
    const network = new FakeNetwork();
    const { player } = play(network);
    await player.start(sample(), 1);
    await player.leave();
    expect(network.calls).toEqual([]);
  });

  it('plays the steps before the one that the address asks for', async () => {
    const network = new FakeNetwork();
    const { player, moves, states } = play(network);
    await player.start(sample(), 7);
    expect(player.open()!.step).toBe(2);
    await player.next();
    expect([states(), moves]).toEqual([
      ['done', 'done', 'done'],
      [2, 0, 1, 2],
    ]);
  });

  it('plays by itself with time to read, which the reader can cut short, and stops at a pause', async () => {
    const network = new FakeNetwork();
    const texts: string[] = [];
    const { player, states } = play(network, {
      read: ({ en }, signal) => {
        texts.push(en);
        return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
      },
    });
    await player.start(sample());
    const playing = player.play();
    await settle();
    expect([states()![0], player.open()!.isPlaying]).toEqual(['ahead', true]);
    await player.next();
    await settle();
    expect([states()![0], texts]).toEqual(['done', ['one', 'first']]);
    await player.next();
    await settle();
    expect([player.open()!.step, states()![1]]).toEqual([1, 'ahead']);
    player.pause();
    await playing;
    expect([states(), player.open()!.isPlaying]).toEqual([['done', 'ahead', 'ahead'], false]);
    await player.leave();
  });

  it('says why a step has failed, and tries it again', async () => {
    const network = new FakeNetwork();
    let isWrong = true;
    const { player, states, remembered } = play(network);
    const lesson = sample(() => {
      if (isWrong) throw new LessonError(both('wrong'));
      return true;
    });
    network.failing.add('stop');
    await player.start(lesson);
    await player.play();
    expect(player.open()!.steps[0]).toMatchObject({ state: 'failed', failure: { en: 'stop fails', zh: 'stop fails' } });
    expect(player.open()!.isPlaying).toBe(false);
    network.failing.clear();
    // What the first attempt has changed is not what was before.
    await player.play();
    expect(remembered[1]).toMatchObject({ mining: { transactions: 2 } });
    expect([states(), player.open()!.steps[1]!.failure]).toEqual([['done', 'failed', 'ahead'], both('wrong')]);
    isWrong = false;
    await player.next();
    expect(states()).toEqual(['done', 'done', 'ahead']);
    expect(player.open()!.steps[1]!.failure).toBeUndefined();
  });

  it('says what could not be restored, and restores the rest', async () => {
    const network = new FakeNetwork();
    const { player, remembered } = play(network);
    await player.start(sample());
    await player.next();
    network.failing.add('start');
    await player.leave();
    expect(player.failure()).toEqual({ en: 'start fails', zh: 'start fails' });
    expect(network.mining).toEqual({ transactions: 2 });
    // A page that is loaded again may try again.
    expect(remembered.at(-1)).toBeDefined();
  });

  it('says which nodes a network lacks, and what helps', async () => {
    const network = new FakeNetwork();
    network.nodes.delete('pool');
    const { player } = play(network);
    await player.start(sample());
    await player.next();
    const { en, zh } = player.open()!.steps[0]!.failure!;
    expect([en, zh]).toEqual([
      'It needs a miner, and idle is stopped. (pier start idle)',
      '本课需要矿工节点，而 idle 已停止。(pier start idle)',
    ]);
    expect(network.calls).toEqual([]);
  });

  it('keeps its cast while it stops nodes, also after a preparation that failed', async () => {
    const network = new FakeNetwork();
    const { player } = play(network);
    let isFailing = true;
    const lesson = sample(() => true, {
      prepare: async (scene) => {
        await scene.control('stop', { node: 'pool' });
        if (isFailing) throw new Error('not yet');
      },
    });
    await player.start(lesson);
    await player.next();
    expect(player.open()!.steps[0]!.state).toBe('failed');
    isFailing = false;
    await player.next();
    expect([player.open()!.steps[0]!.state, [...player.open()!.cast!]]).toEqual([
      'done',
      [
        ['hub', 'hub'],
        ['pool', 'pool'],
      ],
    ]);
  });

  it('leaves a lesson before it opens another one', async () => {
    const network = new FakeNetwork();
    const { player } = play(network);
    await player.start(sample());
    await player.next();
    await player.start(sample(() => true, { id: 'other' }));
    expect([player.open()!.lesson.id, player.open()!.steps[0]!.state]).toEqual(['other', 'ahead']);
    expect(network.nodes.get('pool')!.status).toBe('running');
  });

  it('watches steps that the network plays, unless the reader has a lesson open or has left', async () => {
    const network = new FakeNetwork();
    const { player, moves } = play(network);
    const done = { state: 'done', facts: [], commands: [] } as const;
    const [running, ahead] = [
      { ...done, state: 'running' },
      { ...done, state: 'ahead' },
    ] as const;
    const lesson = sample();
    player.watch(lesson, [done, running, ahead]);
    expect(player.open()).toMatchObject({ step: 1, isWatching: true });
    await player.next();
    await player.play();
    expect(network.calls).toEqual([]);
    player.watch(lesson, [done, done, running]);
    expect(moves).toEqual([1, 2]);
    await player.leave();
    player.watch(lesson, [done, done, done]);
    expect(player.open()).toBeUndefined();
    await player.start(lesson);
    player.watch(lesson, [done, done, done]);
    expect(player.open()).toMatchObject({ step: 0, isWatching: false });
  });
});

describe('Scene', () => {
  it('looks again after a change that came during a look', async () => {
    const network = new FakeNetwork();
    const scene = new Scene(network, new Map(), new AbortController().signal, { waitsFor: () => {}, does: () => {} });
    let looks = 0;
    const found = await scene.until(both('second look'), async () => {
      looks++;
      if (looks > 1) return looks;
      network.change();
      return undefined;
    });
    expect([found, network.listeners]).toEqual([2, 0]);
  });
});

describe('what was before', () => {
  it('restores once only what differs', async () => {
    const network = new FakeNetwork();
    const before = await lookBefore(network);
    expect(before).toEqual({ mining: { transactions: 2 }, running: ['hub', 'pool'], cut: [['idle', 'hub']] });
    await restore(network, before);
    expect(network.calls).toEqual(['mining [object Object]']);
  });
});

describe('Unfinished', () => {
  const before: Before = { mining: 'manual', running: ['a'], cut: [] };
  const storage = () => {
    const items = new Map<string, string>();
    return {
      items,
      getItem: (key: string) => items.get(key) ?? null,
      setItem: (key: string, value: string) => void items.set(key, value),
      removeItem: (key: string) => void items.delete(key),
    };
  };
  /** Locks of one page, and of those that have gone. */
  const locks = () => {
    let isHeld = false;
    const request = async (_: string, given: unknown, then?: (lock: unknown) => Promise<unknown>) => {
      const run = (then ?? given) as (lock: unknown) => Promise<unknown>;
      if (isHeld) return run(null);
      isHeld = true;
      await run({});
      isHeld = false;
      return undefined;
    };
    return { request: request as LockManager['request'] };
  };

  it('lets the next page restore what one has left, of the same network and only if that page is gone', async () => {
    const kept = storage();
    const living = locks();
    const restored: Before[] = [];
    const finish = (page: Unfinished) => page.finish(async (each) => void restored.push(each));
    const page = new Unfinished(kept, living, () => 'run 1');
    page.set(before);
    await finish(new Unfinished(kept, living, () => 'run 1'));
    expect(restored).toEqual([]);
    await finish(new Unfinished(kept, locks(), () => 'run 1'));
    expect(restored).toEqual([before]);
    await finish(new Unfinished(kept, locks(), () => 'run 1'));
    expect(restored).toHaveLength(1);
    page.set(before);
    await finish(new Unfinished(kept, locks(), () => 'run 2'));
    expect([restored.length, kept.items.size]).toEqual([1, 0]);
  });

  it('forgets what is restored', async () => {
    const kept = storage();
    const page = new Unfinished(kept, locks(), () => 'run 1');
    page.set(before);
    page.set(undefined);
    expect(kept.items.size).toBe(0);
    // The lock is free for the next lesson.
    await settle();
    page.set(before);
    expect(kept.items.size).toBe(1);
  });
});

describe('commandOf', () => {
  it('says what does the same in a terminal', () => {
    expect(commandOf('mine', { blocks: 2, by: 'a' })).toBe('pier mine 2 --by a');
    expect(commandOf('mine', {})).toBe('pier mine 1');
    expect(commandOf('mining', { mode: 'manual' })).toBe('pier mining manual');
    expect(commandOf('mining', { mode: { transactions: 2 } })).toBe('pier mining transactions 2');
    expect(commandOf('partition', { groups: [['a', 'b'], ['c']] })).toBe('pier partition a,b c');
    expect(commandOf('pay', { from: 0, to: 1, amount: '1.5' })).toBe('pier pay 0 1 1.5');
    expect(commandOf('faucet', { to: 'bcrt1', amount: '1' })).toBe('pier faucet bcrt1 1');
    expect(commandOf('reorg', { depth: 2, by: 'a' })).toBe('pier reorg 2 --by a');
    expect(commandOf('reorg', { depth: 2, drop: ['ab'] })).toBeUndefined();
    expect(commandOf('status', {})).toBeUndefined();
  });
});
