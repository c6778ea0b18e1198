import { PierError } from '../platform/errors.ts';

/** Bytes of the tag that authenticates a sealed message. */
export const TAG_SIZE = 16;
/** Bytes of a nonce (RFC 8439). */
export const NONCE_SIZE = 12;

interface Cipher {
  update(data: Uint8Array): Uint8Array;
  final(): Uint8Array;
  setAAD(data: Uint8Array): unknown;
  getAuthTag(): Uint8Array;
}
interface Decipher {
  update(data: Uint8Array): Uint8Array;
  final(): Uint8Array;
  setAAD(data: Uint8Array): unknown;
  setAuthTag(tag: Uint8Array): unknown;
}
interface CipherOptions {
  readonly authTagLength: number;
}
/** The part of `node:crypto` used here; importing it, even its types, would tie this file to Node. */
interface NodeCrypto {
  createCipheriv(algorithm: string, key: Uint8Array, iv: Uint8Array, options?: CipherOptions): Cipher;
  createDecipheriv(algorithm: string, key: Uint8Array, iv: Uint8Array, options?: CipherOptions): Decipher;
}

const AEAD = 'chacha20-poly1305';
const aeadOptions: CipherOptions = { authTagLength: TAG_SIZE };

/** Pages have no peers, so only Node has this. */
function nodeCrypto(): NodeCrypto {
  const found = (
    globalThis as { process?: { getBuiltinModule?: (id: string) => NodeCrypto | undefined } }
  ).process?.getBuiltinModule?.('node:crypto');
  if (!found) throw new PierError('no-chacha20', 'encryption with ChaCha20 needs Node');
  return found;
}

/** The first `length` bytes of ChaCha20's key stream, from block 0. Key of 32 bytes, nonce of 12. */
export function chacha20Stream(key: Uint8Array, nonce: Uint8Array, length: number): Uint8Array {
  // OpenSSL's nonce of 16 bytes is the number of the first block, then RFC 8439's nonce.
  const iv = new Uint8Array(4 + NONCE_SIZE);
  iv.set(nonce, 4);
  return nodeCrypto().createCipheriv('chacha20', key, iv).update(new Uint8Array(length));
}

/**
 * Encrypts one message, given in parts, and authenticates it with `aad` (RFC 8439). Returns the ciphertext of each part, in
 * memory of its own, and the tag behind them.
 */
export function seal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, parts: readonly Uint8Array[]): Uint8Array[] {
  const cipher = nodeCrypto().createCipheriv(AEAD, key, nonce, aeadOptions);
  if (aad.length > 0) cipher.setAAD(aad);
  const sealed = parts.map((part) => cipher.update(part));
  cipher.final();
  sealed.push(cipher.getAuthTag());
  return sealed;
}

/** Decrypts a ciphertext with its tag behind it, into memory of its own; undefined if it or `aad` is not as it was. */
export function open(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  const end = sealed.length - TAG_SIZE;
  if (end < 0) return undefined;
  const decipher = nodeCrypto().createDecipheriv(AEAD, key, nonce, aeadOptions);
  decipher.setAuthTag(sealed.subarray(end));
  if (aad.length > 0) decipher.setAAD(aad);
  const message = decipher.update(sealed.subarray(0, end));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  // Not the Buffer that it is, whose slice() would not copy.
  return new Uint8Array(message.buffer, message.byteOffset, message.length);
}
