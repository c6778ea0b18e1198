import { binaryKey } from '../../bytes/compare.ts';
import type { Clock } from '../../platform/clock.ts';
import { type Random, randomInt } from '../../platform/random.ts';
import type { Endpoint } from '../net/endpoint.ts';
import { formatEndpoint, isValidIp, reachOf } from '../net/endpoint.ts';
import { netGroup } from '../net/netgroup.ts';
import { BucketTable, newBucket, slotIn, triedBucket } from './address-buckets.ts';
import { type AnnouncedAddress, chanceOf, isTerrible, type KnownAddress } from './known-address.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
/** Slots that one address may have in the new table (Core: ADDRMAN_NEW_BUCKETS_PER_ADDRESS). */
const NEW_BUCKETS_PER_ADDRESS = 8;
/** Pending collisions in the tried table (Core: ADDRMAN_SET_TRIED_COLLISION_SIZE). */
const MAX_COLLISIONS = 10;
/**
 * Seconds for which a connection to a tried address, or a failed attempt, counts as recent (Core: ADDRMAN_REPLACEMENT).
 */
const REPLACEMENT = 4 * HOUR;
/** Seconds a collision waits for a test connection to the tried address (Core: ADDRMAN_TEST_WINDOW). */
const TEST_WINDOW = 40 * MINUTE;

/** Modules that an `AddressManager` uses. */
export interface AddressManagerModules {
  readonly clock: Clock;
  readonly random: Random;
  /** The 32-byte secret that determines slots, so that an attacker cannot target one. Default: random. */
  readonly key?: Uint8Array;
  /** Called on every change to a persisted field. */
  readonly changed?: (address: KnownAddress, isRemoved: boolean) => void;
}

/**
 * Addresses of other nodes (Core: AddrMan). The *new* table holds announced addresses, the *tried* table those of
 * past connections. An address's slots follow from a secret key, its netgroup and its source's netgroup, so that
 * one source, or one netgroup, can fill only few slots. A tried address is replaced only after a test connection
 * to it failed or timed out.
 */
export class AddressManager {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #key: Uint8Array;
  readonly #changed: (address: KnownAddress, isRemoved: boolean) => void;
  readonly #known = new Map<string, KnownAddress>();
  /** The same addresses in random order (Core: vRandom). */
  readonly #all: KnownAddress[] = [];
  /** Each address's index in `#all`. */
  readonly #indexes = new Map<KnownAddress, number>();
  readonly #new = new BucketTable<KnownAddress>();
  readonly #tried = new BucketTable<KnownAddress>();
  #triedCount = 0;
  /** Addresses whose slot in the tried table is occupied (Core: m_tried_collisions). */
  readonly #collisions = new Set<KnownAddress>();
  /** Unix seconds of the last successful connection; initially 1, since 0 means never (Core: m_last_good). */
  #lastGood = 1;

  constructor(modules: AddressManagerModules) {
    this.#clock = modules.clock;
    this.#random = modules.random;
    this.#key = modules.key ?? modules.random.bytes(32);
    this.#changed = modules.changed ?? (() => {});
  }

  get size(): number {
    return this.#all.length;
  }

  get triedCount(): number {
    return this.#triedCount;
  }

  /** All known addresses. */
  entries(): IterableIterator<KnownAddress> {
    return this.#known.values();
  }

  /** Returns what is known about an endpoint. */
  get(endpoint: Endpoint): KnownAddress | undefined {
    return this.#known.get(formatEndpoint(endpoint));
  }

