import type { Endpoint, Reach } from '../net/endpoint.ts';

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;
/** Milliseconds until an address is called again after its first failure; doubles with each further one. */
const RETRY_MS = 1_000;
const RETRY_MAX_MS = 10 * 60_000;

/** What a peer or a person says of an address. */
export interface AddressNews {
  readonly endpoint: Endpoint;
  /** Bits of `ServiceFlag`. */
  readonly services: bigint;
  /** Unix seconds when it was last heard of. */
  readonly time: number;
}

/** An address, and how its node fared. All times are Unix seconds, 0 for never. */
export interface KnownAddress {
  readonly endpoint: Endpoint;
  readonly reach: Reach;
  /** Of its network group, as a key. */
  readonly group: string;
  /** Who told us first. */
  readonly source: Endpoint;
  services: bigint;
  /** When it was last heard of. */
  time: number;
  lastTry: number;
  /** The last try that counted among `attempts`. */
  lastCountedTry: number;
  lastSuccess: number;
  /** Failures since the last success, as Core counts them: not while nobody else could be reached, either. */
  attempts: number;
  /** Calls since the last success, or since this node was started; and the last of them, by the monotonic clock. */
  calls: number;
  calledAt: number;
  /** Whether we have been connected to it, and so in which table it stands. */
  tried: boolean;
  /** Its places in that table. */
  slots: number[];
}

/** Whether the address is not worth keeping, or telling (Core: IsTerrible). */
export function isTerrible(address: KnownAddress, now: number): boolean {
  const { time, lastTry, lastSuccess, attempts } = address;
  if (now - lastTry <= MINUTE) return false;
  if (time > now + 10 * MINUTE || now - time > 30 * DAY) return true;
  if (lastSuccess === 0 && attempts >= 3) return true;
  return now - lastSuccess > 7 * DAY && attempts >= 10;
}

/** How likely the address is to be chosen, next to others: 1 at best (Core: GetChance). */
export function chanceOf({ lastTry, attempts }: KnownAddress, now: number): number {
  return (now - lastTry < 10 * MINUTE ? 0.01 : 1) * 0.66 ** Math.min(attempts, 8);
}

/** Whether enough time has passed since the last call; `now` by the monotonic clock. */
export function isCallable({ calls, calledAt }: KnownAddress, now: number): boolean {
  return calls === 0 || now >= calledAt + Math.min(RETRY_MS * 2 ** (calls - 1), RETRY_MAX_MS);
}
