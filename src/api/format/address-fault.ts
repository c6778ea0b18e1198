import { base58 } from '@scure/base';
import { AddressError, type AddressPrefixes, decodeBase58check } from '../../script/address.ts';

/** What is wrong with an address, in Core's words, and at which of its bytes (Core: DecodeDestination, LocateErrors). */
export interface AddressFault {
  readonly error: string;
  /** Offsets of the bytes that are likely wrong, ascending. */
  readonly locations: readonly number[];
}

const CHARSET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const CHECKSUM_SIZE = 6;
const MAX_LENGTH = 90;
/** What the checksum of an encoding makes of all symbols (BIP173, BIP350). */
const encodings = [
  ['Bech32', 1],
  ['Bech32m', 0x2bc8_30a3],
] as const;
/** Characters of Base58 that are more than 100 bytes, Core's maximum. */
const MAX_BASE58 = 140;

/** Returns what is wrong with an address that `decodeAddress` refuses. */
export function addressFault(address: string, prefixes: AddressPrefixes): AddressFault {
  const text = Array.from(new TextEncoder().encode(address), (byte) => String.fromCharCode(byte)).join('');
  const { bech32Hrp: hrp } = prefixes;
  if (text.slice(0, hrp.length).toLowerCase() !== hrp) return { error: base58Error(text, prefixes), locations: [] };
  return malformed(text) ?? segwitFault(text, hrp);
}

function base58Error(text: string, { pubKeyHash, scriptHash }: AddressPrefixes): string {
  const digits = text.replace(/^[ \f\n\r\t\v]+|[ \f\n\r\t\v]+$/g, '');
  if (digits.length > MAX_BASE58 || !/^[1-9A-HJ-NP-Za-km-z]*$/.test(digits) || base58.decode(digits).length > 100) {
    return 'Invalid or unsupported Segwit (Bech32) or Base58 encoding.';
  }
  try {
    const [version, ...rest] = decodeBase58check(digits);
    if (rest.length <= 20) {
      const isKnown = version === pubKeyHash || version === scriptHash;
      return isKnown
        ? 'Invalid length for Base58 address (P2PKH or P2SH)'
        : 'Invalid or unsupported Base58-encoded address.';
    }
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
  }
  return 'Invalid checksum or length of Base58 address (P2PKH or P2SH)';
}

/** Returns the fault of a text that is no Bech32 string, whatever its checksum. */
function malformed(text: string): AddressFault | undefined {
  if (text.length > MAX_LENGTH) {
    const locations = Array.from({ length: text.length - MAX_LENGTH }, (_, i) => MAX_LENGTH + i);
    return { error: 'Bech32 string too long', locations };
  }
  const characters = wrongCharacters(text);
  if (characters.length > 0) return { error: 'Invalid character or mixed case', locations: characters };
  const separator = text.lastIndexOf('1');
  if (separator < 0) return { error: 'Missing separator', locations: [] };
  if (separator === 0 || separator + CHECKSUM_SIZE >= text.length) {
    return { error: 'Invalid separator position', locations: [separator] };
  }
  const symbol = [...text.toLowerCase()].findIndex((char, i) => i > separator && !CHARSET.includes(char));
  return symbol < 0 ? undefined : { error: 'Invalid Base 32 character', locations: [symbol] };
}

/** Returns the offsets of unprintable characters, and of letters of another case than the first letter. */
function wrongCharacters(text: string): number[] {
  const firstLetter = /[a-zA-Z]/.exec(text)?.[0] ?? '';
  const otherCase = firstLetter < 'a' ? /[a-z]/ : /[A-Z]/;
  return [...text].flatMap((char, i) => (otherCase.test(char) || char < '!' || char > '~' ? [i] : []));
}

function segwitFault(text: string, expectedHrp: string): AddressFault {
  const separator = text.lastIndexOf('1');
  const hrp = text.slice(0, separator).toLowerCase();
  const symbols = [...text.slice(separator + 1).toLowerCase()].map((char) => CHARSET.indexOf(char));
  let found: { readonly name: string; readonly positions: readonly number[] } | undefined;
  for (const [name, constant] of encodings) {
    const residue = checksum(hrp, symbols) ^ constant;
    if (residue === 0) return { error: programError(name, hrp, symbols, expectedHrp), locations: [] };
    const positions = wrongSymbols(residue, symbols.length);
    // The constants are too far apart for fewer errors in the other encoding (BIP350).
    if (positions.length > 0) found ??= { name, positions };
  }
  if (!found) return { error: 'Invalid checksum', locations: [] };
  return { error: `Invalid ${found.name} checksum`, locations: found.positions.map((at) => text.length - 1 - at) };
}

/** Returns what is wrong with a segwit address whose checksum is right (BIP141, BIP350). */
function programError(encoding: string, hrp: string, symbols: readonly number[], expectedHrp: string): string {
  const [version, ...words] = symbols.slice(0, -CHECKSUM_SIZE);
  if (version === undefined) return 'Empty Bech32 data section';
  if (hrp !== expectedHrp) {
    return `Invalid or unsupported prefix for Segwit (Bech32) address (expected ${expectedHrp}, got ${hrp}).`;
  }
  if (version === 0 && encoding !== 'Bech32') return 'Version 0 witness address must use Bech32 checksum';
  if (version !== 0 && encoding !== 'Bech32m') return 'Version 1+ witness address must use Bech32m checksum';
  const padding = (words.length * 5) % 8;
  if (padding > 4 || ((words.at(-1) ?? 0) & ((1 << padding) - 1)) !== 0)
    return 'Invalid padding in Bech32 data section';
  const size = Math.floor((words.length * 5) / 8);
  const bytes = `${size} ${size === 1 ? 'byte' : 'bytes'}`;
  if (version === 0) return `Invalid Bech32 v0 address program size (${bytes}), per BIP141`;
  return version > 16 ? 'Invalid Bech32 address witness version' : `Invalid Bech32 address program size (${bytes})`;
}

/** Returns the checksum polynomial of a human-readable part and symbols, modulo the generator of BIP173. */
function checksum(hrp: string, symbols: readonly number[]): number {
  const codes = [...hrp].map((char) => char.charCodeAt(0));
  const values = [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31), ...symbols];
  return values.reduce((remainder, value) => timesX(remainder) ^ value, 1);
}

function timesX(remainder: number): number {
  const top = remainder >>> 25;
  let product = (remainder & 0x1ff_ffff) << 5;
  for (const [i, generator] of [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3].entries()) {
    if ((top >> i) & 1) product ^= generator;
  }
  return product;
}

/**
 * Returns the one or two wrong symbols that explain a residue, as positions from the end, the highest first. The code
 * tells these apart, and residues are linear: that of two errors is the sum of those of each.
 */
function wrongSymbols(residue: number, length: number): readonly number[] {
  const positionOf = new Map<number, number>();
  let errors = Array.from({ length: 31 }, (_, i) => i + 1);
  for (let position = 0; position < length; position++) {
    for (const error of errors) positionOf.set(error, position);
    errors = errors.map(timesX);
  }
  const single = positionOf.get(residue);
  if (single !== undefined) return [single];
  for (const [error, position] of positionOf) {
    const other = positionOf.get(residue ^ error);
    if (other !== undefined && other !== position) return [Math.max(position, other), Math.min(position, other)];
  }
  return [];
}
