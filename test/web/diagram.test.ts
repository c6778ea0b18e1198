import { expect, it } from 'vitest';
import type { ControlEvent } from '../../src/control/protocol/events.ts';
import { type DiagramScene, drawnOf, messageAt } from '../../src/web/draw/diagram.ts';
import { AXIS_HEIGHT } from '../../src/web/draw/time-axis.ts';
import { Axis } from '../../src/web/model/time/axis.ts';
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
  const scene = (axis: Axis) => ({ timeline, axis, labels: { margin: 10 }, now: 10_000 }) as unknown as DiagramScene;
  const size = { width: 1_010, height: 310 + AXIS_HEIGHT, reach: 6 };
  const whole = scene(new Axis({ time: 0, share: 0 }, 1_000));
  const at = (x: number, y: number, reach = 6) => messageAt(whole, { ...size, reach }, { x, y: y + 5 })?.id;
  expect([at(110, 50), at(210, 100), at(310, 150), at(210, 112)]).toEqual([1, 1, 1, undefined]);
  expect([at(98, 50), at(320, 150)]).toEqual([undefined, undefined]);
  // What is lost ends half of the way.
  expect([at(511, 180), at(512, 200), at(512, 220)]).toEqual([2, 2, undefined]);
  expect(at(711, 150)).toBeUndefined();
  // A finger is less exact than a mouse.
  expect([at(220, 112), at(220, 112, 14)]).toEqual([undefined, 1]);
  // At a stretched axis, a line that began before its left edge.
  const late = scene(new Axis({ time: 190, share: 0 }, 20));
  expect(messageAt(late, size, { x: 510, y: 105 })?.id).toBe(1);
  // What the axis leaves out has no line.
  const folded = scene(new Axis({ time: 0, share: 0 }, 1_000, [{ from: 450, to: 650 }]));
  expect(messageAt(folded, size, { x: 460, y: 205 })).toBeUndefined();
});

it('looks back for as long as the slowest link takes', () => {
  const timeline = new Timeline();
  const link = { from: 'a', to: 'b', isCut: false, jitter: 0, loss: 0, bandwidth: 0 };
  timeline.start({ nodes: [] }, [{ ...link, latency: 400 }] as never, 0);
  for (let i = 0; i < 20; i++) timeline.messages.add({ time: i * 100, from: 'a', to: 'b' } as never);
  const { start, end } = drawnOf({ timeline, axis: new Axis({ time: 1_000, share: 0 }, 300) });
  expect([timeline.messages.at(start)!.time, timeline.messages.at(end)!.time]).toEqual([500, 1_300]);
});

it('draws the same one of several messages in each frame, also when older ones are forgotten', () => {
  const timeline = new Timeline();
  for (let i = 0; i < 70_000; i++) timeline.messages.add({ time: i, from: 'a', to: 'b' } as never);
  const drawn = (from: number, to: number) => {
    const { start, end, step } = drawnOf({ timeline, axis: new Axis({ time: from, share: 0 }, to - from) });
    const times: number[] = [];
    for (let i = start; i < end; i += step) times.push(timeline.messages.at(i)!.time);
    return { step, times };
  };
  const all = drawn(20_000, 40_000);
  expect(all.step).toBe(16);
  expect(all.times).toHaveLength(1_256);
  const later = drawn(20_003, 40_003).times;
  expect(later.filter((time) => !all.times.includes(time)).every((time) => time >= 40_000)).toBe(true);
  for (let i = 0; i < 5; i++) timeline.messages.add({ time: 70_000 + i, from: 'a', to: 'b' } as never);
  expect(drawn(20_000, 40_000)).toEqual(all);
  expect(drawn(20_000, 21_000)).toMatchObject({ step: 1 });
});
