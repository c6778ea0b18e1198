import { bech32, bech32m, createBase58check } from '@scure/base';
import { sha256 } from '../crypto/hash.ts';
import { PierError } from '../platform/errors.ts';
import { Op } from './opcodes.ts';
import { compileScript, witnessProgram, witnessVersion } from './script.ts';
import { solve } from './standard.ts';

/** The prefixes of a network's addresses and private keys. */
export interface AddressPrefixes {
  /** The version byte of P2PKH addresses. */
  readonly pubKeyHash: number;
  /** The version byte of P2SH addresses. */
  readonly scriptHash: number;
  /** The version byte of private keys in WIF. */
  readonly secretKey: number;
  /** The human-readable part of segwit addresses (BIP173). */
  readonly bech32Hrp: string;
}

/** The kind of an `AddressError`. */
export type AddressErrorCode =
  | 'bad-checksum' // most likely a typo
  | 'other-network' // valid on another network
  | 'invalid'; // not an address or private key

/** Thrown when a text is not a valid address or private key of the network. */
export class AddressError extends PierError {
  declare readonly code: AddressErrorCode;

  constructor(code: AddressErrorCode, message: string, hint?: string) {
    super(code, message, hint === undefined ? {} : { hint });
  }
}

/** The prefixes of the public networks and regtest, to report an address of another network as such. */
const knownHrps: readonly string[] = ['bc', 'tb', 'bcrt'];
const knownVersions: readonly number[] = [0, 5, 111, 196];

/** The Base58Check codec. */
export const base58check = createBase58check(sha256);

/** Characters a segwit address may have (BIP173). */
const MAX_BECH32_LENGTH = 90;

/**
 * Returns the scriptPubKey of an address of the network with these prefixes (Core: DecodeDestination). Throws
 * `AddressError`.
 *
 * @example
 * ```ts
 * import { toHex } from 'pier/bytes';
 * import { chainParams } from 'pier/consensus';
 * import { AddressError, decodeAddress } from 'pier/script';
 *
 * const { address: prefixes } = chainParams('main');
 * const script = decodeAddress('bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', prefixes);
 * console.log(toHex(script)); // 0014751e76e8199196d454941c45d1b3a323f1433bd6
 * try {
 *   decodeAddress('bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080', prefixes);
 * } catch (error) {
 *   console.log(error instanceof AddressError && error.code); // other-network
 * }
 * ```
 */
export function decodeAddress(address: string, prefixes: AddressPrefixes): Uint8Array {
  return decodeSegwit(address, prefixes.bech32Hrp) ?? decodeBase58(address, prefixes);
}

/**
 * Returns the address of a scriptPubKey; undefined if its type has none (Core: EncodeDestination).
 *
 * @example
 * ```ts
 * import { fromHex } from 'pier/bytes';
 * import { chainParams } from 'pier/consensus';
 * import { compileScript, encodeAddress, Op } from 'pier/script';
 *
 * const { address: prefixes } = chainParams('main');
 * const script = fromHex('0014751e76e8199196d454941c45d1b3a323f1433bd6');
 * console.log(encodeAddress(script, prefixes)); // bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4
 * console.log(encodeAddress(compileScript(Op.OP_RETURN), prefixes)); // undefined
 * ```
 */
export function encodeAddress(scriptPubKey: Uint8Array, prefixes: AddressPrefixes): string | undefined {
  const { type, solutions } = solve(scriptPubKey);
  switch (type) {
    case 'pubkeyhash':
      return encodeBase58(prefixes.pubKeyHash, solutions[0]!);
    case 'scripthash':
      return encodeBase58(prefixes.scriptHash, solutions[0]!);
    case 'witness_v0_keyhash':
    case 'witness_v0_scripthash':
    case 'witness_v1_taproot':
    case 'witness_unknown':
    case 'anchor': {
      const version = witnessVersion(scriptPubKey);
      const codec = version === 0 ? bech32 : bech32m;
      return codec.encode(prefixes.bech32Hrp, [version, ...codec.toWords(witnessProgram(scriptPubKey))]);
    }
    default:
      return undefined;
  }
}

