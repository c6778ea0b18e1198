import { binaryKey } from '../../bytes/compare.ts';
import type { Clock } from '../../platform/clock.ts';
import { type Random, randomInt } from '../../platform/random.ts';
import type { Endpoint } from '../net/endpoint.ts';
import { formatEndpoint, isValidIp, reachOf } from '../net/endpoint.ts';
import { netGroup } from '../net/netgroup.ts';
import { BucketTable, newBucket, slotIn, triedBucket } from './address-buckets.ts';
import { type AddressNews, chanceOf, isTerrible, type KnownAddress } from './known-address.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
/** Places of one address among the hearsay (Core: ADDRMAN_NEW_BUCKETS_PER_ADDRESS). */
const NEW_BUCKETS_PER_ADDRESS = 8;
/** Core: ADDRMAN_SET_TRIED_COLLISION_SIZE. */
const MAX_COLLISIONS = 10;
/** Seconds for which a success, or a failure, of a tried address counts as recent (Core: ADDRMAN_REPLACEMENT). */
const REPLACEMENT = 4 * HOUR;
/** Seconds after which a test that could not be made is given up (Core: ADDRMAN_TEST_WINDOW). */
const TEST_WINDOW = 40 * MINUTE;

export interface AddressManagerModules {
  readonly clock: Clock;
  readonly random: Random;
  /** 32 secret bytes, which decide the places of addresses, so that nobody can aim at one; random by default. */
  readonly key?: Uint8Array;
  /** Told of every change to what is worth keeping. */
  readonly changed?: (address: KnownAddress, isRemoved: boolean) => void;
}

/**
 * Where other nodes can be found, and how they fared (Core: AddrMan). Two tables of buckets: "new" for hearsay, "tried"
 * for those that we have been connected to. Which places an address can have there follows from a secret key, its
 * network group and that of whoever told of it, so that one teller, or one owner of many addresses, reaches few of
 * them; whoever is in tried is replaced only after having been tested.
 */
export class AddressManager {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #key: Uint8Array;
  readonly #changed: (address: KnownAddress, isRemoved: boolean) => void;
  readonly #known = new Map<string, KnownAddress>();
  /** The same, in an order that is stirred by use; and where each stands there. */
  readonly #all: KnownAddress[] = [];
  readonly #indexes = new Map<KnownAddress, number>();
  readonly #new = new BucketTable<KnownAddress>();
  readonly #tried = new BucketTable<KnownAddress>();
  #triedCount = 0;
  /** Addresses that have a claim on a place of a tried one. */
  readonly #collisions = new Set<KnownAddress>();
  /** Unix seconds; never 0, which is worse than everything. */
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

  entries(): IterableIterator<KnownAddress> {
    return this.#known.values();
  }

  get(endpoint: Endpoint): KnownAddress | undefined {
    return this.#known.get(formatEndpoint(endpoint));
  }

