import { concatBytes } from '../../bytes/compare.ts';
import type { Endpoint } from './endpoint.ts';
import { reachOf } from './endpoint.ts';
import { parseIp, toIpv6Bytes } from './ip-address.ts';

/** The first byte of a netgroup: the network's type (Core: enum Network). */
const UNROUTABLE = 0;
const IPV4 = 1;
const IPV6 = 2;
const NAMED = 6;

/** Returns the 18 bytes that identify an endpoint (Core: CService::GetKey); for a host name, its text and the port. */
export function endpointKey({ host, port }: Endpoint): Uint8Array {
  const ip = parseIp(host);
  const address = ip ? toIpv6Bytes(ip) : new TextEncoder().encode(host);
  return concatBytes(address, Uint8Array.of(port >> 8, port & 0xff));
}

/**
 * Returns an address's netgroup, the prefix that one operator is likely to control (Core: GetGroup): /16 for IPv4, /32
 * for IPv6. Differs from Core for loopback and private addresses: there each endpoint is its own netgroup, since nodes
 * of a local network would otherwise share one.
 */
export function netGroup(endpoint: Endpoint): Uint8Array {
  const ip = parseIp(endpoint.host);
  if (!ip) return concatBytes(Uint8Array.of(NAMED), endpointKey(endpoint));
  if (reachOf(endpoint.host) < 2) return concatBytes(Uint8Array.of(UNROUTABLE), endpointKey(endpoint));
  const v4 = linkedIpv4(ip);
  if (v4) return Uint8Array.of(IPV4, v4[0]!, v4[1]!);
  // Hurricane Electric hands out a /36 to each customer.
  const isHurricane = startsWith(ip, [0x20, 0x01, 0x04, 0x70]);
  return Uint8Array.of(IPV6, ...ip.subarray(0, 4), ...(isHurricane ? [ip[4]! | 0x0f] : []));
}

/** Returns the IPv4 address that is embedded in a tunnel address (RFC 3964, 4380, 6052; Core: GetLinkedIPv4). */
function linkedIpv4(ip: Uint8Array): Uint8Array | undefined {
  if (ip.length === 4) return ip;
  if (startsWith(ip, [0x20, 0x02])) return ip.subarray(2, 6);
  if (startsWith(ip, [0x20, 0x01, 0, 0])) return ip.subarray(12).map((byte) => byte ^ 0xff);
  if (startsWith(ip, [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0])) return ip.subarray(12);
  return undefined;
}

function startsWith(bytes: Uint8Array, prefix: readonly number[]): boolean {
  return prefix.every((byte, i) => bytes[i] === byte);
}
