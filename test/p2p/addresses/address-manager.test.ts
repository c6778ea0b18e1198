import { beforeEach, describe, expect, it } from 'vitest';
import { ByteWriter } from '../../../src/bytes/writer.ts';
import { sha256d } from '../../../src/crypto/hash.ts';
import { MAX_KNOWN_ADDRESSES, newBucket, slotIn, triedBucket } from '../../../src/p2p/addresses/address-buckets.ts';
import { AddressManager } from '../../../src/p2p/addresses/address-manager.ts';
import { isDialDue, isTerrible } from '../../../src/p2p/addresses/known-address.ts';
import type { Endpoint } from '../../../src/p2p/net/endpoint.ts';
import { netGroup } from '../../../src/p2p/net/netgroup.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';
import { VirtualClock } from '../../../src/testing/virtual-clock.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** The key of Core's deterministic tests, uint256{1}. */
const KEY_ONE = Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0));
/** Core's `(HashWriter{} << n).GetHash()`. */
const hashed = (n: number) => sha256d(new ByteWriter().i32(n).finish());
const at = (host: string, port = 0): Endpoint => ({ host, port });
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** With the values of Bitcoin Core's addrman_tests.cpp. */
describe('bucket placement', () => {
  const key = hashed(1);

  it('in the tried table is that of Core', () => {
    expect(triedBucket(key, at('250.1.1.1', 8333))).toBe(40);
    expect(triedBucket(hashed(2), at('250.1.1.1', 8333))).not.toBe(40);
    expect(triedBucket(key, at('250.1.1.1', 9999))).not.toBe(40);
    expect(new Set(range(0, 254).map((i) => triedBucket(key, at(`250.1.1.${i}`)))).size).toBe(8);
    expect(new Set(range(0, 254).map((i) => triedBucket(key, at(`250.${i}.1.1`)))).size).toBe(160);
  });

  it('in the new table is that of Core', () => {
    const source = at('250.1.2.1');
    expect(newBucket(key, at('250.1.2.1', 8333), source)).toBe(786);
    expect(newBucket(key, at('250.1.2.1', 9999), source)).toBe(786);
    expect(newBucket(hashed(2), at('250.1.2.1', 8333), source)).not.toBe(786);
    const own = range(0, 254).map((i) => newBucket(key, at(`250.1.1.${i}`), at(`250.1.1.${i}`)));
    expect(new Set(own).size).toBe(1);
    const oneSource = range(0, 4 * 255 - 1).map((i) =>
      newBucket(key, at(`${250 + Math.floor(i / 255)}.${i % 256}.1.1`), at('251.4.1.1')),
    );
    expect(new Set(oneSource).size).toBeLessThanOrEqual(64);
    const manySources = range(0, 254).map((i) => newBucket(key, at('250.1.1.1'), at(`250.${i}.1.1`)));
    expect(new Set(manySources).size).toBeGreaterThan(64);
  });

  it('spreads the ports of a loopback or private host over the slots', () => {
    const ports = range(3000, 3099);
    for (const host of ['127.0.0.1', '::1', '10.0.0.1']) {
      const slots = new Set(
        ports.map((port) => slotIn(key, 'tried', triedBucket(key, at(host, port)), at(host, port))),
      );
      expect(slots.size).toBeGreaterThan(97);
    }
    const buckets = ports.map((port) => newBucket(key, at('127.0.0.1', port), at('127.0.0.1', 3000)));
    expect(new Set(buckets).size).toBeGreaterThan(45);
  });

  it('has the netgroups of Core', () => {
    const group = (host: string) => [...netGroup(at(host, 8333))];
    expect(group('1.2.3.4')).toEqual([1, 1, 2]);
    // RFC 3964, 6052 and 4380: the netgroup is that of the embedded IPv4 address.
    for (const host of ['2002:102:304::1', '64:ff9b::102:304', '2001:0:9999:9999:9999:9999:fefd:fcfb']) {
      expect(group(host), host).toEqual([1, 1, 2]);
    }
    expect(group('2001:470:abcd:9999::1')).toEqual([2, 0x20, 0x01, 0x04, 0x70, 0xaf]);
    expect(group('2001:2001:9999:9999::1')).toEqual([2, 0x20, 0x01, 0x20, 0x01]);
  });
});

