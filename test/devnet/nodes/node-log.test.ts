import { describe, expect, it } from 'vitest';
import { memoryLogger } from '../../../src/devnet/nodes/memory-logger.ts';
import { type LogLine, NodeLog } from '../../../src/devnet/nodes/node-log.ts';

const json = (fields: object) => JSON.stringify({ level: 30, time: 5, node: 3000, category: 'chain', ...fields });

describe('the log of a node', () => {
  it('keeps the last thousand lines, with their numbers', () => {
    const log = new NodeLog('/tmp/node.log');
    expect([log.last(10), log.file]).toEqual([[], '/tmp/node.log']);
    for (let height = 1; height <= 1_005; height++) log.add(json({ msg: 'connected block', height }));
    expect(log.last(2)).toEqual(
      [1_004, 1_005].map((line) => ({
        ...{ line, time: 5, level: 'info', category: 'chain', message: 'connected block', fields: { height: line } },
      })),
    );
    expect(log.last(5_000).map(({ line }) => line)).toEqual(Array.from({ length: 1_000 }, (_, i) => 6 + i));
  });

  it('tells followers of each new line, until they end it', () => {
    const log = new NodeLog();
    log.add(json({ msg: 'before' }));
    const seen: LogLine[] = [];
    const end = log.follow((line) => seen.push(line));
    log.add(json({ msg: 'now' }));
    end();
    log.add(json({ msg: 'after' }));
    expect(seen).toEqual([log.last(2)[0]]);
  });

  it.each([
    ['2026-12-01T10:00:00Z UpdateTip: new best=00', { level: 'info', category: '', message: 'UpdateTip: new best=00' }],
    ['2026-12-01T10:00:00.123456Z [net] sending ping', { message: '[net] sending ping' }],
    ['2026-12-01T10:00:00Z [net:debug] ping', { level: 'debug', category: 'net', message: 'ping' }],
    ['2026-12-01T10:00:00Z (mocktime: 2030-01-01T00:00:00Z) [warning] low', { level: 'warn', message: 'low' }],
    ['2026-12-01T10:00:00Z [error] disk', { level: 'error', category: '', message: 'disk' }],
    ['Error: no JSON {', { level: 'info', category: '', message: 'Error: no JSON {', fields: {} }],
    ['{"level":', { message: '{"level":' }],
    ['{}', { level: 'info', category: '', message: '', fields: {} }],
    [
      '{"level":60,"time":"x","category":1,"msg":2,"a":3}',
      { level: 'error', category: '', message: '', fields: { a: 3 } },
    ],
  ])('reads %s', (text, line) => {
    const log = new NodeLog();
    const before = Date.now();
    log.add(text);
    expect(log.last(1)).toMatchObject([{ line: 1, ...line }]);
    expect(log.last(1)[0]!.time).toBeGreaterThanOrEqual(before);
  });

  it('shortens long lines: texts are cut, fields that do not fit left out', () => {
    const log = new NodeLog();
    log.add('x'.repeat(10_000));
    const long = 'y'.repeat(10_000);
    log.add(json({ a: long, b: [long], c: 1, msg: long }));
    const [first, second] = log.last(2);
    expect(first!.message).toBe(`${'x'.repeat(4_000)}…`);
    expect(second).toMatchObject({ time: 5, category: 'chain', message: `${'y'.repeat(1_000)}…` });
    expect(second!.fields).toEqual({ a: `${'y'.repeat(1_000)}…`, c: 1 });
    log.add(json({ msg: 'many', ...Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`f${i}`, i])) }));
    const [many] = log.last(1);
    expect(many!.message).toBe('many');
    expect(JSON.stringify(many).length).toBeLessThan(4_200);
  });
});

describe('the logger of a node in memory', () => {
  it('logs from level info on, with the fields of its ancestors, and whatever the fields are', () => {
    const log = new NodeLog();
    const logger = memoryLogger(log).child({ category: 'p2p' }).child({ peer: 3 });
    logger.trace({}, 'not kept');
    logger.debug({}, 'not kept');
    logger.info({ amount: 5n, absent: undefined }, 'paid');
    logger.warn({ err: Object.assign(new TypeError('no'), { code: 'E1' }) }, 'refused');
    logger.error({}, 'failed');
    expect(log.last(10)).toMatchObject([
      { level: 'info', category: 'p2p', message: 'paid', fields: { peer: 3, amount: 5 } },
      { level: 'warn', fields: { err: { type: 'TypeError', message: 'no', stack: expect.any(String), code: 'E1' } } },
      { level: 'error', message: 'failed', fields: { peer: 3 } },
    ]);
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    logger.info({ circle }, 'round');
    expect(log.last(1)).toMatchObject([{ message: 'round' }]);
  });
});
