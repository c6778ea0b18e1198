import type { Clock } from '../platform/clock.ts';
import { type Random, randomInt } from '../platform/random.ts';
import type { Endpoint } from './connection.ts';
import { formatEndpoint, type Reach, reachOf } from './endpoint.ts';

/** Addresses kept at a time. */
export const MAX_KNOWN_ADDRESSES = 16_384;
/** Milliseconds until an address is tried again after its first failure; doubles with each further one. */
const RETRY_MS = 1_000;
const RETRY_MAX_MS = 10 * 60_000;
/** Failures in a row after which an address is forgotten (Core: ADDRMAN_MAX_FAILURES). */
const MAX_FAILURES = 10;

export interface KnownAddress {
  readonly endpoint: Endpoint;
  readonly reach: Reach;
  /** Bits of `ServiceFlag`. */
  services: bigint;
  /** Seconds since the Unix epoch when it was last heard of. */
  time: number;
  /** Failed attempts since the last success. */
  failures: number;
  /** By the monotonic clock; 0 for never. */
  lastTry: number;
}

/** What a peer or a person says of an address. */
export type AddressNews = Pick<KnownAddress, 'endpoint' | 'services' | 'time'>;

/** Where other nodes can be found, and how they fared. */
export class AddressManager {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #known = new Map<string, KnownAddress>();

  constructor(modules: { readonly clock: Clock; readonly random: Random }) {
    this.#clock = modules.clock;
    this.#random = modules.random;
  }

  get size(): number {
    return this.#known.size;
  }

  entries(): IterableIterator<KnownAddress> {
    return this.#known.values();
  }

  /** Returns whether the address was unknown. A full book forgets an address at random for a new one. */
  add(news: AddressNews): boolean {
    const key = formatEndpoint(news.endpoint);
    const known = this.#known.get(key);
    if (known) {
      known.time = Math.max(known.time, news.time);
      known.services |= news.services;
      return false;
    }
    if (this.#known.size >= MAX_KNOWN_ADDRESSES) {
      const keys = [...this.#known.keys()];
      this.#known.delete(keys[randomInt(this.#random, keys.length)]!);
    }
    const { endpoint, services, time } = news;
    this.#known.set(key, { endpoint, reach: reachOf(endpoint.host), services, time, failures: 0, lastTry: 0 });
    return true;
  }

  remove(endpoint: Endpoint): void {
    this.#known.delete(formatEndpoint(endpoint));
  }

  /** We try to connect. Counts as a failure until `succeeded` is called. */
  attempted(endpoint: Endpoint): void {
    const known = this.#known.get(formatEndpoint(endpoint));
    if (!known) return;
    known.lastTry = this.#clock.monotonic();
    known.failures++;
    if (known.failures >= MAX_FAILURES) this.remove(endpoint);
  }

  /** The handshake with whoever is there was done. */
  succeeded(endpoint: Endpoint, services: bigint): void {
    const key = formatEndpoint(endpoint);
    const known = this.#known.get(key);
    if (!known) return;
    known.failures = 0;
    known.services = services;
    known.time = Math.floor(this.#clock.now() / 1000);
  }

  /** A random address that may be tried now and that `accept` agrees to. */
  select(accept: (address: KnownAddress) => boolean): KnownAddress | undefined {
    const now = this.#clock.monotonic();
    const candidates = [...this.#known.values()].filter(
      (address) => now >= address.lastTry + retryDelay(address.failures),
    );
    while (candidates.length > 0) {
      const i = randomInt(this.#random, candidates.length);
      const candidate = candidates[i]!;
      if (accept(candidate)) return candidate;
      candidates[i] = candidates.at(-1)!;
      candidates.pop();
    }
    return undefined;
  }

  /** At most `count` addresses that `accept` agrees to, at random. */
  sample(count: number, accept: (address: KnownAddress) => boolean): KnownAddress[] {
    const pool = [...this.#known.values()].filter(accept);
    const size = Math.min(count, pool.length);
    for (let i = 0; i < size; i++) {
      const j = i + randomInt(this.#random, pool.length - i);
      [pool[i], pool[j]] = [pool[j]!, pool[i]!];
    }
    return pool.slice(0, size);
  }
}

function retryDelay(failures: number): number {
  return failures === 0 ? 0 : Math.min(RETRY_MS * 2 ** (failures - 1), RETRY_MAX_MS);
}
