import { expect, it } from 'vitest';
import { chanceOf, isDialDue, isTerrible, type KnownAddress } from '../../../src/p2p/addresses/known-address.ts';

const NOW = 1_700_000_000;
const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;

/** An address that was seen now and never tried, with changes. */
const known = (fields: Partial<KnownAddress>) =>
  ({ time: NOW, lastTry: 0, lastSuccess: 0, attempts: 0, dials: 0, dialedAt: 0, ...fields }) as KnownAddress;

// Core's AddrInfo::IsTerrible.
it.each<[string, Partial<KnownAddress>, boolean]>([
  ['new', {}, false],
  ['seen in ten minutes from now', { time: NOW + 10 * MINUTE }, false],
  ['seen later than that', { time: NOW + 10 * MINUTE + 1 }, true],
  ['seen 30 days ago', { time: NOW - 30 * DAY }, false],
  ['seen longer ago', { time: NOW - 30 * DAY - 1 }, true],
  ['seen longer ago, but tried a minute ago', { time: NOW - 30 * DAY - 1, lastTry: NOW - MINUTE }, false],
  ['seen longer ago, and tried before that', { time: NOW - 30 * DAY - 1, lastTry: NOW - MINUTE - 1 }, true],
  ['never reached in two attempts', { attempts: 2 }, false],
  ['never reached in three attempts', { attempts: 3 }, true],
  ['reached, then not in three attempts', { attempts: 3, lastSuccess: 1 }, false],
  ['not reached for a week and ten attempts', { attempts: 10, lastSuccess: NOW - 7 * DAY - 1 }, true],
  ['not reached for a week and nine attempts', { attempts: 9, lastSuccess: NOW - 7 * DAY - 1 }, false],
  ['reached a week ago, before ten attempts', { attempts: 10, lastSuccess: NOW - 7 * DAY }, false],
])('an address %s is or is not terrible as in Core', (_, fields, terrible) => {
  expect(isTerrible(known(fields), NOW)).toBe(terrible);
});

// Core's AddrInfo::GetChance.
it.each<[Partial<KnownAddress>, number]>([
  [{}, 1],
  [{ attempts: 1 }, 0.66],
  [{ attempts: 2 }, 0.66 ** 2],
  [{ attempts: 8 }, 0.66 ** 8],
  [{ attempts: 9 }, 0.66 ** 8],
  [{ lastTry: NOW - 10 * MINUTE }, 1],
  [{ lastTry: NOW - 10 * MINUTE + 1 }, 0.01],
  [{ lastTry: NOW, attempts: 1 }, 0.0066],
])('the chance of an address with %o is %d', (fields, chance) => {
  expect(chanceOf(known(fields), NOW)).toBeCloseTo(chance, 12);
});

it.each([
  [0, 0],
  [1, 1_000],
  [2, 2_000],
  [10, 512_000],
  [11, 600_000],
  [30, 600_000],
])('an address is with %d attempts since the last success waits %d milliseconds', (dials, ms) => {
  const address = known({ dials, dialedAt: 5 });
  expect(isDialDue(address, 5 + ms)).toBe(true);
  if (ms > 0) expect(isDialDue(address, 5 + ms - 1)).toBe(false);
});
