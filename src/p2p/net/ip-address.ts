import { equalBytes } from '../../bytes/compare.ts';

/** The prefix under which IPv6 holds IPv4 addresses: ::ffff:0:0/96. */
const IPV4_MAPPED = Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]);

/** Whether 16 bytes are an IPv4 address in its IPv6 form. */
export function isIpv4Mapped(bytes: Uint8Array): boolean {
  return bytes.length === 16 && equalBytes(bytes.subarray(0, 12), IPV4_MAPPED);
}

/** The 16-byte form, as in `addr` and `version` messages, of 4 or 16 bytes. */
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
  // A trailing dotted quad stands for the last two groups.
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

/** 4 or 16 bytes of an IP address in text; undefined for anything else, such as a host name. */
export function parseIp(text: string): Uint8Array | undefined {
  const bytes = text.includes(':') ? parseIpv6(text) : parseIpv4(text);
  return bytes && isIpv4Mapped(bytes) ? bytes.slice(12) : bytes;
}

/** The usual text (RFC 5952) of 4 or 16 bytes; IPv4 in its IPv6 form becomes IPv4. */
export function formatIp(bytes: Uint8Array): string {
  if (isIpv4Mapped(bytes)) return formatIp(bytes.subarray(12));
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! << 8) | bytes[2 * i + 1]!);
  // The longest run of at least two zero groups is left out.
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
