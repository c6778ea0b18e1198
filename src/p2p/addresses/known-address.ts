import type { Endpoint, Reach } from '../net/endpoint.ts';

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;
/** Milliseconds before an address is dialed again; doubles with each failure. */
const RETRY_MS = 1_000;
const RETRY_MAX_MS = 10 * 60_000;

/** An address as announced by a peer or added by RPC (Core: CAddress). */
export interface AnnouncedAddress {
  readonly endpoint: Endpoint;
  /** Service bits. */
  readonly services: bigint;
  /** Unix seconds when the node was last seen. */
  readonly time: number;
}

/** An address of the tables with its connection history (Core: AddrInfo). Times are Unix seconds, 0 for never. */
export interface KnownAddress {
  readonly endpoint: Endpoint;
  readonly reach: Reach;
  /** Its netgroup, as a map key. */
  readonly netgroup: string;
  /** The peer that announced it first. */
  readonly source: Endpoint;
  services: bigint;
  /** When the node was last seen. */
  time: number;
  lastTry: number;
  /** The last try that was counted in `attempts` (Core: m_last_count_attempt). */
  lastCountedTry: number;
  lastSuccess: number;
  /** Failed attempts since the last success; not counted while our own network may be down (Core: nAttempts). */
  attempts: number;
  /** Attempts since the last success or the node's start. */
  dials: number;
  /** Monotonic time of the last attempt. */
  dialedAt: number;
  /** Whether it is in the tried table; otherwise it is in the new table. */
  tried: boolean;
  /** Its slots in its table. */
  slots: number[];
}

/**
 * Returns whether an address is too old or too unreliable to keep or relay (Core: IsTerrible); `now` in Unix seconds.
 */
export function isTerrible(address: KnownAddress, now: number): boolean {
  const { time, lastTry, lastSuccess, attempts } = address;
  if (now - lastTry <= MINUTE) return false;
  if (time > now + 10 * MINUTE || now - time > 30 * DAY) return true;
  if (lastSuccess === 0 && attempts >= 3) return true;
  return now - lastSuccess > 7 * DAY && attempts >= 10;
}

/** Returns an address's relative chance of being selected, at most 1 (Core: GetChance); `now` in Unix seconds. */
export function chanceOf({ lastTry, attempts }: KnownAddress, now: number): number {
  return (now - lastTry < 10 * MINUTE ? 0.01 : 1) * 0.66 ** Math.min(attempts, 8);
}

/** Returns whether an address may be dialed again after its backoff; `now` is monotonic time. */
export function isDialDue({ dials, dialedAt }: KnownAddress, now: number): boolean {
  return dials === 0 || now >= dialedAt + Math.min(RETRY_MS * 2 ** (dials - 1), RETRY_MAX_MS);
}
