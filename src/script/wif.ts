import { isScalar, isZeroScalar } from '../crypto/scalar.ts';
import { AddressError, type AddressPrefixes, base58check, decodeBase58check } from './address.ts';

/** The version bytes of private keys: mainnet's, then that of the test networks. */
const knownVersions: readonly number[] = [128, 239];

/** A private key, and the form of its public key. */
export interface WifKey {
  /** 32 bytes, big-endian. */
  readonly secretKey: Uint8Array;
  /** Whether the public key is compressed. */
  readonly compressed: boolean;
}

/** Decodes a private key in Wallet Import Format (Core: DecodeSecret). Throws `AddressError`. */
export function decodeWif(text: string, prefixes: AddressPrefixes): WifKey {
  const payload = decodeBase58check(text);
  const compressed = payload.length === 34 && payload[33] === 1;
  if (payload.length !== 33 && !compressed) throw new AddressError('invalid', 'not a private key');
  const version = payload[0]!;
  if (version !== prefixes.secretKey) {
    if (!knownVersions.includes(version)) throw new AddressError('invalid', 'not a private key');
    throw new AddressError('other-network', 'private key of another network');
  }
  const secretKey = payload.slice(1, 33);
  if (isZeroScalar(secretKey, 0) || !isScalar(secretKey, 0)) {
    throw new AddressError('invalid', 'private key out of range (zero, or not below the group order)');
  }
  return { secretKey, compressed };
}

/** Encodes a private key in Wallet Import Format (Core: EncodeSecret). */
export function encodeWif({ secretKey, compressed }: WifKey, prefixes: AddressPrefixes): string {
  const payload = new Uint8Array(compressed ? 34 : 33);
  payload[0] = prefixes.secretKey;
  payload.set(secretKey, 1);
  if (compressed) payload[33] = 1;
  return base58check.encode(payload);
}
