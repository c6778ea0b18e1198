import { expect, it } from 'vitest';
import { limitedLogger } from '../../src/platform/limited-logger.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { CapturedLogger } from '../support/captured-logger.ts';

it('a limited logger passes a burst, then its rate per minute, and counts suppressed lines', () => {
  const clock = new VirtualClock();
  const log = new CapturedLogger();
  const logger = limitedLogger(log, clock);
  const child = logger.child({ peer: 7 });
  for (let i = 0; i < 150; i++) {
    logger.warn({ i }, 'warned');
    child.info({ i }, 'informed');
    child.debug({ i }, 'debugged');
  }
  const count = (...levels: string[]) => log.lines.filter(({ level }) => levels.includes(level)).length;
  expect([count('warn'), count('info'), count('debug')]).toEqual([100, 100, 250]);

  clock.advance(60_000);
  for (let i = 0; i < 20; i++) child.error({}, 'failed');
  const passed = log.lines.filter(({ level }) => level === 'error');
  expect(passed).toHaveLength(12);
  expect(passed.slice(0, 2)).toEqual([
    { level: 'error', message: 'failed', peer: 7, suppressed: 100 },
    { level: 'error', message: 'failed', peer: 7 },
  ]);
});
