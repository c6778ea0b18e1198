import { expect, it } from 'vitest';
import { toHex } from '../../src/bytes/hex.ts';
import { chacha20Stream, computedStream } from '../../src/crypto/chacha20.ts';
import { SeededRandom } from '../../src/testing/seeded-random.ts';

it('the stream that pages compute is that of OpenSSL', () => {
  const random = new SeededRandom(1);
  for (const length of [0, 1, 63, 64, 65, 384]) {
    const [key, nonce] = [random.bytes(32), random.bytes(12)];
    expect(toHex(computedStream(key, nonce, length))).toBe(toHex(chacha20Stream(key, nonce, length)));
  }
});
