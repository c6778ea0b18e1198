import { beforeEach, describe, expect, it } from 'vitest';
import { AddressManager } from '../../../src/p2p/addresses/address-manager.ts';
import type { KnownAddress } from '../../../src/p2p/addresses/known-address.ts';
import type { Endpoint } from '../../../src/p2p/net/endpoint.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const NOW = 1_700_000_000;
const KEY_ONE = Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0));
const at = (host: string, port = 8333): Endpoint => ({ host, port });
const SOURCE = at('252.2.2.2');

let clock: VirtualClock;
let book: AddressManager;
let changes: [string, boolean][];
const seconds = (count: number) => clock.advance(count * 1000);
const add = (
  endpoint: Endpoint,
  fields: { time?: number; services?: bigint; from?: Endpoint; penalty?: number } = {},
) =>
  book.add(
    { endpoint, services: fields.services ?? 9n, time: fields.time ?? NOW },
    fields.from ?? SOURCE,
    fields.penalty,
  );

beforeEach(() => {
  clock = new VirtualClock(NOW * 1000);
  changes = [];
  const changed = ({ endpoint }: KnownAddress, isRemoved: boolean) => changes.push([endpoint.host, isRemoved]);
  book = new AddressManager({ clock, random: new SeededRandom(1), key: KEY_ONE, changed });
});

describe('an address that is announced again', () => {
  // Core's AddSingle: an online node's time is updated after an hour, another one's after a day, less the penalty.
  it.each([
    ['an hour later', HOUR, 0, 0, false],
    ['more than an hour later', HOUR + 1, 0, 0, true],
    ['by another node, an hour and the penalty later', 3 * HOUR, 0, 2 * HOUR, false],
    ['by another node, more than that later', 3 * HOUR + 1, 0, 2 * HOUR, true],
    ['when it was last seen a day ago, a day later', 24 * HOUR, 24 * HOUR, 0, false],
    ['when it was last seen a day ago, more than a day later', 24 * HOUR + 1, 24 * HOUR, 0, true],
    ['when it was last seen less than a day ago, more than an hour later', HOUR + 1, 24 * HOUR - 1, 0, true],
  ])('%s gets its new time or keeps the old one', (_, later, ago, penalty, isUpdated) => {
    const address = at('1.2.3.4');
    add(address);
    seconds(later + ago);
    add(address, { time: NOW + later, penalty });
    expect(book.get(address)?.time).toBe(isUpdated ? NOW + later - penalty : NOW);
  });

  it('has the services of both announcements', () => {
    add(at('1.2.3.4'), { services: 1n });
    changes = [];
    add(at('1.2.3.4'), { services: 8n });
    expect([book.get(at('1.2.3.4'))?.services, changes]).toEqual([9n, [['1.2.3.4', false]]]);
    changes = [];
    add(at('1.2.3.4'), { services: 8n });
    expect(changes).toEqual([]);
  });

  it('has no time before 1970, whatever the penalty', () => {
    add(at('1.2.3.4'), { time: 5, penalty: 7200 });
    expect(book.get(at('1.2.3.4'))?.time).toBe(0);
  });
});

