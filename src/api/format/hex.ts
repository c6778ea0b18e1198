/**
 * Hex of long data by Node itself. Joining it character by character, as code for browsers must, leaves so much to the
 * garbage collector that a large block took seconds.
 */
export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}