describe('AddressManager', () => {
  let clock: VirtualClock;
  let book: AddressManager;
  const source = at('252.2.2.2');
  const now = () => clock.now() / 1000;
  const make = (key: Uint8Array = KEY_ONE, seed = 1) =>
    new AddressManager({ clock, random: new SeededRandom(seed), key });
  const add = (endpoint: Endpoint, from = source, time = now()) => book.add({ endpoint, services: 9n, time }, from);
  beforeEach(() => {
    clock = new VirtualClock(1_700_000_000_000);
    book = make();
  });

  it('has the collisions of Core in the new table', () => {
    for (const i of range(1, 22)) add(at(`250.1.1.${i}`), source, 0);
    expect(book.size).toBe(22);
    for (const i of [23, 24]) add(at(`250.1.1.${i}`), source, 0);
    expect(book.size).toBe(23);
  });

  it('has the collisions of Core in the tried table, and keeps the occupant', () => {
    for (const i of range(1, 35)) {
      add(at(`250.1.1.${i}`));
      expect(book.good(at(`250.1.1.${i}`)), `${i}`).toBe(true);
    }
    expect(book.selectTriedCollision()).toBeUndefined();
    add(at('250.1.1.36'));
    expect(book.good(at('250.1.1.36'))).toBe(false);
    expect(book.selectTriedCollision()?.endpoint).toEqual(at('250.1.1.19'));
    book.resolveCollisions();
    expect(book.selectTriedCollision()).toBeUndefined();
    expect([book.get(at('250.1.1.19'))?.tried, book.get(at('250.1.1.36'))?.tried]).toEqual([true, false]);
    for (const i of range(37, 58)) {
      add(at(`250.1.1.${i}`));
      expect(book.good(at(`250.1.1.${i}`)), `${i}`).toBe(true);
    }
    add(at('250.1.1.59'));
    expect(book.good(at('250.1.1.59'))).toBe(false);
    expect(book.selectTriedCollision()?.endpoint).toEqual(at('250.1.1.10'));
  });

  describe('on a collision in the tried table', () => {
    const [old, young] = [at('250.1.1.19'), at('250.1.1.36')];
    beforeEach(() => {
      for (const i of range(1, 35)) {
        add(at(`250.1.1.${i}`));
        book.good(at(`250.1.1.${i}`));
      }
      clock.advance(5 * HOUR);
      add(young);
      book.good(young);
    });
    const tried = () => [book.get(old)?.tried, book.get(young)?.tried];

    it('tests the occupant, and replaces it if the connection fails within a minute', () => {
      book.resolveCollisions();
      expect(tried()).toEqual([true, false]);
      book.attempted(book.selectTriedCollision()!.endpoint);
      book.resolveCollisions();
      expect(tried()).toEqual([true, false]);
      clock.advance(MINUTE + 1000);
      book.resolveCollisions();
      expect(tried()).toEqual([false, true]);
      // The replaced address moves back to the new table.
      expect(book.size).toBe(36);
      expect(book.selectTriedCollision()).toBeUndefined();
    });

    it('keeps the occupant if the test succeeds', () => {
      book.attempted(old);
      book.good(old);
      clock.advance(MINUTE + 1000);
      book.resolveCollisions();
      expect(tried()).toEqual([true, false]);
      expect(book.selectTriedCollision()).toBeUndefined();
    });

    it('replaces the occupant after 40 minutes without a test', () => {
      clock.advance(39 * MINUTE);
      book.resolveCollisions();
      expect(tried()).toEqual([true, false]);
      clock.advance(2 * MINUTE);
      book.resolveCollisions();
      expect(tried()).toEqual([false, true]);
    });
  });

  it('holds as many of 2,028 addresses as Core does', () => {
    for (const host of ['250.250.2.1', '250.251.2.2', '251.252.2.3', '252.253.3.4', '252.254.4.5']) {
      const isNine = host === '250.251.2.2';
      add(at(host, isNine ? 9999 : 8333), host.startsWith('250.250') ? at('250.1.2.1') : at('250.2.3.3'));
    }
    book.good(at('250.250.2.1', 8333));
    book.good(at('250.251.2.2', 9999));
    for (const i of range(1, 8 * 256 - 1)) {
      // Core rejects unroutable addresses.
      if ([0, 10, 127].includes(i % 256)) continue;
      const host = `${i % 256}.${i >> 8}.1.23`;
      add(at(host), at(host));
      if (i % 8 === 0) book.good(at(host));
    }
    expect(book.size).toBe(2006);
  });

  it('gives an address up to eight slots in the new table as more sources announce it, each with less probability', () => {
    const address = at('253.3.3.3', 8333);
    const start = now();
    for (const i of range(1, 19)) add(address, at(`${i}.1.1.1`), start);
    expect(book.get(address)?.slots.length).toBe(1);
    for (const i of range(1, 399)) add(address, at(`${i % 256}.${i >> 8}.1.1`), start + i);
    expect(book.get(address)?.slots.length).toBeGreaterThanOrEqual(6);
    expect(book.get(address)?.slots.length).toBeLessThanOrEqual(8);
    expect(book.size).toBe(1);
    expect(book.good(address)).toBe(true);
    expect(book.get(address)?.slots.length).toBe(1);
  });

  it('limits the slots that one source, or one netgroup, can fill', () => {
    for (const i of range(0, 6000)) add(at(`${20 + (i & 63)}.${(i >> 6) & 255}.${i >> 14}.1`, 8333));
    expect(book.size).toBeLessThanOrEqual(64 * 64);
    for (const i of range(0, 1000)) {
      const attacker = at(`250.1.${i >> 8}.${i & 255}`);
      add(attacker, at(`${i % 200}.${i % 251}.1.1`));
      book.good(attacker);
    }
    expect(book.triedCount).toBeLessThanOrEqual(8 * 64);
  });

  it('is bounded, and stays consistent', () => {
    const random = new SeededRandom(3);
    for (let i = 0; i < 4_000; i++) {
      const word = random.uint32();
      const address = at(`${1 + (word % 223)}.${(word >> 8) & 255}.${(word >> 16) & 255}.${word >>> 24}`, 8333);
      add(address, at(`${1 + (i % 223)}.${(i >> 4) & 255}.1.1`));
      if (i % 8 === 0) book.good(address);
      if (i % 16 === 0) book.remove(address);
    }
    expect(book.size).toBeLessThanOrEqual(MAX_KNOWN_ADDRESSES);
    expect(book.size).toBeGreaterThan(3000);
    const entries = [...book.entries()];
    expect(entries.length).toBe(book.size);
    expect(entries.filter(({ tried }) => tried).length).toBe(book.triedCount);
    for (const table of [true, false]) {
      const slots = entries.filter(({ tried }) => tried === table).flatMap(({ slots }) => slots);
      expect(new Set(slots).size).toBe(slots.length);
    }
    expect(entries.every(({ slots, tried }) => slots.length >= 1 && slots.length <= (tried ? 1 : 8))).toBe(true);
    expect(new Set(book.sample(1000, () => true)).size).toBe(1000);
  });

  it('selects from both tables, and rarely a recently tried address', () => {
    for (const i of range(1, 10)) add(at(`10${i % 10}.1.1.1`, i));
    for (const i of range(1, 5)) book.good(at(`10${i}.1.1.1`, i));
    clock.advance(HOUR);
    book.attempted(at('101.1.1.1', 1));
    const counts = new Map<number, number>();
    for (let i = 0; i < 2000; i++) {
      const { port } = book.select()!.endpoint;
      counts.set(port, (counts.get(port) ?? 0) + 1);
    }
    expect(counts.get(1) ?? 0).toBeLessThan(40);
    for (const port of range(2, 10)) expect(counts.get(port)).toBeGreaterThan(100);
    for (let i = 0; i < 50; i++) expect(book.select(true)?.tried).toBe(false);
  });

  it('stores all addresses of a small local network, even from one source', () => {
    for (const key of range(1, 20)) {
      book = make(hashed(key));
      for (const port of range(3000, 3099)) add(at('127.0.0.1', port), at('127.0.0.1', 3000));
      expect(book.size).toBe(100);
    }
  });

  it('is deterministic for a given seed', () => {
    const selection = (seed: number) => {
      book = make(KEY_ONE, seed);
      for (const i of range(1, 200)) add(at(`${i}.1.1.1`, 8333), at(`${i % 7}.9.9.9`));
      return range(1, 50).map(() => book.select()!.endpoint.host);
    };
    expect(selection(5)).toEqual(selection(5));
    expect(selection(5)).not.toEqual(selection(6));
  });

  it('has terrible addresses as in Core', () => {
    add(at('1.2.3.4', 1), source);
    const address = book.get(at('1.2.3.4', 1))!;
    expect(isTerrible(address, now())).toBe(false);
    expect(isTerrible(address, now() + 31 * 24 * 3600)).toBe(true);
    expect(isTerrible(address, now() - 601)).toBe(true);
    // Three failures without a success, none in the last minute; another node was reachable in between.
    for (let i = 0; i < 3; i++) {
      book.attempted(address.endpoint);
      clock.advance(2 * MINUTE);
      book.good(at('9.9.9.9', 9));
    }
    expect(address.attempts).toBe(3);
    expect(isTerrible(address, now())).toBe(true);
    expect(book.sample(10, () => true)).toEqual([]);
    // After a success: ten failures and a week.
    book.good(address.endpoint);
    for (let i = 0; i < 10; i++) {
      clock.advance(2 * MINUTE);
      book.good(at('9.9.9.9', 9));
      book.attempted(address.endpoint);
    }
    clock.advance(2 * MINUTE);
    expect(isTerrible(address, now())).toBe(false);
    clock.advance(8 * DAY);
    expect(isTerrible(address, now())).toBe(true);
  });

  it('counts no failures while no node is reachable', () => {
    add(at('1.2.3.4', 1));
    const address = book.get(at('1.2.3.4', 1))!;
    for (let i = 0; i < 5; i++) {
      clock.advance(HOUR);
      book.attempted(address.endpoint);
    }
    book.attempted(address.endpoint, false);
    expect(address.attempts).toBe(1);
  });

  it('dials an address with exponential backoff', () => {
    add(at('127.0.0.1', 3001));
    const address = book.get(at('127.0.0.1', 3001))!;
    const waits: number[] = [];
    for (let i = 0; i < 12; i++) {
      let waited = 0;
      for (; !isDialDue(address, clock.monotonic()); waited++) clock.advance(1000);
      waits.push(waited);
      book.attempted(address.endpoint);
    }
    expect(waits).toEqual([0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600]);
    book.good(address.endpoint);
    expect(isDialDue(address, clock.monotonic())).toBe(true);
  });

  it('subtracts the time penalty unless a node announces itself', () => {
    const penalty = 2 * 3600;
    const announced = (host: string) => ({ endpoint: at(host, 1), services: 9n, time: now() });
    book.add(announced('1.1.1.1'), at('1.1.1.1', 5555), penalty);
    book.add(announced('2.2.2.2'), at('1.1.1.1', 5555), penalty);
    expect(book.get(at('1.1.1.1', 1))?.time).toBe(now());
    expect(book.get(at('2.2.2.2', 1))?.time).toBe(now() - penalty);
    // The time of an online node is updated after an hour.
    clock.advance(90 * MINUTE);
    book.add(announced('1.1.1.1'), at('1.1.1.1', 5555), penalty);
    expect(book.get(at('1.1.1.1', 1))?.time).toBe(now());
  });

  it('rejects host names and unspecified addresses', () => {
    expect([add(at('example.org', 1)), add(at('0.0.0.0', 1)), add(at('::', 1))]).toEqual([false, false, false]);
    expect(book.size).toBe(0);
    expect([book.select(), book.select(true), book.selectTriedCollision()]).toEqual([undefined, undefined, undefined]);
  });
});
