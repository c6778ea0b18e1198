import { PierError } from '../../platform/errors.ts';
import { parseIp } from './ip-address.ts';

/** Where a node can be reached: an IP address or host name, and a TCP port. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** 2001:db8::/32, reserved for documentation (RFC 3849). */
const DOCUMENTATION_PREFIX = [0x20, 0x01, 0x0d, 0xb8];

/** Formats an endpoint as `127.0.0.1:3000` or `[::1]:3000`; also used as a map key. */
export function formatEndpoint({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * Parses `HOST:PORT`, or `HOST` alone if `defaultPort` is given. Throws `PierError` 'invalid-endpoint'.
 *
 * @example
 * ```ts
 * import { formatEndpoint, parseEndpoint } from 'pier/p2p';
 *
 * const { host, port } = parseEndpoint('[::1]:8333');
 * console.log(host, port); // ::1 8333
 * console.log(formatEndpoint({ host, port })); // [::1]:8333
 * ```
 */
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
 * Scope of an address: 0 loopback, 1 private network, 2 internet. An address is accepted from, and relayed to, only
 * peers whose own scope is not wider: an internet peer must not make us connect to services on this machine, nor
 * learn which ones run here.
 */
export type Reach = 0 | 1 | 2;

/** Returns the scope of a host. Host names other than `localhost` count as private, as inside a cluster. */
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

/** Returns whether a host is this machine (Core: IsLocal). */
export function isLoopback(host: string): boolean {
  return reachOf(host) === 0;
}

/** Returns whether a host is an address of the internet. */
export function isPublic(host: string): boolean {
  return reachOf(host) === 2;
}

/**
 * Returns the endpoint to advertise to a peer (Core: GetLocalAddrForPeer): `listening`, where a wildcard host is
 * replaced by the host of `local`, our end of the connection to that peer.
 */
export function advertisedEndpoint(listening: Endpoint | undefined, local: Endpoint | undefined): Endpoint | undefined {
  if (!listening || !isWildcard(listening.host)) return listening;
  return local && { host: local.host, port: listening.port };
}

/** Returns whether a host is the wildcard address (`0.0.0.0`, `::` or empty), which cannot be advertised. */
export function isWildcard(host: string): boolean {
  const ip = parseIp(host);
  return ip?.every((byte) => byte === 0) ?? host === '';
}

/**
 * Returns whether a host is an IP address a node can have: not unspecified, broadcast or documentation (Core: IsValid).
 */
export function isValidIp(host: string): boolean {
  const ip = parseIp(host);
  if (!ip || isWildcard(host)) return false;
  if (ip.length === 4) return !ip.every((byte) => byte === 255);
  return !DOCUMENTATION_PREFIX.every((byte, i) => ip[i] === byte);
}
