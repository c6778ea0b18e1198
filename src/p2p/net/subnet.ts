import { formatIp, parseIp } from './ip-address.ts';

/** An IPv4 or IPv6 subnet; a single address has the full prefix length. */
export interface Subnet {
  /** 4 or 16 bytes; bits after the prefix are 0. */
  readonly network: Uint8Array;
  readonly prefixLength: number;
}

/** Parses `1.2.3.4`, `1.2.3.0/24` or `1.2.3.0/255.255.255.0`, or their IPv6 forms; undefined for other text. */
export function parseSubnet(text: string): Subnet | undefined {
  const [host = '', suffix, ...rest] = text.split('/');
  const ip = parseIp(host);
  if (!ip || rest.length > 0) return undefined;
  const prefixLength = suffix === undefined ? ip.length * 8 : parsePrefix(suffix, ip.length);
  if (prefixLength === undefined) return undefined;
  return { network: ip.map((byte, i) => byte & maskByte(prefixLength, i)), prefixLength };
}

function parsePrefix(text: string, length: number): number | undefined {
  if (/^\d{1,3}$/.test(text)) return Number(text) <= length * 8 ? Number(text) : undefined;
  const mask = parseIp(text);
  if (mask?.length !== length) return undefined;
  for (let bits = 0; bits <= length * 8; bits++) {
    if (mask.every((byte, i) => byte === maskByte(bits, i))) return bits;
  }
  return undefined;
}

/** Returns byte `i` of the mask with `bits` leading ones. */
function maskByte(bits: number, i: number): number {
  const ones = Math.max(0, Math.min(8, bits - i * 8));
  return (0xff << (8 - ones)) & 0xff;
}

/** Formats a subnet with its prefix length, for a single address as well, as Core does. */
export function formatSubnet({ network, prefixLength }: Subnet): string {
  return `${formatIp(network)}/${prefixLength}`;
}

/** Returns whether a host is an IP address in a subnet. */
export function isInSubnet(host: string, { network, prefixLength }: Subnet): boolean {
  const ip = parseIp(host);
  return ip?.length === network.length && ip.every((byte, i) => (byte & maskByte(prefixLength, i)) === network[i]);
}
