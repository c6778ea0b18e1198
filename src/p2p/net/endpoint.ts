import { PierError } from '../../platform/errors.ts';
import { parseIp } from './ip-address.ts';

/** Where a node can be reached: an IP address or host name, and a TCP port. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** 2001:db8::/32, for documentation (RFC 3849). */
const EXAMPLES = [0x20, 0x01, 0x0d, 0xb8];

/** `127.0.0.1:3000` or `[::1]:3000`; also the key for maps over endpoints. */
export function formatEndpoint({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Inverse of `formatEndpoint`; `defaultPort` serves text without a port. Throws `PierError` 'invalid-endpoint'. */
export function parseEndpoint(text: string, defaultPort?: number): Endpoint {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2] ?? (text.includes(':') && parseIp(text) ? text : undefined);
  const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
  if (host === undefined || port === undefined || port < 1 || port > 65_535) {
    throw new PierError('invalid-endpoint', `'${text}' is not an address of the form HOST:PORT`, {
      hint: 'Write it like 127.0.0.1:3000 or [::1]:3000.',
    });
  }
  return { host, port };
}

/**
 * How far an address reaches: 0 within its own machine, 1 within a private network, 2 the internet. News of an
 * address is taken from, and given to, only peers that are at least as near as the address: a stranger must not make
 * us connect to services of our own machine, nor learn what runs there.
 */
export type Reach = 0 | 1 | 2;

/** The reach of a host; host names other than `localhost` count as private, as inside a cluster. */
export function reachOf(host: string): Reach {
  if (host === 'localhost') return 0;
  const ip = parseIp(host);
  if (!ip) return 1;
  const [a, b] = ip as unknown as [number, number];
  if (ip.length === 4) {
    if (a === 127 || a === 0) return 0;
    const isPrivate =
      a === 10 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168) || (a === 169 && b === 254);
    return isPrivate || (a === 100 && b >= 64 && b < 128) ? 1 : 2;
  }
  if (ip.subarray(0, 15).every((byte) => byte === 0) && ip[15]! <= 1) return 0;
  return (a & 0xfe) === 0xfc || (a === 0xfe && (b & 0xc0) === 0x80) ? 1 : 2;
}

/** Whether a host stands for this machine (Core: IsLocal). */
export function isLoopback(host: string): boolean {
  return reachOf(host) === 0;
}

/** Where a node can be reached that listens at `listening`, from the other end of a connection whose near end is `local`. */
export function reachableEndpoint(listening: Endpoint | undefined, local: Endpoint | undefined): Endpoint | undefined {
  if (!listening || !isWildcard(listening.host)) return listening;
  return local && { host: local.host, port: listening.port };
}

/** Whether a host stands for every address of this machine, and so is none to tell others. */
export function isWildcard(host: string): boolean {
  const ip = parseIp(host);
  return ip?.every((byte) => byte === 0) ?? host === '';
}

/** Whether a host is an IP address that can be somebody's: neither unspecified, nor all, nor an example (Core: IsValid). */
export function isValidIp(host: string): boolean {
  const ip = parseIp(host);
  if (!ip || isWildcard(host)) return false;
  if (ip.length === 4) return !ip.every((byte) => byte === 255);
  return !EXAMPLES.every((byte, i) => ip[i] === byte);
}
