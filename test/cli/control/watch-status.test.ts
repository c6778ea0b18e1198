import { PassThrough } from 'node:stream';
import { expect, it, vi } from 'vitest';
import { drained, drawAtEvents } from '../../../src/cli/control/watch-status.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';

/** Lets what has resolved go on. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** A watch whose events and drawings the test decides. */
function setUp() {
  const clock = new VirtualClock();
  const queue: (() => IteratorResult<number>)[] = [];
  let wake = () => {};
  const events = {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        while (queue.length === 0) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        return queue.shift()!();
      },
    }),
  };
  const put = async (next: () => IteratorResult<number>) => {
    queue.push(next);
    wake();
    await settle();
  };
  const drawings: { done(): void; fail(error: unknown): void }[] = [];
  const draw = () => new Promise<void>((done, fail) => drawings.push({ done, fail }));
  const ended = drawAtEvents(events, clock, draw);
  return {
    ...{ clock, drawings, ended, queue },
    happen: () => put(() => ({ value: 1, done: false })),
    end: () => put(() => ({ value: undefined, done: true })),
    breakOff: (error: Error) =>
      put(() => {
        throw error;
      }),
  };
}

it('many events are drawn once, soon after the first', async () => {
  const { clock, drawings, queue, happen } = setUp();
  for (let i = 0; i < 999; i++) queue.push(() => ({ value: 1, done: false }));
  await happen();
  clock.advance(249);
  expect(drawings.length).toBe(0);
  clock.advance(1);
  expect(drawings.length).toBe(1);
  drawings[0]!.done();
  await settle();
  clock.advance(10_000);
  expect(drawings.length).toBe(1);
});

it('events during a drawing are drawn after it', async () => {
  const { clock, drawings, happen } = setUp();
  await happen();
  clock.advance(250);
  await happen();
  clock.advance(10_000);
  expect(drawings.length).toBe(1);
  drawings[0]!.done();
  await settle();
  clock.advance(250);
  expect(drawings.length).toBe(2);
});

it('the end of the events is the end, without another drawing', async () => {
  const { clock, drawings, ended, happen, end } = setUp();
  await happen();
  await end();
  await ended;
  clock.advance(10_000);
  expect(drawings.length).toBe(0);
});

it('errors of events and of drawings are the end', async () => {
  const events = setUp();
  const broken = expect(events.ended).rejects.toThrow('gone');
  await events.breakOff(new Error('gone'));
  await broken;
  const drawing = setUp();
  const failed = expect(drawing.ended).rejects.toThrow('no status');
  await drawing.happen();
  drawing.clock.advance(250);
  drawing.drawings[0]!.fail(new Error('no status'));
  await failed;
});

it('waits for a reader that has not taken what was written', async () => {
  const stream = new PassThrough({ highWaterMark: 4 });
  const isDrained = vi.fn();
  await drained(stream as unknown as NodeJS.WriteStream);
  stream.write('drawing');
  const waiting = drained(stream as unknown as NodeJS.WriteStream).then(isDrained);
  await settle();
  expect(isDrained).not.toHaveBeenCalled();
  stream.resume();
  await waiting;
});
