import { describe, expect, it } from 'vitest';
import { StatusLine } from '../../src/cli/status-line.ts';
import { duration, syncLine } from '../../src/cli/sync-display.ts';
import { HeightRate, type SyncProgress } from '../../src/p2p/blocks/sync-progress.ts';

const progress: SyncProgress = { blocks: 5_000, headers: 20_000, blocksPerSecond: 250, secondsLeft: 60, done: false };

describe('sync progress', () => {
  it('is a bar with rate and time left, if they fit', () => {
    expect(syncLine(progress, 100)).toBe(
      '██████░░░░░░░░░░░░░░░░░░ 25%  5,000 of 20,000 blocks  250 blocks/s  1 min 0 s left',
    );
    expect(syncLine(progress, 79)).toBe(
      '█████░░░░░░░░░░░░░░░░ 25%  5,000 of 20,000 blocks  250 blocks/s  1 min 0 s left',
    );
    expect(syncLine(progress, 60)).toBe('25%  5,000 of 20,000 blocks  250 blocks/s  1 min 0 s left');
    expect(syncLine(progress, 20)).toBe('25%  5,000 of 20,000');
    expect(syncLine({ ...progress, done: true }, 100)).toBe('');
    expect(syncLine({ ...progress, headers: 5_000, presyncedHeaders: 42_000 }, 100)).toMatch(/42,000/);
    expect(syncLine({ ...progress, headers: 5_000 }, 100)).toBe('');
  });

  it('formats durations in at most two units', () => {
    expect([0.2, 59, 61, 3_700, 200_000].map(duration)).toEqual([
      '1 s',
      '59 s',
      '1 min 1 s',
      '1 h 1 min',
      '2 days 7 h',
    ]);
  });

  it('averages the rate over half a minute', () => {
    const rate = new HeightRate();
    expect(rate.sample(0, 0)).toBe(0);
    expect(rate.sample(10_000, 1_000)).toBe(100);
    for (let second = 11; second <= 60; second++) rate.sample(second * 1000, 1_000);
    expect(rate.sample(61_000, 1_000)).toBe(0);
    rate.reset();
    expect(rate.sample(70_000, 5_000)).toBe(0);
  });

  it('assumes 80 columns for a terminal without a size', () => {
    const write = () => {};
    expect(
      [{ columns: 120, write }, { columns: 0, write }, { write }].map((each) => new StatusLine(each).width),
    ).toEqual([119, 79, 79]);
  });

  it('keeps log lines intact', () => {
    let shown = '';
    const status = new StatusLine({ columns: 80, write: (text) => (shown += text) });
    status.print('first\n');
    status.show('50%');
    status.show('50%');
    status.print('second\n');
    status.show('');
    expect(shown).toBe('first\n\r\u001b[2K50%\r\u001b[2Ksecond\n50%\r\u001b[2K');
  });
});
