import { openSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FileSink, LogOutput, type LogSink } from '../../src/node/log-output.ts';
import { loggerOn } from '../../src/node/logging.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { tempDir } from '../support/temp-dir.ts';

const MEBIBYTE = 1 << 20;

/** A sink whose writes end when the test says so. */
class SlowSink implements LogSink {
  /** What has been written. */
  text = '';
  writes = 0;
  #pending: { readonly bytes: Uint8Array; readonly done: (written: number, error?: unknown) => void } | undefined;

  write(bytes: Uint8Array, done: (written: number, error?: unknown) => void): void {
    expect(this.#pending).toBeUndefined();
    this.writes++;
    this.#pending = { bytes, done };
  }

  /** Ends the write in progress: after `count` bytes with an error, or with all of them. */
  end(count?: number): void {
    const { bytes, done } = this.#pending!;
    this.#pending = undefined;
    this.text += Buffer.from(bytes.subarray(0, count)).toString();
    if (count === undefined) done(bytes.length);
    else done(count, new Error('no space left'));
  }

  get isWriting(): boolean {
    return this.#pending !== undefined;
  }
}

function slowLog() {
  const [sink, clock] = [new SlowSink(), new VirtualClock(0)];
  const log = new LogOutput(sink, clock);
  return { sink, clock, log };
}

describe('The log', () => {
  it('writes a line at once, and those that come meanwhile together, in their order', () => {
    const { sink, log } = slowLog();
    log.write('1\n');
    expect(sink.isWriting).toBe(true);
    log.write('2\n');
    log.write('3\n');
    sink.end();
    expect([sink.text, sink.writes]).toEqual(['1\n', 2]);
    sink.end();
    expect([sink.text, sink.isWriting]).toEqual(['1\n2\n3\n', false]);
    log.write('4\n');
    sink.end();
    expect(sink.text).toBe('1\n2\n3\n4\n');
  });

  it('continues where a failed write has ended, a second later and not before', () => {
    const { sink, clock, log } = slowLog();
    log.write('one line\n');
    sink.end(4);
    log.write('another\n');
    clock.advance(999);
    expect(sink.isWriting).toBe(false);
    clock.advance(1);
    sink.end(0);
    clock.advance(1_000);
    sink.end();
    expect(sink.text).toBe('one line\nanother\n');
    log.write('third\n');
    sink.end();
    expect(sink.text).toBe('one line\nanother\nthird\n');
  });

  it('holds a mebibyte of lines, drops the rest, and reports their number where they are missing', () => {
    const { sink, clock, log } = slowLog();
    const reported: number[] = [];
    log.onDropped((lines) => {
      reported.push(lines);
      log.write(`dropped ${lines}\n`);
    });
    const line = `${'x'.repeat(1023)}\n`;
    for (let i = 0; i < 1023; i++) log.write(line);
    log.write(line.slice(10));
    expect(reported).toEqual([]);
    log.write('no room for it\n');
    // A short line, for which there would be room, is dropped too, so that the report stands in its place.
    log.write('\n');
    sink.end(0);
    clock.advance(1_000);
    log.write('no room yet\n');
    expect(reported).toEqual([]);
    sink.end();
    expect(sink.text.length).toBe(MEBIBYTE - 10);
    expect(reported).toEqual([3]);
    log.write('again\n');
    sink.end();
    sink.end();
    expect(sink.text.slice(MEBIBYTE - 10)).toBe('dropped 3\nagain\n');
    // What has been written takes no room.
    for (let i = 0; i < 1024 - 1; i++) log.write(line);
    sink.end();
    sink.end();
    expect([sink.text.length, reported]).toEqual([2 * MEBIBYTE - 1034 + 'dropped 3\nagain\n'.length, [3]]);
  });

  it('is what the logger writes to, and says that lines were dropped', () => {
    const { sink, log } = slowLog();
    const logger = loggerOn(log, { level: 'info', nodeId: 3000 });
    logger.debug({}, 'not shown');
    logger.info({ height: 1 }, 'block');
    const long = 'x'.repeat(MEBIBYTE);
    logger.info({ long }, 'too long');
    sink.end();
    sink.end();
    const lines = sink.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toMatchObject([
      { level: 30, node: 3000, height: 1, msg: 'block' },
      { level: 40, node: 3000, category: 'log', lines: 1 },
    ]);
  });
});

describe('A log file', () => {
  it('is appended to under its name again once it was renamed', () => {
    const folder = tempDir('log');
    const [path, renamed] = [join(folder, 'node.log'), join(folder, 'node.log.1')];
    const log = new LogOutput(new FileSink(openSync(path, 'w')));
    log.write('first\n');
    log.reopen();
    log.write('second\n');
    renameSync(path, renamed);
    log.write('third\n');
    expect(readFileSync(renamed, 'utf8')).toBe('first\nsecond\nthird\n');
    for (const line of ['fourth\n', 'fifth\n']) {
      log.reopen();
      log.write(line);
    }
    expect(readFileSync(path, 'utf8')).toBe('fourth\nfifth\n');
    expect(readFileSync(renamed, 'utf8')).toBe('first\nsecond\nthird\n');
  });

  it('that cannot be opened again stays in use', () => {
    const folder = tempDir('log');
    const path = join(folder, 'node.log');
    const log = new LogOutput(new FileSink(openSync(path, 'w')));
    renameSync(folder, `${folder}.moved`);
    log.reopen();
    log.write('line\n');
    expect(readFileSync(join(`${folder}.moved`, 'node.log'), 'utf8')).toBe('line\n');
    renameSync(`${folder}.moved`, folder);
  });

  it('on a full disk takes no line, and nothing is thrown', () => {
    const clock = new VirtualClock(0);
    const log = new LogOutput(new FileSink(openSync('/dev/full', 'w')), clock);
    log.write('line\n');
    for (let i = 0; i < 3; i++) clock.advance(1_000);
    log.write('line\n');
  });
});