describe('the history of an address', () => {
  it('holds its last try and success, and the services it has shown itself', () => {
    const address = at('1.2.3.4');
    add(address, { services: 1033n });
    seconds(10);
    book.attempted(address);
    expect(book.get(address)).toMatchObject({ lastTry: NOW + 10, lastSuccess: 0, attempts: 1, dials: 1 });
    seconds(10);
    expect(book.good(address, 9n)).toBe(true);
    const tried = { lastTry: NOW + 20, lastSuccess: NOW + 20, attempts: 0, dials: 0, services: 9n, tried: true };
    expect(book.get(address)).toMatchObject(tried);
    seconds(10);
    expect(book.good(address)).toBe(false);
    expect(book.get(address)).toMatchObject({ ...tried, lastTry: NOW + 30, lastSuccess: NOW + 30 });
  });

  // Core's Connected: at most every 20 minutes.
  it.each([
    [20 * MINUTE, false],
    [20 * MINUTE + 1, true],
  ])('has a new time when a connection ends after %d seconds: %s', (later, isUpdated) => {
    add(at('1.2.3.4'));
    changes = [];
    seconds(later + 0.5);
    book.connected(at('1.2.3.4'));
    expect(book.get(at('1.2.3.4'))?.time).toBe(isUpdated ? NOW + later : NOW);
    expect(changes).toEqual(isUpdated ? [['1.2.3.4', false]] : []);
  });

  it('of an unknown address is not recorded', () => {
    book.attempted(at('1.2.3.4'));
    book.connected(at('1.2.3.4'));
    expect([book.good(at('1.2.3.4')), book.size, changes]).toEqual([false, 0, []]);
    book.remove(at('1.2.3.4'));
    expect(changes).toEqual([]);
  });

  it('counts one failure for each success of any node', () => {
    const address = at('1.2.3.4');
    add(address);
    const attempts = [];
    for (const isReachable of [false, true, true, false]) {
      seconds(10);
      book.attempted(address);
      if (isReachable) {
        seconds(10);
        book.good(at('9.9.9.9'));
      }
      attempts.push(book.get(address)?.attempts);
    }
    expect(attempts).toEqual([1, 1, 2, 3]);
  });

  it('is reported as removed with the address', () => {
    add(at('1.2.3.4'));
    book.remove(at('1.2.3.4'));
    expect(changes).toEqual([
      ['1.2.3.4', false],
      ['1.2.3.4', true],
    ]);
    expect([book.size, book.get(at('1.2.3.4')), book.select()]).toEqual([0, undefined, undefined]);
  });
});

/** The collision of Core's addrman_evictionworks: in the tried table, the 36th address needs the slot of the 19th. */
describe('a tried address whose slot another address needs', () => {
  const name = (i: number): Endpoint => ({ host: `250.1.1.${i}`, port: 0 });
  const [old, young] = [name(19), name(36)];
  const tried = () => [book.get(old)?.tried, book.get(young)?.tried];
  beforeEach(() => {
    for (let i = 1; i <= 35; i++) {
      add(name(i));
      book.good(name(i));
    }
  });
  const collide = () => {
    add(young);
    book.good(young);
  };

  it.each([
    ['less than four hours ago is kept', 4 * HOUR - 1, false],
    ['four hours ago is replaced, untested after 40 minutes', 4 * HOUR, true],
  ])('and that was reached %s', (_, age, isReplaced) => {
    seconds(age - 40 * MINUTE - 1);
    collide();
    seconds(40 * MINUTE + 1);
    book.resolveCollisions();
    expect(tried()).toEqual([!isReplaced, isReplaced]);
    expect(book.selectTriedCollision()).toBeUndefined();
  });

  it.each([
    [40 * MINUTE, false],
    [40 * MINUTE + 1, true],
  ])('waits 40 minutes for a test; after %d seconds it is replaced: %s', (later, isReplaced) => {
    seconds(5 * HOUR);
    collide();
    seconds(later);
    book.resolveCollisions();
    expect(tried()).toEqual([!isReplaced, isReplaced]);
    expect(book.selectTriedCollision()?.endpoint).toEqual(isReplaced ? undefined : old);
  });

  it.each([
    [MINUTE, false],
    [MINUTE + 1, true],
  ])('has a minute for the test; after %d seconds it is replaced: %s', (later, isReplaced) => {
    seconds(5 * HOUR);
    collide();
    book.attempted(old);
    seconds(later);
    book.resolveCollisions();
    expect(tried()).toEqual([!isReplaced, isReplaced]);
  });

  it('is not counted as tested by an attempt four hours ago', () => {
    seconds(HOUR);
    book.attempted(old);
    seconds(4 * HOUR);
    collide();
    book.resolveCollisions();
    expect(tried()).toEqual([true, false]);
    seconds(40 * MINUTE + 1);
    book.resolveCollisions();
    expect(tried()).toEqual([false, true]);
  });

  it('that was removed gives its slot to the other one', () => {
    collide();
    changes = [];
    book.remove(old);
    book.resolveCollisions();
    expect(tried()).toEqual([undefined, true]);
    expect(changes).toEqual([
      [old.host, true],
      [young.host, false],
    ]);
  });

  it('is no longer tested once the other one is removed', () => {
    collide();
    expect(book.selectTriedCollision()?.endpoint).toEqual(old);
    book.remove(young);
    expect(book.selectTriedCollision()).toBeUndefined();
  });

  it('is reported when it moves back to the new table', () => {
    seconds(5 * HOUR);
    collide();
    seconds(40 * MINUTE + 1);
    changes = [];
    book.resolveCollisions();
    expect(changes).toEqual([
      [old.host, false],
      [young.host, false],
    ]);
    expect(book.triedCount).toBe(35);
  });
});

