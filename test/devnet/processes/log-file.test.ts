import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LogFile, logNames, logPath } from '../../../src/devnet/processes/log-file.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';
import { canMount, smallDisk } from '../../support/small-disk.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** A clock that counts the timers that were set. */
class CountingClock extends VirtualClock {
  timers = 0;

  override after(...given: Parameters<VirtualClock['after']>) {
    this.timers++;
    return super.after(...given);
  }
}

/** Returns what a file has; nothing if there is none, as between a renaming and the next line. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
const lines = (path: string) => readFileSync(path, 'utf8').trimEnd().split('\n');

describe('the log file of a node', () => {
  it('has all lines once it is closed, for its user only, and takes no more', async () => {
    const path = logPath(tempDir('log-file'), 3000);
    const log = new LogFile(path);
    expect(existsSync(path)).toBe(false);
    for (let i = 0; i < 2_000; i++) log.write(`line ${i}`);
    await log.close();
    expect(lines(path)).toEqual(Array.from({ length: 2_000 }, (_, i) => `line ${i}`));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    log.write('too late');
    await log.close();
    expect(lines(path)).toHaveLength(2_000);
  });

  it('is bounded: whole lines move to three old files, the oldest of which is dropped', async () => {
    const folder = tempDir('log-file');
    const path = logPath(folder, 3000);
    // What an earlier run has left is the first old file.
    writeFileSync(path, 'earlier\n');
    for (let run = 0; run < 8; run++) {
      const log = new LogFile(path, { maxBytes: 100 });
      log.write(`run ${run} ${'x'.repeat(80)}`);
      await log.close();
      if (run === 1) expect(lines(`${path}.2`)).toEqual(['earlier']);
    }
    expect(readdirSync(folder).sort()).toEqual(logNames(path));
    expect(logNames(path).map((name) => lines(join(folder, name))[0]!.slice(0, 5))).toEqual(
      [7, 6, 5, 4].map((run) => `run ${run}`),
    );
  });

  it('begins anew once its bytes are used up, at the end of a line', async () => {
    const path = logPath(tempDir('log-file'), 3000);
    const log = new LogFile(path, { maxBytes: 64 });
    const written: string[] = [];
    // Each line alone, as a node writes them.
    for (let i = 0; i < 9; i++) {
      const line = `${i}`.padStart(31, '-');
      written.push(line);
      log.write(line);
      await until(() => textOf(path).endsWith(`${i}\n`));
    }
    await log.close();
    expect([`${path}.3`, `${path}.2`, `${path}.1`, path].flatMap(lines)).toEqual(written.slice(2));
    expect([`${path}.3`, path].map((each) => statSync(each).size)).toEqual([64, 32]);
  });

  it('that cannot be written changes nothing: lines wait, later ones are dropped and counted', async () => {
    const folder = join(tempDir('log-file'), 'absent');
    const clock = new CountingClock(0);
    const log = new LogFile(logPath(folder, 3000), { clock });
    log.write('first');
    await until(() => clock.timers > 0);
    for (let i = 0; i < 3; i++) log.write('x'.repeat(1 << 19));
    mkdirSync(folder);
    clock.advance(1_000);
    await until(() => textOf(logPath(folder, 3000)).includes('dropped'));
    log.write('last');
    await log.close();
    const all = lines(logPath(folder, 3000));
    expect(all.map((line) => line.length).slice(0, 2)).toEqual([5, 1 << 19]);
    expect(JSON.parse(all[2]!)).toMatchObject({ level: 40, category: 'log', lines: 2 });
    expect(all.slice(3)).toEqual(['last']);
  });

  it('that cannot be written is closed nevertheless, and creates no folder', async () => {
    const folder = join(tempDir('log-file'), 'absent');
    const log = new LogFile(logPath(folder, 3000));
    log.write('a line');
    await log.close();
    await log.close();
    expect(existsSync(folder)).toBe(false);
  });

  it.skipIf(!canMount)('on a full disk goes on when there is room, and divides no line', async () => {
    const path = logPath(smallDisk('log-disk', 64), 3000);
    const clock = new CountingClock(0);
    const log = new LogFile(path, { clock });
    for (let i = 0; i < 100; i++) log.write(`${i} ${'x'.repeat(1_000)}`);
    await until(() => clock.timers > 0);
    expect(statSync(path).size).toBe(64 << 10);
    await log.close();
    const whole = lines(path).slice(0, -1);
    expect(whole.map((line) => Number(line.split(' ')[0]))).toEqual(whole.map((_, i) => i));
  });
});

/** Resolves when a condition holds, which the files bring about. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