  /**
   * Takes what `source` tells of an address; `penalty` seconds are taken off its time, unless it is the source's own.
   * Returns whether it has a new place. Host names, and addresses that stand for nobody, are not taken.
   */
  add(news: AddressNews, source: Endpoint, penalty = 0): boolean {
    const { endpoint, services } = news;
    if (!isValidIp(endpoint.host)) return false;
    const age = endpoint.host === source.host ? 0 : penalty;
    const time = Math.max(0, news.time - age);
    let address = this.get(endpoint);
    if (address) {
      if (!this.#update(address, news, age)) return false;
    } else {
      address = this.#create(endpoint, source, services, time);
    }
    for (const slot of this.#newSlots(endpoint, source)) {
      const holder = this.#new.get(slot);
      if (holder === address) return false;
      if (holder && !this.#mayReplace(holder, address)) continue;
      if (holder) this.#free(slot);
      this.#placeNew(address, slot);
      this.#changed(address, false);
      return true;
    }
    if (address.slots.length === 0) this.#delete(address);
    return false;
  }

  /** Takes back an address that was kept in a file. Returns whether there was a place for it. */
  restore(kept: Omit<KnownAddress, 'slots' | 'reach' | 'group' | 'calls' | 'calledAt' | 'lastCountedTry'>): boolean {
    const { endpoint, source, services, time, ...fate } = kept;
    if (this.get(endpoint)) return false;
    const slot = kept.tried
      ? firstFree(this.#tried, [this.#triedSlot(endpoint)])
      : firstFree(this.#new, this.#newSlots(endpoint, source));
    if (slot === undefined) return kept.tried && this.restore({ ...kept, tried: false });
    const address = this.#create(endpoint, source, services, time);
    Object.assign(address, fate);
    if (kept.tried) this.#placeTried(address, slot);
    else this.#placeNew(address, slot);
    return true;
  }

  remove(endpoint: Endpoint): void {
    const address = this.get(endpoint);
    if (!address) return;
    this.#unplace(address);
    this.#delete(address);
  }

  /** We call. `counts` says whether it is the address's fault if nobody answers. */
  attempted(endpoint: Endpoint, counts = true): void {
    const address = this.get(endpoint);
    if (!address) return;
    address.lastTry = this.#now();
    address.calls++;
    address.calledAt = this.#clock.monotonic();
    if (counts && address.lastCountedTry < this.#lastGood) {
      address.lastCountedTry = this.#now();
      address.attempts++;
    }
    this.#changed(address, false);
  }

  /** The handshake with whoever is there was done. Returns whether this brought the address among the tried ones. */
  good(endpoint: Endpoint, services?: bigint): boolean {
    const now = this.#now();
    this.#lastGood = now;
    const address = this.get(endpoint);
    if (!address) return false;
    Object.assign(address, { lastSuccess: now, lastTry: now, attempts: 0, calls: 0 });
    if (services !== undefined) address.services = services;
    this.#changed(address, false);
    if (address.tried) return false;
    if (!this.#tried.get(this.#triedSlot(endpoint))) return this.#makeTried(address);
    if (this.#collisions.size < MAX_COLLISIONS) this.#collisions.add(address);
    return false;
  }

  /** A connection that lasted has ended; only now, so that those who ask do not learn whom we are connected to. */
  connected(endpoint: Endpoint): void {
    const address = this.get(endpoint);
    const now = Math.floor(this.#now());
    if (!address || now - address.time <= 20 * MINUTE) return;
    address.time = now;
    this.#changed(address, false);
  }

  /** Whose place is claimed by another: to be tested before it is given up. */
  selectTriedCollision(): KnownAddress | undefined {
    if (this.#collisions.size === 0) return undefined;
    const claimants = [...this.#collisions];
    const claimant = claimants[randomInt(this.#random, claimants.length)]!;
    return this.#tried.get(this.#triedSlot(claimant.endpoint));
  }

  /** Decides about claims on places of tried addresses, as far as tests have shown what to do. */
  resolveCollisions(): void {
    const now = this.#now();
    for (const claimant of [...this.#collisions]) {
      const slot = this.#triedSlot(claimant.endpoint);
      const holder = this.#tried.get(slot);
      if (holder) {
        if (now - holder.lastSuccess >= REPLACEMENT) {
          const wasTested = now - holder.lastTry < REPLACEMENT;
          // A test that is under way gets its time.
          if (wasTested ? now - holder.lastTry <= MINUTE : now - claimant.lastSuccess <= TEST_WINDOW) continue;
          this.#makeTried(claimant);
        }
      } else {
        this.#makeTried(claimant);
      }
      this.#collisions.delete(claimant);
    }
  }

  /** A random address, of either table with the same probability, or only of hearsay. */
  select(newOnly = false): KnownAddress | undefined {
    const newCount = this.size - this.#triedCount;
    if (newOnly || this.#triedCount === 0) return newCount > 0 ? this.#pick(this.#new) : undefined;
    return this.#pick(newCount === 0 || randomInt(this.#random, 2) === 0 ? this.#tried : this.#new);
  }

  /** At most `count` addresses that are not terrible and that `accept` agrees to, at random. */
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

  /** Returns whether an address that is known may have one more place. */
  #update(address: KnownAddress, { services, time }: AddressNews, age: number): boolean {
    const isOnline = this.#now() - time < 24 * HOUR;
    const before = address.time;
    if (before < time - (isOnline ? HOUR : 24 * HOUR) - age) address.time = Math.max(0, time - age);
    const known = address.services;
    address.services |= services;
    if (address.time !== before || address.services !== known) this.#changed(address, false);
    if (time <= address.time || address.tried || address.slots.length >= NEW_BUCKETS_PER_ADDRESS) return false;
    // The more places it has, the harder to get another.
    return randomInt(this.#random, 2 ** address.slots.length) === 0;
  }

  #pick(table: BucketTable<KnownAddress>): KnownAddress | undefined {
    const now = this.#now();
    // Whatever its chance, an address is chosen in the end.
    for (let factor = 1; ; factor *= 1.2) {
      const address = table.random(this.#random);
      if (!address || randomInt(this.#random, 2 ** 30) < factor * chanceOf(address, now) * 2 ** 30) return address;
    }
  }

  /**
   * The places that an address may have on the word of one source: one. A neighbour's may look for another where that is
   * taken: there is nobody to be kept out, and a small network is to be known whole.
   */
  *#newSlots(endpoint: Endpoint, source: Endpoint): IterableIterator<number> {
    const count = reachOf(endpoint.host) < 2 ? NEW_BUCKETS_PER_ADDRESS : 1;
    for (let i = 0; i < count; i++) {
      const teller = { host: source.host, port: (source.port + i) & 0xffff };
      yield slotIn(this.#key, 'new', newBucket(this.#key, endpoint, teller), endpoint);
    }
  }

  #mayReplace(holder: KnownAddress, address: KnownAddress): boolean {
    return isTerrible(holder, this.#now()) || (holder.slots.length > 1 && address.slots.length === 0);
  }

  #triedSlot(endpoint: Endpoint): number {
    return slotIn(this.#key, 'tried', triedBucket(this.#key, endpoint), endpoint);
  }

  /** Moves an address among the tried ones; whoever is in its place there goes back to the hearsay. */
  #makeTried(address: KnownAddress): boolean {
    this.#unplace(address);
    const slot = this.#triedSlot(address.endpoint);
    const holder = this.#tried.get(slot);
    if (holder) {
      this.#unplace(holder);
      const places = [...this.#newSlots(holder.endpoint, holder.source)];
      const back = firstFree(this.#new, places) ?? places[0]!;
      if (this.#new.get(back)) this.#free(back);
      this.#placeNew(holder, back);
      this.#changed(holder, false);
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

  /** Takes an address out of all its places. */
  #unplace(address: KnownAddress): void {
    const table = address.tried ? this.#tried : this.#new;
    for (const slot of address.slots) table.clear(slot);
    address.slots = [];
    if (address.tried) this.#triedCount--;
    address.tried = false;
  }

  /** Frees a place among the hearsay; who has no other is forgotten. */
  #free(slot: number): void {
    const holder = this.#new.get(slot)!;
    this.#new.clear(slot);
    holder.slots = holder.slots.filter((other) => other !== slot);
    if (holder.slots.length === 0) this.#delete(holder);
  }

  #create(endpoint: Endpoint, source: Endpoint, services: bigint, time: number): KnownAddress {
    const address: KnownAddress = {
      endpoint,
      reach: reachOf(endpoint.host),
      group: binaryKey(netGroup(endpoint)),
      source,
      services,
      time,
      lastTry: 0,
      lastCountedTry: 0,
      lastSuccess: 0,
      attempts: 0,
      calls: 0,
      calledAt: 0,
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
