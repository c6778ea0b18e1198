import { expect, it } from 'vitest';
import { LineOutput } from '../../../src/cli/control/line-output.ts';

/** A reader that takes what waits when it is told to. */
class Reader {
  writableLength = 0;
  printed: string[] = [];
  #drained: (() => void)[] = [];

  readonly output = new LineOutput(
    this,
    (line) => {
      this.printed.push(line);
      this.writableLength += line.length;
    },
    (lines) => this.printed.push(`${lines} dropped`),
  );

  once(_event: 'drain', listener: () => void): void {
    this.#drained.push(listener);
  }

  /** Takes all but so many characters. */
  take(left = 0): void {
    this.writableLength = left;
    if (left === 0) for (const drained of this.#drained.splice(0)) drained();
  }
}

const MEBIBYTE = 1 << 20;

it('lines are printed while less than a mebibyte waits', () => {
  const reader = new Reader();
  reader.output.print('first');
  reader.take(MEBIBYTE - 1);
  reader.output.print('second');
  reader.take();
  expect(reader.printed).toEqual(['first', 'second']);
});

it('others are dropped until the reader has all lines, and their number stands in their place', () => {
  const reader = new Reader();
  reader.take(MEBIBYTE);
  reader.output.print('dropped');
  // None of the next lines stands before the report.
  reader.take(1);
  reader.output.print('dropped, too');
  expect(reader.printed).toEqual([]);
  reader.take();
  reader.output.print('after');
  expect(reader.printed).toEqual(['2 dropped', 'after']);

  reader.take(MEBIBYTE + 5);
  reader.output.print('dropped');
  reader.take();
  expect(reader.printed).toEqual(['2 dropped', 'after', '1 dropped']);
});