  /**
   * Adds an address announced by `source` to the new table (Core: Add). Subtracts `penalty` seconds from
   * its time unless the source announces itself. Returns whether the address got a new slot. Ignores host
   * names and invalid addresses.
   */
  add(announced: AnnouncedAddress, source: Endpoint, penalty = 0): boolean {
    const { endpoint, services } = announced;
    if (!isValidIp(endpoint.host)) return false;
    const age = endpoint.host === source.host ? 0 : penalty;
    const time = Math.max(0, announced.time - age);
    let address = this.get(endpoint);
    if (address) {
      if (!this.#update(address, announced, age)) return false;
    } else {
      address = this.#create(endpoint, source, services, time);
    }
    for (const slot of this.#newSlots(endpoint, source)) {
      const occupant = this.#new.get(slot);
      if (occupant === address) return false;
      if (occupant && !this.#mayReplace(occupant, address)) continue;
      if (occupant) this.#clearNew(slot);
      this.#placeNew(address, slot);
      this.#changed(address, false);
      return true;
    }
    if (address.slots.length === 0) this.#delete(address);
    return false;
  }

  /** Restores a persisted address. Returns whether a slot was free for it. */
  restore(
    persisted: Omit<KnownAddress, 'slots' | 'reach' | 'netgroup' | 'dials' | 'dialedAt' | 'lastCountedTry'>,
  ): boolean {
    const { endpoint, source, services, time, ...history } = persisted;
    if (this.get(endpoint)) return false;
    const slot = persisted.tried
      ? firstFree(this.#tried, [this.#triedSlot(endpoint)])
      : firstFree(this.#new, this.#newSlots(endpoint, source));
    if (slot === undefined) return persisted.tried && this.restore({ ...persisted, tried: false });
    const address = this.#create(endpoint, source, services, time);
    Object.assign(address, history);
    if (persisted.tried) this.#placeTried(address, slot);
    else this.#placeNew(address, slot);
    return true;
  }

  /** Removes an endpoint from both tables. */
  remove(endpoint: Endpoint): void {
    const address = this.get(endpoint);
    if (!address) return;
    this.#unplace(address);
    this.#delete(address);
  }

  /**
   * Records a connection attempt (Core: Attempt). `countFailure`: whether it counts against the
   * address unless it succeeds.
   */
  attempted(endpoint: Endpoint, countFailure = true): void {
    const address = this.get(endpoint);
    if (!address) return;
    address.lastTry = this.#now();
    address.dials++;
    address.dialedAt = this.#clock.monotonic();
    if (countFailure && address.lastCountedTry < this.#lastGood) {
      address.lastCountedTry = this.#now();
      address.attempts++;
    }
    this.#changed(address, false);
  }

  /** Marks an address good after a handshake (Core: Good). Returns whether it moved to the tried table. */
  good(endpoint: Endpoint, services?: bigint): boolean {
    const now = this.#now();
    this.#lastGood = now;
    const address = this.get(endpoint);
    if (!address) return false;
    Object.assign(address, { lastSuccess: now, lastTry: now, attempts: 0, dials: 0 });
    if (services !== undefined) address.services = services;
    this.#changed(address, false);
    if (address.tried) return false;
    if (!this.#tried.get(this.#triedSlot(endpoint))) return this.#makeTried(address);
    if (this.#collisions.size < MAX_COLLISIONS) this.#collisions.add(address);
    return false;
  }

  /**
   * Updates an address's time when a connection to it ends (Core: Connected). Not earlier, since answers to `getaddr`
   * would reveal the current peers.
   */
  connected(endpoint: Endpoint): void {
    const address = this.get(endpoint);
    const now = Math.floor(this.#now());
    if (!address || now - address.time <= 20 * MINUTE) return;
    address.time = now;
    this.#changed(address, false);
  }

  /**
   * Returns a random tried address whose slot another address needs, to test it by a feeler
   * (Core: SelectTriedCollision).
   */
  selectTriedCollision(): KnownAddress | undefined {
    if (this.#collisions.size === 0) return undefined;
    const colliding = [...this.#collisions];
    const address = colliding[randomInt(this.#random, colliding.length)]!;
    return this.#tried.get(this.#triedSlot(address.endpoint));
  }

  /**
   * Replaces the tried addresses whose test failed, and drops collisions whose test succeeded
   * (Core: ResolveCollisions).
   */
  resolveCollisions(): void {
    const now = this.#now();
    for (const address of [...this.#collisions]) {
      const slot = this.#triedSlot(address.endpoint);
      const occupant = this.#tried.get(slot);
      if (occupant) {
        if (now - occupant.lastSuccess >= REPLACEMENT) {
          const wasTested = now - occupant.lastTry < REPLACEMENT;
          // Allows a connection attempt in progress 60 seconds to succeed.
          if (wasTested ? now - occupant.lastTry <= MINUTE : now - address.lastSuccess <= TEST_WINDOW) continue;
          this.#makeTried(address);
        }
      } else {
        this.#makeTried(address);
      }
      this.#collisions.delete(address);
    }
  }

  /** Returns a random address: of either table with equal probability, or of the new table only (Core: Select). */
  select(newOnly = false): KnownAddress | undefined {
    const newCount = this.size - this.#triedCount;
    if (newOnly || this.#triedCount === 0) return newCount > 0 ? this.#pick(this.#new) : undefined;
    return this.#pick(newCount === 0 || randomInt(this.#random, 2) === 0 ? this.#tried : this.#new);
  }

  /** Returns up to `count` random addresses that are not terrible and that `accept` allows (Core: GetAddr). */
  sample(count: number, accept: (address: KnownAddress) => boolean): KnownAddress[] {
    const sampled: KnownAddress[] = [];
    const now = this.#now();
    for (let i = 0; i < this.#all.length && sampled.length < count; i++) {
      this.#swap(i, i + randomInt(this.#random, this.#all.length - i));
      const address = this.#all[i]!;
      if (!isTerrible(address, now) && accept(address)) sampled.push(address);
    }
    return sampled;
  }

  #now(): number {
    return this.#clock.now() / 1000;
  }

  /** Updates a known address. Returns whether it may get one more slot in the new table. */
  #update(address: KnownAddress, { services, time }: AnnouncedAddress, age: number): boolean {
    const isOnline = this.#now() - time < 24 * HOUR;
    const before = address.time;
    if (before < time - (isOnline ? HOUR : 24 * HOUR) - age) address.time = Math.max(0, time - age);
    const known = address.services;
    address.services |= services;
    if (address.time !== before || address.services !== known) this.#changed(address, false);
    if (time <= address.time || address.tried || address.slots.length >= NEW_BUCKETS_PER_ADDRESS) return false;
    // Each slot halves the chance of another one.
    return randomInt(this.#random, 2 ** address.slots.length) === 0;
  }

  #pick(table: BucketTable<KnownAddress>): KnownAddress | undefined {
    const now = this.#now();
    // The factor grows until an address is selected, whatever its chance.
    for (let factor = 1; ; factor *= 1.2) {
      const address = table.random(this.#random);
      if (!address || randomInt(this.#random, 2 ** 30) < factor * chanceOf(address, now) * 2 ** 30) return address;
    }
  }

  /**
   * Yields the slots of the new table that an address may have when announced by `source`: one. A loopback or
   * private address has alternatives if it is occupied, so that a small local network is known completely; no
   * attacker is to be kept out there.
   */
  *#newSlots(endpoint: Endpoint, source: Endpoint): IterableIterator<number> {
    const count = reachOf(endpoint.host) < 2 ? NEW_BUCKETS_PER_ADDRESS : 1;
    for (let i = 0; i < count; i++) {
      const variant = { host: source.host, port: (source.port + i) & 0xffff };
      yield slotIn(this.#key, 'new', newBucket(this.#key, endpoint, variant), endpoint);
    }
  }

  #mayReplace(occupant: KnownAddress, address: KnownAddress): boolean {
    return isTerrible(occupant, this.#now()) || (occupant.slots.length > 1 && address.slots.length === 0);
  }

  #triedSlot(endpoint: Endpoint): number {
    return slotIn(this.#key, 'tried', triedBucket(this.#key, endpoint), endpoint);
  }

  /** Moves an address to the tried table, and the occupant of its slot back to the new table (Core: MakeTried). */
  #makeTried(address: KnownAddress): boolean {
    this.#unplace(address);
    const slot = this.#triedSlot(address.endpoint);
    const occupant = this.#tried.get(slot);
    if (occupant) {
      this.#unplace(occupant);
      const newSlots = [...this.#newSlots(occupant.endpoint, occupant.source)];
      const newSlot = firstFree(this.#new, newSlots) ?? newSlots[0]!;
      if (this.#new.get(newSlot)) this.#clearNew(newSlot);
      this.#placeNew(occupant, newSlot);
      this.#changed(occupant, false);
    }
    this.#placeTried(address, slot);
    this.#changed(address, false);
    return true;
  }

  #placeNew(address: KnownAddress, slot: number): void {
    this.#new.set(slot, address);
    address.slots.push(slot);
  }

  #placeTried(address: KnownAddress, slot: number): void {
    this.#tried.set(slot, address);
    address.slots.push(slot);
    address.tried = true;
    this.#triedCount++;
    this.#collisions.delete(address);
  }

  /** Removes an address from all its slots. */
  #unplace(address: KnownAddress): void {
    const table = address.tried ? this.#tried : this.#new;
    for (const slot of address.slots) table.clear(slot);
    address.slots = [];
    if (address.tried) this.#triedCount--;
    address.tried = false;
  }

  /** Clears a slot of the new table, and deletes its occupant if that has no other slot (Core: ClearNew). */
  #clearNew(slot: number): void {
    const occupant = this.#new.get(slot)!;
    this.#new.clear(slot);
    occupant.slots = occupant.slots.filter((other) => other !== slot);
    if (occupant.slots.length === 0) this.#delete(occupant);
  }

  #create(endpoint: Endpoint, source: Endpoint, services: bigint, time: number): KnownAddress {
    const address: KnownAddress = {
      endpoint,
      reach: reachOf(endpoint.host),
      netgroup: binaryKey(netGroup(endpoint)),
      source,
      services,
      time,
      lastTry: 0,
      lastCountedTry: 0,
      lastSuccess: 0,
      attempts: 0,
      dials: 0,
      dialedAt: 0,
      tried: false,
      slots: [],
    };
    this.#known.set(formatEndpoint(endpoint), address);
    this.#indexes.set(address, this.#all.push(address) - 1);
    return address;
  }

  #delete(address: KnownAddress): void {
    this.#known.delete(formatEndpoint(address.endpoint));
    this.#swap(this.#indexes.get(address)!, this.#all.length - 1);
    this.#all.pop();
    this.#indexes.delete(address);
    this.#collisions.delete(address);
    this.#changed(address, true);
  }

  #swap(i: number, j: number): void {
    const [a, b] = [this.#all[i]!, this.#all[j]!];
    this.#all[i] = b;
    this.#all[j] = a;
    this.#indexes.set(b, i).set(a, j);
  }
}

function firstFree<T>(table: BucketTable<T>, slots: Iterable<number>): number | undefined {
  for (const slot of slots) if (table.get(slot) === undefined) return slot;
  return undefined;
}
