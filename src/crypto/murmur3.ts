function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

/** Returns MurmurHash3 (x86, 32-bit) of `data` as a uint32: a fast, non-cryptographic hash. `seed` is a uint32. */
export function murmur3(seed: number, data: Uint8Array): number {
  const scramble = (word: number) => Math.imul(rotateLeft(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
  const whole = data.length & ~3;
  let hash = seed;
  for (let i = 0; i < whole; i += 4) {
    const word = data[i]! | (data[i + 1]! << 8) | (data[i + 2]! << 16) | (data[i + 3]! << 24);
    hash = (Math.imul(rotateLeft(hash ^ scramble(word), 13), 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let i = data.length - 1; i >= whole; i--) tail = (tail << 8) | data[i]!;
  hash ^= scramble(tail) ^ data.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
