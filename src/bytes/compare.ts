import { nodeBuffer } from './node-buffer.ts';

/** Returns whether `a` and `b` hold the same bytes. Not constant-time. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Compares lexicographically; returns a negative number, zero or a positive number. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Returns where `part` begins in `bytes`, at `from` or later; -1 if it is not there. */
export function indexOfBytes(bytes: Uint8Array, part: Uint8Array, from: number): number {
  for (let at = from; at <= bytes.length - part.length; at++) {
    let i = 0;
    while (i < part.length && bytes[at + i] === part[i]) i++;
    if (i === part.length) return at;
  }
  return -1;
}

/** Returns the concatenation of `parts`, in new memory. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Returns a string of one character (U+0000 to U+00FF) per byte: a `Map` key half the size of hex, never displayed. */
export function binaryKey(bytes: Uint8Array): string {
  if (nodeBuffer) return nodeBuffer.latin1Slice.call(bytes, 0, bytes.length);
  let out = '';
  for (let i = 0; i < bytes.length; i++) out += String.fromCharCode(bytes[i]!);
  return out;
}

/** Returns the bytes of a `binaryKey`. */
export function fromBinaryKey(key: string): Uint8Array {
  const out = new Uint8Array(key.length);
  for (let i = 0; i < key.length; i++) out[i] = key.charCodeAt(i);
  return out;
}
