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

const system = builtinModule<NodeCrypto>('node:crypto');

/** Only Node encrypts: links between the nodes of a web page are not. */
function nodeCrypto(): NodeCrypto {
  if (!system) throw new PierError('no-chacha20', 'encryption with ChaCha20 is available in Node only');
  return system;
}

/** Returns the first `length` bytes of the ChaCha20 key stream, from block 0. Key: 32 bytes; nonce: 12 bytes. */
export function chacha20Stream(key: Uint8Array, nonce: Uint8Array, length: number): Uint8Array {
  if (!system) return computedStream(key, nonce, length);
  // OpenSSL's 16-byte IV is the block counter (4 bytes) and then the nonce of RFC 8439.
  const iv = new Uint8Array(4 + NONCE_SIZE);
  iv.set(nonce, 4);
  return system.createCipheriv('chacha20', key, iv).update(new Uint8Array(length));
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

/** The first four words of the state: "expand 32-byte k". */
const CONSTANTS = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574];
/** The words of each quarter round of a double round: columns, then diagonals. */
const QUARTERS = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
] as const;
const BLOCK_SIZE = 64;
const DOUBLE_ROUNDS = 10;

/** Computes what `chacha20Stream` returns, for pages (RFC 8439, section 2.3). @internal */
export function computedStream(key: Uint8Array, nonce: Uint8Array, length: number): Uint8Array {
  const start = new Uint32Array(16);
  start.set(CONSTANTS);
  const words = (bytes: Uint8Array) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(4 * i, true));
  };
  start.set(words(key), 4);
  start.set(words(nonce), 13);
  const stream = new Uint8Array(Math.ceil(length / BLOCK_SIZE) * BLOCK_SIZE);
  const out = new DataView(stream.buffer);
  for (let at = 0; at < length; at += BLOCK_SIZE) {
    const state = start.slice();
    for (let round = 0; round < DOUBLE_ROUNDS; round++) for (const quarter of QUARTERS) quarterRound(state, quarter);
    for (let i = 0; i < 16; i++) out.setUint32(at + 4 * i, state[i]! + start[i]!, true);
    start[12]!++;
  }
  return stream.subarray(0, length);
}

function quarterRound(state: Uint32Array, [a, b, c, d]: (typeof QUARTERS)[number]): void {
  const step = (to: number, from: number, target: number, bits: number) => {
    state[to]! += state[from]!;
    const mixed = state[target]! ^ state[to]!;
    state[target] = (mixed << bits) | (mixed >>> (32 - bits));
  };
  step(a, b, d, 16);
  step(c, d, b, 12);
  step(a, b, d, 8);
  step(c, d, b, 7);
}
