import { type Clock, unixSeconds } from '../../platform/clock.ts';
import { formatSubnet, isInSubnet, type Subnet } from '../net/subnet.ts';

/** Seconds a ban lasts by default (Core: DEFAULT_MISBEHAVING_BANTIME). */
export const DEFAULT_BAN_TIME = 24 * 60 * 60;

/** A banned subnet (Core: CBanEntry). Times are Unix seconds. */
export interface Ban {
  readonly subnet: Subnet;
  readonly created: number;
  readonly until: number;
}

/** Subnets that the user has banned for a time (Core: BanMan). Misbehaving peers are not banned but `Discouraged`. */
export class BanList {
  readonly #clock: Clock;
  /** By formatted subnet. */
  readonly #bans = new Map<string, Ban>();

  readonly #changed: (bans: readonly Ban[]) => void;

  /** `changed` is called with all bans after one was added or removed. */
  constructor(clock: Clock, persisted: Iterable<Ban>, changed: (bans: readonly Ban[]) => void) {
    this.#clock = clock;
    this.#changed = changed;
    for (const ban of persisted) this.#bans.set(formatSubnet(ban.subnet), ban);
  }

  /** Returns the active bans, sorted by subnet. */
  entries(): Ban[] {
    this.#removeExpired();
    return [...this.#bans.values()].sort((a, b) => compareSubnets(a.subnet, b.subnet));
  }

  /** Bans a subnet until a time in Unix seconds, unless it is banned for longer already. */
  add(subnet: Subnet, until: number): void {
    const key = formatSubnet(subnet);
    if ((this.#bans.get(key)?.until ?? 0) >= until) return;
    this.#bans.set(key, { subnet, created: unixSeconds(this.#clock), until });
    this.#changed(this.entries());
  }

  /** Lifts the ban of exactly this subnet. Returns whether it was banned. */
  remove(subnet: Subnet): boolean {
    const wasBanned = this.#bans.delete(formatSubnet(subnet));
    if (wasBanned) this.#changed(this.entries());
    return wasBanned;
  }

  /** Removes all bans. */
  clear(): void {
    this.#bans.clear();
    this.#changed([]);
  }

  /** Returns whether exactly this subnet is banned. */
  hasSubnet(subnet: Subnet): boolean {
    this.#removeExpired();
    return this.#bans.has(formatSubnet(subnet));
  }

  /** Returns whether a host is in a banned subnet. */
  has(host: string): boolean {
    if (this.#bans.size === 0) return false;
    this.#removeExpired();
    for (const { subnet } of this.#bans.values()) if (isInSubnet(host, subnet)) return true;
    return false;
  }

  #removeExpired(): void {
    const now = unixSeconds(this.#clock);
    for (const [key, { until }] of this.#bans) if (now > until) this.#bans.delete(key);
  }
}

function compareSubnets(a: Subnet, b: Subnet): number {
  if (a.network.length !== b.network.length) return a.network.length - b.network.length;
  for (let i = 0; i < a.network.length; i++) {
    const difference = a.network[i]! - b.network[i]!;
    if (difference !== 0) return difference;
  }
  return a.prefixLength - b.prefixLength;
}
