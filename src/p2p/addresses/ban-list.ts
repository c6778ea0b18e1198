import { type Clock, unixSeconds } from '../../platform/clock.ts';
import { formatSubnet, isInSubnet, type Subnet } from '../net/subnet.ts';

/** Seconds that a ban lasts where nothing else is said (Core: DEFAULT_MISBEHAVING_BANTIME). */
export const DEFAULT_BAN_TIME = 24 * 60 * 60;

/** Addresses that a person wants no connection with. Times are Unix seconds. */
export interface Ban {
  readonly subnet: Subnet;
  readonly created: number;
  readonly until: number;
}

/** Who is banned, by a person's word and for a time (Core: BanMan); what nodes do to each other is `Discouraged`. */
export class BanList {
  readonly #clock: Clock;
  /** By the subnet's text. */
  readonly #bans = new Map<string, Ban>();

  readonly #changed: (bans: readonly Ban[]) => void;

  /** `changed` is called with all bans whenever one has been added or taken away. */
  constructor(clock: Clock, kept: Iterable<Ban>, changed: (bans: readonly Ban[]) => void) {
    this.#clock = clock;
    this.#changed = changed;
    for (const ban of kept) this.#bans.set(formatSubnet(ban.subnet), ban);
  }

  /** Those in force, in the order of their subnets. */
  entries(): Ban[] {
    this.#sweep();
    return [...this.#bans.values()].sort((a, b) => compareSubnets(a.subnet, b.subnet));
  }

  /** Until a time in Unix seconds; a ban that lasts longer stays as it is. */
  add(subnet: Subnet, until: number): void {
    const key = formatSubnet(subnet);
    if ((this.#bans.get(key)?.until ?? 0) >= until) return;
    this.#bans.set(key, { subnet, created: unixSeconds(this.#clock), until });
    this.#changed(this.entries());
  }

  /** Returns whether exactly this subnet was banned. */
  remove(subnet: Subnet): boolean {
    const wasBanned = this.#bans.delete(formatSubnet(subnet));
    if (wasBanned) this.#changed(this.entries());
    return wasBanned;
  }

  clear(): void {
    this.#bans.clear();
    this.#changed([]);
  }

  /** Whether exactly this subnet is banned. */
  hasSubnet(subnet: Subnet): boolean {
    this.#sweep();
    return this.#bans.has(formatSubnet(subnet));
  }

  /** Whether an address lies in a subnet that is banned. */
  has(host: string): boolean {
    if (this.#bans.size === 0) return false;
    this.#sweep();
    for (const { subnet } of this.#bans.values()) if (isInSubnet(host, subnet)) return true;
    return false;
  }

  #sweep(): void {
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
