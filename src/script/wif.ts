import { isScalar, isZeroScalar } from '../crypto/scalar.ts';
import { AddressError, type AddressPrefixes, base58check, decodeBase58check } from './address.ts';

/** The first bytes of mainnet's private keys, and of the testnets' and regtest's. */
const knownVersions: readonly number[] = [128, 239];

export interface WifKey {
  /** 32 bytes. */
  readonly secretKey: Uint8Array;
  /** Whether its public key is to be compressed. */
  readonly compressed: boolean;
}

/** A private key in the wallet import format. Throws `AddressError`. */
export function decodeWif(text: string, prefixes: AddressPrefixes): WifKey {
  const payload = decodeBase58check(text);
  const compressed = payload.length === 34 && payload[33] === 1;
  if (payload.length !== 33 && !compressed) throw new AddressError('invalid', 'this is base58, but no private key');
  const version = payload[0]!;
  if (version !== prefixes.secretKey) {
    if (!knownVersions.includes(version)) throw new AddressError('invalid', 'this is base58, but no private key');
    throw new AddressError('other-network', 'this is a private key of another network');
  }
  const secretKey = payload.slice(1, 33);
  if (isZeroScalar(secretKey, 0) || !isScalar(secretKey, 0)) {
    throw new AddressError('invalid', 'the private key is not between zero and the order of the curve');
  }
  return { secretKey, compressed };
}

export function encodeWif({ secretKey, compressed }: WifKey, prefixes: AddressPrefixes): string {
  const payload = new Uint8Array(compressed ? 34 : 33);
  payload[0] = prefixes.secretKey;
  payload.set(secretKey, 1);
  if (compressed) payload[33] = 1;
  return base58check.encode(payload);
}