it('at most ten addresses wait for slots of the tried table', () => {
  // One netgroup has 8 * 64 slots.
  for (let i = 0; i < 3_000; i++) {
    const address = { host: `250.1.${i >> 8}.${i & 255}`, port: 0 };
    add(address, { from: at(`${1 + (i % 200)}.${i % 251}.1.1`) });
    book.good(address);
  }
  const before = book.triedCount;
  expect(before).toBeLessThan(8 * 64);
  const tested = new Set<string>();
  for (let i = 0; i < 1_000; i++) tested.add(book.selectTriedCollision()!.endpoint.host);
  expect(tested.size).toBeLessThanOrEqual(10);
  expect(tested.size).toBeGreaterThan(7);
});

describe('a restored address', () => {
  const persisted = { source: SOURCE, services: 9n, time: NOW, lastTry: 1, lastSuccess: 2, attempts: 3 };

  it('has its table and its history', () => {
    expect(book.restore({ ...persisted, endpoint: at('1.2.3.4'), tried: true })).toBe(true);
    expect(book.restore({ ...persisted, endpoint: at('1.2.3.5'), tried: false })).toBe(true);
    expect(book.restore({ ...persisted, endpoint: at('1.2.3.5'), tried: false })).toBe(false);
    expect([book.size, book.triedCount]).toEqual([2, 1]);
    expect(book.get(at('1.2.3.4'))).toMatchObject({ ...persisted, tried: true, dials: 0 });
  });

  it('whose tried slot is taken goes to the new table', () => {
    for (let i = 1; i <= 35; i++)
      book.restore({ ...persisted, endpoint: { host: `250.1.1.${i}`, port: 0 }, tried: true });
    expect([book.restore({ ...persisted, endpoint: { host: '250.1.1.36', port: 0 }, tried: true }), book.size]).toEqual(
      [...[true, 36]],
    );
    expect(book.get({ host: '250.1.1.36', port: 0 })?.tried).toBe(false);
  });
});

it('a sample is of as many usable addresses as asked for, and random', () => {
  for (let i = 1; i <= 100; i++) add(at(`${i}.1.1.1`), { from: at(`${i}.9.9.9`), time: i <= 10 ? 0 : NOW });
  const hosts = (count: number, accept = (_: KnownAddress) => true) =>
    book.sample(count, accept).map(({ endpoint }) => endpoint.host);
  expect(new Set(hosts(1_000)).size).toBe(book.size - 10);
  expect(hosts(5)).toHaveLength(5);
  expect(hosts(0)).toEqual([]);
  expect(hosts(5)).not.toEqual(hosts(5));
  expect(hosts(1_000, ({ endpoint }) => endpoint.host === '50.1.1.1')).toEqual(['50.1.1.1']);
});