function encodeBase58(version: number, hash: Uint8Array): string {
  const payload = new Uint8Array(21);
  payload[0] = version;
  payload.set(hash, 1);
  return base58check.encode(payload);
}

function decodeBase58(address: string, prefixes: AddressPrefixes): Uint8Array {
  const payload = decodeBase58check(address);
  if (payload.length !== 21) throw new AddressError('invalid', 'not an address');
  const version = payload[0]!;
  const hash = payload.subarray(1);
  if (version === prefixes.pubKeyHash) {
    return compileScript(Op.OP_DUP, Op.OP_HASH160, hash, Op.OP_EQUALVERIFY, Op.OP_CHECKSIG);
  }
  if (version === prefixes.scriptHash) return compileScript(Op.OP_HASH160, hash, Op.OP_EQUAL);
  if (knownVersions.includes(version)) throw otherNetwork();
  throw new AddressError('invalid', `unknown address version byte ${version}`);
}

/** Decodes Base58Check; returns the bytes without the checksum. Throws `AddressError`. */
export function decodeBase58check(padded: string): Uint8Array {
  // As in Core, white space around it does not count.
  const text = padded.replace(/^[ \f\n\r\t\v]+|[ \f\n\r\t\v]+$/g, '');
  // Longer than any address or private key: decoding takes quadratic time.
  if (text.length > 128) throw new AddressError('invalid', 'not an address');
  if (!/^[1-9A-HJ-NP-Za-km-z]+$/.test(text)) throw new AddressError('invalid', 'not an address');
  try {
    return base58check.decode(text);
  } catch {
    throw badChecksum();
  }
}

/** Decodes a segwit address; undefined if the text does not start with a known human-readable part. */
function decodeSegwit(address: string, hrp: string): Uint8Array | undefined {
  const separator = address.lastIndexOf('1');
  const prefix = address.slice(0, Math.max(separator, 0)).toLowerCase();
  if (prefix !== hrp && !knownHrps.includes(prefix)) return undefined;
  const hasBadSymbol = !/^[02-9ac-hj-np-z]{7,}$/i.test(address.slice(separator + 1));
  const isMixedCase = address !== address.toLowerCase() && address !== address.toUpperCase();
  if (hasBadSymbol || isMixedCase || address.length > MAX_BECH32_LENGTH) {
    // Base58 text may start with 'bc1' or 'tb1' too, but no network has such base58 addresses.
    throw new AddressError('invalid', 'not a segwit address');
  }
  const text = address as `${string}1${string}`;
  const isV0 = bech32.decodeUnsafe(text);
  const decoded = isV0 ?? bech32m.decodeUnsafe(text);
  if (!decoded) throw badChecksum();
  const version = decoded.words[0];
  const program = bech32.fromWordsUnsafe(decoded.words.slice(1));
  const isProgram = version !== undefined && version <= 16 && program && program.length >= 2 && program.length <= 40;
  if (!isProgram) throw new AddressError('invalid', 'not a segwit address');
  if ((version === 0) !== (isV0 !== undefined)) {
    throw new AddressError('invalid', `wrong checksum variant for witness version ${version}`);
  }
  if (version === 0 && program.length !== 20 && program.length !== 32) {
    throw new AddressError('invalid', `witness version 0 program of ${program.length} bytes`);
  }
  if (prefix !== hrp) throw otherNetwork();
  return compileScript(version === 0 ? Op.OP_0 : Op.OP_1 + version - 1, Uint8Array.from(program));
}

function otherNetwork(): AddressError {
  return new AddressError('other-network', 'address of another network');
}

function badChecksum(): AddressError {
  return new AddressError('bad-checksum', 'wrong checksum', 'Compare the text with its source: it may have a typo.');
}
