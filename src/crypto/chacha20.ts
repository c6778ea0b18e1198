import { builtinModule } from '../platform/builtin-module.ts';
import { PierError } from '../platform/errors.ts';

/** Bytes of the Poly1305 tag that authenticates a message. */
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
/** The functions of `node:crypto` used here: importing the module, or only its types, would tie this file to Node. */
interface NodeCrypto {
  createCipheriv(algorithm: string, key: Uint8Array, iv: Uint8Array, options?: CipherOptions): Cipher;
  createDecipheriv(algorithm: string, key: Uint8Array, iv: Uint8Array, options?: CipherOptions): Decipher;
}

const AEAD = 'chacha20-poly1305';
const aeadOptions: CipherOptions = { authTagLength: TAG_SIZE };

/** Only Node needs ChaCha20: links between the nodes of a web page are not encrypted. */
function nodeCrypto(): NodeCrypto {
  const found = builtinModule<NodeCrypto>('node:crypto');
  if (!found) throw new PierError('no-chacha20', 'ChaCha20 is available in Node only');
  return found;
}

/** Returns the first `length` bytes of the ChaCha20 key stream, from block 0. Key: 32 bytes; nonce: 12 bytes. */
export function chacha20Stream(key: Uint8Array, nonce: Uint8Array, length: number): Uint8Array {
  // OpenSSL's 16-byte IV is the block counter (4 bytes) and then the nonce of RFC 8439.
  const iv = new Uint8Array(4 + NONCE_SIZE);
  iv.set(nonce, 4);
  return nodeCrypto().createCipheriv('chacha20', key, iv).update(new Uint8Array(length));
}

/**
 * Encrypts a message, given in parts, and authenticates it together with `aad` (RFC 8439: AEAD_CHACHA20_POLY1305).
 * Returns the ciphertext of each part and then the tag, all in new memory. Key: 32 bytes; nonce: 12 bytes.
 */
export function seal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, parts: readonly Uint8Array[]): Uint8Array[] {
  const cipher = nodeCrypto().createCipheriv(AEAD, key, nonce, aeadOptions);
  if (aad.length > 0) cipher.setAAD(aad);
  const sealed = parts.map((part) => cipher.update(part));
  cipher.final();
  sealed.push(cipher.getAuthTag());
  return sealed;
}

/** Decrypts `sealed`, a ciphertext and its tag, into new memory; undefined if authentication fails. */
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
  // Not as a Buffer, whose slice() does not copy.
  return new Uint8Array(message.buffer, message.byteOffset, message.length);
}
