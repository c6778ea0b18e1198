/**
 * Flips the lowest bit of the byte `offset` bytes after the start of each copy of `part` in `bytes`, also in pages of a
 * database that are no longer used. Throws if there is no copy.
 */
export function flipCopies(bytes: Buffer, part: Uint8Array, offset = 0): void {
  let at = bytes.indexOf(part);
  if (at < 0) throw new Error(`no copy of ${Buffer.from(part).toString('hex')} in ${bytes.length} bytes`);
  for (; at >= 0; at = bytes.indexOf(part, at + 1)) bytes[at + offset]! ^= 1;
}
