import { equalBytes } from '../../bytes/compare.ts';

/** ::ffff:0:0/96, the prefix of IPv4-mapped IPv6 addresses. */
const IPV4_MAPPED = Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]);

/** Returns whether 16 bytes are an IPv4-mapped IPv6 address. */
export function isIpv4Mapped(bytes: Uint8Array): boolean {
  return bytes.length === 16 && equalBytes(bytes.subarray(0, 12), IPV4_MAPPED);
}

/** Converts 4 or 16 bytes to the 16 bytes that `addr` and `version` messages hold. */
export function toIpv6Bytes(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 16) return bytes;
  const mapped = new Uint8Array(16);
  mapped.set(IPV4_MAPPED);
  mapped.set(bytes, 12);
  return mapped;
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)) {
    return undefined;
  }
  return Uint8Array.from(parts, Number);
}

function parseIpv6(text: string): Uint8Array | undefined {
  // The last two groups may be written as a dotted quad.
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  let groupsText = text;
  if (dotted) {
    const quad = parseIpv4(dotted[2]!);
    if (!quad) return undefined;
    const group = (i: number) => ((quad[i]! << 8) | quad[i + 1]!).toString(16);
    groupsText = `${dotted[1]}${group(0)}:${group(2)}`;
  }
  const halves = groupsText.split('::');
  if (halves.length > 2) return undefined;
  const groupsOf = (half: string) => (half === '' ? [] : half.split(':'));
  const head = groupsOf(halves[0]!);
  const tail = halves.length === 2 ? groupsOf(halves[1]!) : [];
  const given = head.length + tail.length;
  if (halves.length === 2 ? given > 7 : given !== 8) return undefined;
  const groups = [...head, ...new Array<string>(8 - given).fill('0'), ...tail];
  const bytes = new Uint8Array(16);
  for (let i = 0; i < 8; i++) {
    if (!/^[0-9a-f]{1,4}$/i.test(groups[i]!)) return undefined;
    const value = Number.parseInt(groups[i]!, 16);
    bytes[2 * i] = value >> 8;
    bytes[2 * i + 1] = value & 0xff;
  }
  return bytes;
}

/**
 * Parses an IP address to 4 or 16 bytes; an IPv4-mapped one to 4. Returns undefined for other
 * text, such as a host name.
 */
export function parseIp(text: string): Uint8Array | undefined {
  const bytes = text.includes(':') ? parseIpv6(text) : parseIpv4(text);
  return bytes && isIpv4Mapped(bytes) ? bytes.slice(12) : bytes;
}

/** Formats 4 or 16 bytes as RFC 5952 text; an IPv4-mapped address as IPv4. */
export function formatIp(bytes: Uint8Array): string {
  if (isIpv4Mapped(bytes)) return formatIp(bytes.subarray(12));
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! << 8) | bytes[2 * i + 1]!);
  // `::` replaces the longest run of at least two zero groups.
  let runStart = -1;
  let runLength = 1;
  for (let i = 0; i < 8; ) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > runLength) {
      runStart = i;
      runLength = end - i;
    }
    i = end + 1;
  }
  const hex = (part: readonly number[]) => part.map((group) => group.toString(16)).join(':');
  if (runStart < 0) return hex(groups);
  return `${hex(groups.slice(0, runStart))}::${hex(groups.slice(runStart + runLength))}`;
}
