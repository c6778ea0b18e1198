import { formatIp, parseIp } from './ip-address.ts';

/** An IPv4 or IPv6 subnet; a single address has the full prefix length. */
export interface Subnet {
  /** 4 or 16 bytes; bits after the prefix are 0. */
  readonly network: Uint8Array;
  readonly prefixLength: number;
}

/**
 * Parses `1.2.3.4`, `1.2.3.0/24` or `1.2.3.0/255.255.255.0`, or their IPv6 forms; undefined for other text. Addresses may
 * be in brackets, and short as inet_aton reads them: `10.1` is 10.0.0.1 (Core: LookupSubNet).
 */
export function parseSubnet(text: string): Subnet | undefined {
  const [host = '', suffix, ...rest] = text.split('/');
  const ip = parseHost(host);
  if (!ip || rest.length > 0) return undefined;
  const prefixLength = suffix === undefined ? ip.length * 8 : parsePrefix(suffix, ip.length);
  if (prefixLength === undefined) return undefined;
  return { network: ip.map((byte, i) => byte & maskByte(prefixLength, i)), prefixLength };
}

function parseHost(text: string): Uint8Array | undefined {
  return parseIp(text.replace(/^\[(.*)\]$/, '$1')) ?? parseShortIpv4(text);
}

/** Parses an IPv4 address of one to four decimal, octal or hexadecimal numbers, of which the last fills what is left. */
function parseShortIpv4(text: string): Uint8Array | undefined {
  const parts = text.split('.');
  if (parts.length > 4 || !parts.every((part) => /^(?:0x[\da-f]+|0[0-7]*|[1-9]\d*)$/i.test(part))) return undefined;
  const numbers = parts.map((part) => Number(part.replace(/^0(?=\d)/, '0o')));
  const last = numbers.pop()!;
  if (numbers.some((number) => number > 0xff) || last >= 256 ** (4 - numbers.length)) return undefined;
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, last);
  bytes.set(numbers);
  return bytes;
}

function parsePrefix(text: string, length: number): number | undefined {
  const bits = /^\+?\d{1,20}$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
  if (bits <= 0xff) return bits <= length * 8 ? bits : undefined;
  const mask = parseHost(text);
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
