import { encode } from 'uqr';

/** Light modules around the code that readers need (ISO/IEC 18004). */
const QUIET_ZONE = 4;

/** Dark modules of a row that stand side by side. */
export interface QrRun {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

/** A QR code with its quiet zone. */
export interface QrCode {
  /** Modules on a side. */
  readonly size: number;
  readonly runs: readonly QrRun[];
}

/** Returns the QR code of a text, with medium error correction. */
export function qrCode(text: string): QrCode {
  const { data, size } = encode(text, { ecc: 'M', border: QUIET_ZONE });
  const runs: QrRun[] = [];
  for (const [y, row] of data.entries()) {
    for (let x = 0; x < size; x++) {
      if (!row[x]) continue;
      const from = x;
      while (row[x + 1]) x++;
      runs.push({ x: from, y, width: x - from + 1 });
    }
  }
  return { size, runs };
}
