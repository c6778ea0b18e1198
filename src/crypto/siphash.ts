/** A uint64 as two uint32 halves: a bigint would cost more than the hash itself. */
export interface Uint64Halves {
  readonly low: number;
  readonly high: number;
}

/**
 * Returns SipHash-2-4 of `data` under a 16-byte key. Without the key, finding collisions is infeasible. The short ids
 * of BIP152 are its low 48 bits.
 */
export function sipHash(key: Uint8Array, data: Uint8Array): Uint64Halves {
  const keyView = new DataView(key.buffer, key.byteOffset, 16);
  const k0 = keyView.getInt32(0, true);
  const k1 = keyView.getInt32(4, true);
  const k2 = keyView.getInt32(8, true);
  const k3 = keyView.getInt32(12, true);
  // v0 to v3 of the SipHash paper, as halves.
  let aLow = k0 ^ 0x70736575;
  let aHigh = k1 ^ 0x736f6d65;
  let bLow = k2 ^ 0x6e646f6d;
  let bHigh = k3 ^ 0x646f7261;
  let cLow = k0 ^ 0x6e657261;
  let cHigh = k1 ^ 0x6c796765;
  let dLow = k2 ^ 0x79746573;
  let dHigh = k3 ^ 0x74656462;

  const { length } = data;
  const words = (length >>> 3) + 1;
  // Words of the data (the last one ends with the length), and then one iteration for the finalization.
  for (let word = 0; word <= words; word++) {
    let mLow = 0;
    let mHigh = 0;
    if (word < words) {
      const at = word << 3;
      mLow = int32At(data, at);
      mHigh = int32At(data, at + 4);
      if (word === words - 1) mHigh |= length << 24;
      dLow ^= mLow;
      dHigh ^= mHigh;
    } else {
      cLow ^= 0xff;
    }
    for (let rounds = word < words ? 2 : 4; rounds > 0; rounds--) {
      let sum = (aLow >>> 0) + (bLow >>> 0);
      aHigh = (aHigh + bHigh + (sum > 0xffff_ffff ? 1 : 0)) | 0;
      aLow = sum | 0;
      let low = (bLow << 13) | (bHigh >>> 19);
      bHigh = ((bHigh << 13) | (bLow >>> 19)) ^ aHigh;
      bLow = low ^ aLow;
      low = aLow;
      aLow = aHigh;
      aHigh = low;

      sum = (cLow >>> 0) + (dLow >>> 0);
      cHigh = (cHigh + dHigh + (sum > 0xffff_ffff ? 1 : 0)) | 0;
      cLow = sum | 0;
      low = (dLow << 16) | (dHigh >>> 16);
      dHigh = ((dHigh << 16) | (dLow >>> 16)) ^ cHigh;
      dLow = low ^ cLow;

      sum = (aLow >>> 0) + (dLow >>> 0);
      aHigh = (aHigh + dHigh + (sum > 0xffff_ffff ? 1 : 0)) | 0;
      aLow = sum | 0;
      low = (dLow << 21) | (dHigh >>> 11);
      dHigh = ((dHigh << 21) | (dLow >>> 11)) ^ aHigh;
      dLow = low ^ aLow;

      sum = (cLow >>> 0) + (bLow >>> 0);
      cHigh = (cHigh + bHigh + (sum > 0xffff_ffff ? 1 : 0)) | 0;
      cLow = sum | 0;
      low = (bLow << 17) | (bHigh >>> 15);
      bHigh = ((bHigh << 17) | (bLow >>> 15)) ^ cHigh;
      bLow = low ^ cLow;
      low = cLow;
      cLow = cHigh;
      cHigh = low;
    }
    aLow ^= mLow;
    aHigh ^= mHigh;
  }
  return { low: (aLow ^ bLow ^ cLow ^ dLow) >>> 0, high: (aHigh ^ bHigh ^ cHigh ^ dHigh) >>> 0 };
}

/** Returns the little-endian int32 at `at`; bytes past the end count as zero. */
function int32At(data: Uint8Array, at: number): number {
  return (data[at] ?? 0) | ((data[at + 1] ?? 0) << 8) | ((data[at + 2] ?? 0) << 16) | ((data[at + 3] ?? 0) << 24);
}
