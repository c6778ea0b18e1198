import { expect, it } from 'vitest';
import type { ControlEvent } from '../../src/control/protocol/events.ts';
import { type DiagramScene, drawnOf, messageAt } from '../../src/web/draw/diagram.ts';
import { Timeline } from '../../src/web/model/timeline.ts';

it('finds the message whose line is at a place', () => {
  const timeline = new Timeline();
  const node = { status: 'running', height: 1, tip: '', peers: 1 } as const;
  const names = ['a', 'b', 'c'];
  timeline.start({ nodes: names.map((name) => ({ name, role: 'full', ...node })) as never }, [], 0);
  let number = 0;
  const add = (event: object) => timeline.add({ number: ++number, time: 0, ...event } as ControlEvent);
  const message = (id: number, at: number, from: string, to: string, command = 'tx') => {
    add({ type: 'message', node: from, id, at, from, to, command, count: 1, bytes: 9 });
  };
  message(1, 100, 'a', 'b');
  add({ type: 'arrival', node: 'a', id: 1, at: 300 });
  message(2, 500, 'b', 'c');
  message(3, 700, 'a', 'c', 'ping');
  // 300 px between the edges: the nodes are at 50, 150 and 250. A pixel is a millisecond, after 10 px of names.
  const scene = {
    ...{ timeline, from: 0, to: 1_000, labels: { margin: 10 }, hidden: new Set(['ping']) },
    now: 10_000,
  } as unknown as DiagramScene;
  const at = (x: number, y: number) => messageAt(scene, 1_010, 310, { x, y: y + 5 })?.id;
  expect([at(110, 50), at(210, 100), at(310, 150), at(210, 112)]).toEqual([1, 1, 1, undefined]);
  expect([at(98, 50), at(320, 150)]).toEqual([undefined, undefined]);
  // What is lost ends half of the way.
  expect([at(511, 180), at(512, 200), at(512, 220)]).toEqual([2, 2, undefined]);
  expect(at(711, 150)).toBeUndefined();
});

it('draws the same one of several messages in each frame, also when older ones are forgotten', () => {
  const timeline = new Timeline();
  for (let i = 0; i < 70_000; i++) timeline.messages.add({ time: i, from: 'a', to: 'b' } as never);
  const drawn = (from: number, to: number) => {
    const { start, end, step } = drawnOf({ timeline, from, to } as never);
    const times: number[] = [];
    for (let i = start; i < end; i += step) times.push(timeline.messages.at(i)!.time);
    return { step, times };
  };
  const all = drawn(20_000, 40_000);
  expect(all.step).toBe(16);
  expect(all.times).toHaveLength(1_250);
  const later = drawn(20_003, 40_003).times;
  expect(later.filter((time) => !all.times.includes(time)).every((time) => time >= 40_000)).toBe(true);
  for (let i = 0; i < 5; i++) timeline.messages.add({ time: 70_000 + i, from: 'a', to: 'b' } as never);
  expect(drawn(20_000, 40_000)).toEqual(all);
  expect(drawn(20_000, 21_000)).toMatchObject({ step: 1 });
});
