import { isHighScalar, isScalar, negateScalar } from './scalar.ts';

/**
 * Returns whether an ECDSA signature, without its hash type, is strict DER (BIP66; Core: IsValidSignatureEncoding).
 * Does not check that R and S are below the group order.
 */
export function isStrictDer(der: Uint8Array): boolean {
  const size = der.length;
  if (size < 8 || size > 72) return false;
  if (der[0] !== 0x30 || der[1] !== size - 2) return false;
  const lengthR = der[3]!;
  if (lengthR + 5 >= size) return false;
  const lengthS = der[5 + lengthR]!;
  if (lengthR + lengthS + 6 !== size) return false;
  return isStrictInteger(der, 2, lengthR) && isStrictInteger(der, 4 + lengthR, lengthS);
}

/**
 * Returns whether there is a minimally encoded integer at `at` that is not negative. `length` is that of its content.
 */
function isStrictInteger(der: Uint8Array, at: number, length: number): boolean {
  if (der[at] !== 0x02 || length === 0) return false;
  const first = der[at + 2]!;
  if (first & 0x80) return false;
  return !(length > 1 && first === 0 && (der[at + 3]! & 0x80) === 0);
}

/**
 * Decodes a signature in any encoding that old OpenSSL accepted as DER: lengths in long form, a wrong sequence length,
 * negative or padded integers, trailing bytes (Core: ecdsa_signature_parse_der_lax). Returns R and S, 32 big-endian
 * bytes each. Undefined if that fails, or if R or S is not below the group order: then the signature is invalid for
 * every key.
 */
export function parseDerLax(der: Uint8Array): Uint8Array | undefined {
  let at = 0;
  if (der[at++] !== 0x30) return undefined;
  if (at >= der.length) return undefined;
  const sequence = der[at++]!;
  if (sequence & 0x80) at += sequence & 0x7f;

  const signature = new Uint8Array(64);
  for (let half = 0; half < 64; half += 32) {
    if (at >= der.length || der[at++] !== 0x02) return undefined;
    if (at >= der.length) return undefined;
    let length = der[at++]!;
    if (length & 0x80) {
      let width = length & 0x7f;
      if (width > der.length - at) return undefined;
      for (; width > 0 && der[at] === 0; width--) at++;
      if (width >= 4) return undefined;
      for (length = 0; width > 0; width--) length = length * 256 + der[at++]!;
    }
    const end = at + length;
    if (end > der.length) return undefined;
    while (at < end && der[at] === 0) at++;
    if (end - at > 32) return undefined;
    for (let to = half + 32 - (end - at); at < end; at++, to++) signature[to] = der[at]!;
  }
  return isScalar(signature, 0) && isScalar(signature, 32) ? signature : undefined;
}

/**
 * Returns whether S is above half the group order (BIP146: LOW_S). `signature` is R and S, 32 big-endian bytes each.
 */
export function isHighS(signature: Uint8Array): boolean {
  return isHighScalar(signature, 32);
}

/** Replaces a high S by its negative, in place: both are valid, but an engine accepts low S only. */
export function normalizeS(signature: Uint8Array): void {
  if (isHighS(signature)) negateScalar(signature, 32);
}
