import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { gunzip, gzip } from '../../../src/devnet/network/state/gzip.ts';
import { SeededRandom } from '../../../src/testing/seeded-random.ts';

it('packs bytes, and unpacks no more than it may', async () => {
  const random = new SeededRandom(1).bytes(100_000);
  for (const bytes of [new Uint8Array(0), random, new Uint8Array(5_000_000)]) {
    const packed = await gzip(bytes);
    expect(gunzipSync(packed).equals(bytes)).toBe(true);
    expect(Buffer.compare(await gunzip(packed, bytes.length), bytes)).toBe(0);
    if (bytes.length > 0) await expect(gunzip(packed, bytes.length - 1)).rejects.toThrow('unpacks to more than');
    await expect(gunzip(packed.subarray(0, -1), bytes.length)).rejects.toThrow();
  }
  await expect(gunzip(random, 1_000_000)).rejects.toThrow();
});
